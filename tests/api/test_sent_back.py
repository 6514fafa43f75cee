"""What was read can be sent back: values that are as the record shows them are no change and no error."""

from __future__ import annotations

import copy
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from prismd.core.properties.schema import IMPORTABLE_TYPES, OBJECT_TYPES
from tests.api.making import make_record

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api


def ways(api: Api, object_type: str, whole: dict[str, Any], query: str = "") -> list[httpx.Response]:
    """Send a whole record back in every way in which one can be changed."""
    record_id = whole["id"]
    ways = [api.send("PATCH", f"/{object_type}/{record_id}{query}", json=whole)]
    if object_type in IMPORTABLE_TYPES:
        ways.append(api.send("POST", f"/{object_type}/batch/update{query}", json={"items": [whole, whole]}))
    return ways


def read(api: Api, object_type: str, record_id: str, query: str = "") -> tuple[dict[str, Any], str]:
    answer = api.send("GET", f"/{object_type}/{record_id}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json(), answer.headers["etag"]


def unchanged(api: Api, object_type: str, record_id: str, query: str = "") -> None:
    whole, etag = read(api, object_type, record_id, query)
    for answer in ways(api, object_type, whole, "" if "select" in query else query):
        assert answer.status_code == 200, answer.text
        if "results" in answer.json():
            assert answer.json()["summary"]["failed"] == 0, answer.text
        assert read(api, object_type, record_id, query) == (whole, etag)


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_a_record_of_any_type_can_be_sent_back_whole(api: Api, object_type: str) -> None:
    record_id = make_record(api, object_type)["id"]
    assert {"created_at", "updated_at"} <= read(api, object_type, record_id)[0]["default"].keys()
    unchanged(api, object_type, record_id)


def test_a_record_that_is_found_can_be_sent_back_to_where_it_was_found(api: Api) -> None:
    make_record(api, "contact", email="a@b.org", title="Dr")
    found = api.send("GET", "/contact/by/email/a@b.org")
    again = api.send("PUT", "/contact/by/email/a@b.org", json=found.json())
    assert (again.status_code, again.headers["etag"], again.json()) == (200, found.headers["etag"], found.json())


@pytest.mark.parametrize("query", ["", "?list_id={list_id}"])
def test_a_record_in_a_list_can_be_sent_back_whole(api: Api, query: str) -> None:
    made = api.send("POST", "/lists", json={"template_id": "custom", "object_type": "deal"}).json()
    deal = make_record(api, "deal", name="Big")["id"]
    stage = "app_stage"
    listed = api.send("GET", f"/deal/properties?list_id={made['id']}").json()["deal"].values()
    options = next(one["options"] for one in listed if one["alias"] == stage)
    values = {stage: options[0]["slug"]} if options else {}
    assert api.send("PATCH", f"/deal/{deal}", json={"list": {made["id"]: values}}).status_code == 200
    unchanged(api, "deal", deal, query.format(list_id=made["id"]))


def test_references_to_deleted_records_can_be_sent_back(api: Api) -> None:
    contacts = [make_record(api, "contact", email=f"{name}@b.org")["id"] for name in "abc"]
    company = make_record(api, "organization", name="Acme")["id"]
    person = make_record(api, "identity", email_addresses=contacts[:2], full_name="Ada")["id"]
    contact = make_record(api, "contact", email="d@b.org", company=company)["id"]
    for object_type, one in (("contact", contacts[0]), ("organization", company)):
        assert api.send("DELETE", f"/{object_type}/{one}").status_code == 204
    unchanged(api, "identity", person)
    unchanged(api, "contact", contact)

    # What is there stays, and what is new must be there.
    def write(value: Any) -> httpx.Response:
        return api.send("PATCH", f"/identity/{person}", json={"default": {"email_addresses": value}})

    assert write([*contacts, contacts[0]]).json()["default"]["email_addresses"] == contacts
    assert write(["c@b.org", contacts[0]]).json()["default"]["email_addresses"] == [contacts[2], contacts[0]]
    assert write({"_op": "append", "values": [contacts[0], contacts[1]]}).status_code == 200
    for gone in (contacts[0], str(uuid.uuid4())):
        removed = write({"_op": "remove", "values": [contacts[0]]}) if gone == contacts[0] else None
        assert removed is None or removed.json()["default"]["email_addresses"] == contacts[2:0:-1]
        assert write([gone, contacts[1]]).status_code == 400


def test_a_deleted_record_is_no_reference_for_who_does_not_hold_it(api: Api) -> None:
    one, other = (make_record(api, "organization", name=name)["id"] for name in "AB")
    holder, stranger = make_record(api, "contact", company=one)["id"], make_record(api, "contact", company=other)["id"]
    api.send("DELETE", f"/organization/{one}")
    items = [{"id": holder, "default": {"company": one}}, {"id": stranger, "default": {"company": one}}]
    result = api.send("POST", "/contact/batch/update", json={"items": items}).json()["results"]
    assert [item["status"] for item in result] == ["ok", "error"]
    assert result[1]["error"]["code"] == "not_found"
    assert api.send("POST", "/contact", json={"default": {"company": one}}).status_code == 400


def test_what_only_the_server_sets_may_not_differ(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org")["id"]
    whole, etag = read(api, "contact", contact)
    for slug in ("created_at", "updated_at"):
        for value in ("2001-01-01T00:00:00Z", None, 5, "", [whole["default"][slug]]):
            changed = copy.deepcopy(whole)
            changed["default"][slug] = value
            single, batch = ways(api, "contact", changed)
            assert single.status_code == 400, (slug, value)
            assert single.json()["error"]["errors"][0]["code"] == "read_only_property"
            assert {item["error"]["code"] for item in batch.json()["results"]} == {"read_only_property"}
    assert read(api, "contact", contact) == (whole, etag)


def test_the_same_moment_in_another_spelling_is_the_same(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org")["id"]
    whole, etag = read(api, "contact", contact)
    sent = {slug: whole["default"][slug].replace("Z", "+00:00") for slug in ("created_at", "updated_at")}
    answer = api.send("PATCH", f"/contact/{contact}", json={"default": sent})
    assert (answer.status_code, answer.headers["etag"]) == (200, etag)


def test_what_changes_beside_unchanged_values_is_written(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org", title="Dr")["id"]
    whole, _ = read(api, "contact", contact)
    whole["default"]["title"] = "Prof"
    answer = api.send("PATCH", f"/contact/{contact}", json=whole)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json()["default"]["title"] == "Prof"


def test_items_of_a_batch_are_compared_with_what_was_there_before_it(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org")["id"]
    whole, _ = read(api, "contact", contact)
    items = [{**whole, "default": {**whole["default"], "title": title}} for title in "AB"]
    answer = api.send("POST", "/contact/batch/update", json={"items": items}).json()
    assert (answer["summary"]["succeeded"], answer["results"][1]["record"]["default"]["title"]) == (2, "B")


def test_references_that_are_seen_from_their_other_side_can_be_sent_back(api: Api) -> None:
    company = make_record(api, "organization", name="Acme")["id"]
    for name in "ab":
        make_record(api, "contact", email=f"{name}@b.org", company=company)
    unchanged(api, "organization", company, "?select=contacts,name,created_at")
    answer = api.send("PATCH", f"/organization/{company}", json={"default": {"contacts": []}})
    assert answer.status_code == 400


def test_a_shape_that_is_wrong_stays_wrong(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org")["id"]
    whole, _ = read(api, "contact", contact)
    body = {"default": whole["default"], "extended": {"email": "a@b.org"}}
    answer = api.send("PATCH", f"/contact/{contact}", json=body)
    assert "stands in default and in extended" in answer.json()["error"]["message"]


# --- in imports ---


def imported(api: Api, rows: list[Any], object_type: str = "contact", **options: Any) -> list[Any]:
    answer = api.start(rows, object_type, **options)
    if answer.status_code == 202:
        api.work()
        answer = api.send("GET", f"/imports/{answer.json()['job_id']}")
    assert answer.status_code == 200, answer.text
    results: list[Any] = answer.json()["results"]
    return results


def row_of(whole: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in whole.items() if name != "id"}


@pytest.mark.parametrize("how", ["update", "fill", "skip"])
@pytest.mark.parametrize("count", [1, 120])
def test_rows_can_send_back_what_was_read(api: Api, how: str, count: int) -> None:
    ids = [make_record(api, "contact", email=f"{number}@b.org", title="Dr")["id"] for number in range(3)]
    wholes = [read(api, "contact", record_id) for record_id in ids]
    rows = [row_of(whole) for whole, _ in wholes] * ((count + 2) // 3)
    for dry_run in (True, False):
        results = imported(api, rows, dedupe_by="email", on_match=how, dry_run=dry_run)
        assert [row["id"] for row in results[:3]] == ids
        assert not any(row["updated"] or "error" in row for row in results)
    assert [read(api, "contact", record_id) for record_id in ids] == wholes


def test_a_row_changes_what_it_does_not_send_back(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org", title="Dr")["id"]
    whole, _ = read(api, "contact", contact)
    row = {"default": {**whole["default"], "email": "A@B.org", "title": "Prof"}}
    [result] = imported(api, [row], dedupe_by="email", on_match="update")
    assert (result["id"], result["updated"]) == (contact, True)
    assert read(api, "contact", contact)[0]["default"]["title"] == "Prof"


def test_rows_may_not_set_what_only_the_server_sets(api: Api) -> None:
    contact = make_record(api, "contact", email="a@b.org")["id"]
    whole, etag = read(api, "contact", contact)
    differing = {"default": {**whole["default"], "created_at": "2001-01-01T00:00:00Z"}}
    unmatched = {"default": {**whole["default"], "email": "new@b.org"}}
    keyless = {"default": {"created_at": whole["default"]["created_at"]}}
    unknown = {"default": {**whole["default"], "emial": "x"}}
    wrong = [differing, unmatched, keyless, unknown, {"id": "a", **row_of(whole)}, {"id": contact, **row_of(whole)}]
    results = imported(api, [*wrong, row_of(whole)], dedupe_by="email", on_match="update")
    codes = [row.get("error", {}).get("code") for row in results]
    assert codes == ["read_only_property"] * 3 + ["invalid_property", "invalid_row", None, None]
    assert {row["error"]["code"] for row in imported(api, [row_of(whole)])} == {"read_only_property"}
    assert read(api, "contact", contact) == (whole, etag)
    assert api.send("GET", "/contact/count").json() == {"total": 1}


def test_rows_can_send_back_references_to_deleted_records(api: Api) -> None:
    contacts = [make_record(api, "contact", email=f"{name}@b.org")["id"] for name in "abc"]
    company = make_record(api, "organization", name="Acme")["id"]
    person = make_record(api, "identity", email_addresses=contacts[:2], full_name="Ada", companies=[company])["id"]
    for object_type, one in (("contact", contacts[0]), ("organization", company)):
        assert api.send("DELETE", f"/{object_type}/{one}").status_code == 204
    whole, etag = read(api, "identity", person)
    key: dict[str, Any] = {"dedupe_by": "full_name", "on_match": "update"}
    [result] = imported(api, [row_of(whole)], "identity", **key)
    assert ("error" in result, result["updated"], read(api, "identity", person)) == (False, False, (whole, etag))
    longer = {"default": {"full_name": "Ada", "email_addresses": contacts}}
    assert imported(api, [longer], "identity", **key)[0]["updated"]
    assert read(api, "identity", person)[0]["default"]["email_addresses"] == contacts
    stranger = {"default": {"full_name": "Bob", "companies": [company]}}
    assert imported(api, [stranger], "identity", **key)[0]["error"]["code"] == "not_found"


def test_rows_can_send_back_what_a_list_holds(api: Api) -> None:
    made = api.send("POST", "/lists", json={"template_id": "custom", "object_type": "deal"}).json()["id"]
    prop = {"name": "Files", "type": "multiref_identity", "list_id": made}
    assert api.send("POST", "/deal/properties", json=prop).status_code == 201
    person = make_record(api, "identity", full_name="Ada")["id"]
    deal = make_record(api, "deal", name="Big")["id"]
    written = api.send("PATCH", f"/deal/{deal}", json={"list": {made: {"files": [person]}}})
    assert written.status_code == 200, written.text
    api.send("DELETE", f"/identity/{person}")
    whole, etag = read(api, "deal", deal)
    unchanged(api, "deal", deal)
    alone = {"default": {"name": "Big"}, "list": whole["list"]}
    for row in (row_of(whole), alone):
        [result] = imported(api, [row], "deal", dedupe_by="name", on_match="update")
        assert ("error" in result, result["updated"]) == (False, False), result
    assert read(api, "deal", deal) == (whole, etag)


@pytest.mark.parametrize("rows", [1, 100])
@pytest.mark.parametrize("dedupe_by", [None, "id", "email"])
def test_records_that_were_read_are_sent_back_by_their_ids(api: Api, rows: int, dedupe_by: str | None) -> None:
    """With their ids and all values that the server sets, one of them changed."""
    objects = [{"default": {"email": f"{number}@x.org"}} for number in range(rows)]
    made = [one for start in range(0, rows, 99) for one in api.start(objects[start : start + 99]).json()["results"]]
    back: list[Any] = [api.send("GET", f"/contact/{one['id']}").json() for one in made]
    assert all("updated_at" in one["default"] for one in back)
    back = [{"id": one["id"], **row_of(one)} for one in back]
    back[0]["default"]["city"] = "Rome"
    options = {"on_match": "update", **({"dedupe_by": dedupe_by} if dedupe_by else {})}
    answer = api.start(back, **options)
    if answer.status_code == 202:
        api.work()
        answer = api.send("GET", f"/imports/{answer.json()['job_id']}")
    job = answer.json()
    assert (job["failed"], job["existing"], job["updated"]) == (0, rows, 1), job["results"][:1]
    assert [one["id"] for one in job["results"]] == [one["id"] for one in back]
