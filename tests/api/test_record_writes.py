"""Single records are made, changed, upserted, duplicated, deleted and restored over HTTP, and bad input says where."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from prismd.core.properties.schema import OBJECT_TYPES, Property
from prismd.store.properties import insert_property
from tests.api.making import make_record
from tests.refusals import refused

if TYPE_CHECKING:
    from tests.api.conftest import Api

NOBODY = "00000000-0000-7000-8000-000000000000"


def values(record: dict[str, Any]) -> dict[str, Any]:
    return {slug: value for slug, value in record["default"].items() if not slug.endswith("_at")}


def define(api: Api, object_type: str = "contact", **asked: Any) -> dict[str, Any]:
    answer = api.send("POST", f"/{object_type}/properties", json=asked)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def make_list(api: Api, object_type: str = "deal") -> str:
    answer = api.send("POST", "/lists", json={"template_id": "custom", "object_type": object_type, "name": "Ours"})
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


def define_in_list(api: Api, list_id: str, slug: str, wire_type: str, *, required: bool = False) -> str:
    own = Property(api.runtime.new_id(), slug, wire_type, slug, required=required, list_id=list_id)
    with api.runtime.of_all_teams() as connection:
        insert_property(connection, api.team_id(), "deal", own, now=api.runtime.now())
    return slug


# --- create and change ---


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_records_of_every_type_are_made_changed_deleted_and_restored(api: Api, object_type: str) -> None:
    made = make_record(api, object_type, source_created_at="2024-05-31")
    path = f"/{object_type}/{made['id']}"
    assert api.send("GET", path).json() == made
    changed = api.send("PATCH", path, json={"default": {"source_created_at": None}})
    assert changed.status_code == 200
    assert values(changed.json()) == {}
    gone = api.send("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.send("GET", path).status_code == 404
    back = api.send("POST", f"{path}/restore")
    assert back.status_code == 200
    assert back.json() == api.send("GET", path).json()


def test_values_are_merged(api: Api) -> None:
    made = make_record(api, full_name="Ada", title="Countess", tags=None)
    organization = make_record(api, "organization", domains=["a.org"], name="A")
    path = f"/contact/{made['id']}"
    api.send("PATCH", path, json={"default": {"title": None}, "extended": {"company": organization["id"]}})
    assert values(api.send("GET", path).json()) == {"full_name": "Ada", "company": organization["id"]}
    own = f"/organization/{organization['id']}"
    appended = api.send("PATCH", own, json={"default": {"domains": {"_op": "append", "values": ["b.org", "a.org"]}}})
    assert values(appended.json()) == {"domains": ["a.org", "b.org"], "name": "A"}
    removed = api.send("PATCH", own, json={"default": {"domains": {"_op": "remove", "values": ["a.org"]}}})
    assert values(removed.json())["domains"] == ["b.org"]
    cleared = api.send("PATCH", own, json={"default": {"domains": []}})
    assert "domains" not in cleared.json()["default"]


def test_an_array_grows_no_further_than_it_may(serve: Callable[..., Api]) -> None:
    api = serve(list_values_max=3)
    path = f"/organization/{make_record(api, 'organization', domains=['a', 'b'])['id']}"

    def append(*values: str) -> httpx.Response:
        return api.send("PATCH", path, json={"default": {"domains": {"_op": "append", "values": values}}})

    assert append("a", "b", "c").status_code == 200
    refused(append("d"), 400, "invalid_request", ".body.default.domains", check="invalid_value")
    assert append("c").status_code == 200


def test_an_empty_record_is_a_record(api: Api) -> None:
    bodies: list[Any] = [
        {},
        {"default": {}},
        {"default": None, "list": {}, "extended": None},
    ]
    for body in bodies:
        answer = api.send("POST", "/contact", json=body)
        assert (answer.status_code, values(answer.json())) == (201, {})


def test_select_values_are_written_by_slug_id_or_label_and_read_as_slugs(api: Api) -> None:
    colour = define(api, name="Colour", type="select_str", options=[{"value": "Dark blue"}])
    for written in ("dark_blue", colour["options"][0]["id"], "Dark blue"):
        assert values(make_record(api, colour=written)) == {"colour": "dark_blue"}


# --- versions ---


def test_every_answer_that_shows_one_record_has_its_etag(api: Api) -> None:
    answer = api.send("POST", "/contact", json={"default": {"email": "a@x.org"}})
    path = f"/contact/{answer.json()['id']}"
    assert answer.headers["etag"] == '"1"'
    tags = [
        api.send("GET", path).headers["etag"],
        api.send("PATCH", path, json={"default": {"email": "a@x.org"}}).headers["etag"],
        api.send("PATCH", path, json={"default": {"title": "Dr"}}).headers["etag"],
        api.send("PUT", "/contact/by/email/A%40x.org", json={"default": {"title": "Prof"}}).headers["etag"],
        api.send("POST", f"{path}/restore").headers["etag"],
        api.send("GET", "/contact/by/email/a@x.org").headers["etag"],
        api.send("POST", f"{path}/duplicate").headers["etag"],
    ]
    assert tags == ['"1"', '"1"', '"2"', '"3"', '"3"', '"3"', '"1"']


def test_what_changes_nothing_keeps_version_and_time(api: Api, clock: Any) -> None:
    made = make_record(api, full_name="Ada")
    clock.advance(seconds=5)
    same = api.send("PATCH", f"/contact/{made['id']}", json={"default": {"full_name": "Ada", "title": None}})
    assert same.json() == made
    clock.advance(seconds=5)
    other = api.send("PATCH", f"/contact/{made['id']}", json={"default": {"full_name": "Eve"}}).json()["default"]
    assert other["updated_at"] == other["last_updated_at"] > made["default"]["updated_at"]
    assert other["created_at"] == made["default"]["created_at"]


@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ('"1"', 200),
        ("*", 200),
        ('"7", "1"', 200),
        ('"7",,"1",', 200),
        ('"a,b", W/"2", "1"', 200),
        ('"2"', 412),
        ('W/"1"', 412),
        ('"01"', 412),
        ('""', 412),
        ('"7", "8"', 412),
        ("1", 400),
        ("", 400),
        ('"1" "2"', 400),
        ('*, "1"', 400),
        ('w/"1"', 400),
        ('"1', 400),
    ],
)  # fmt: skip
def test_a_write_is_meant_for_a_version(api: Api, if_match: str, status: int) -> None:
    made = make_record(api, full_name="Ada")
    path, headers = f"/contact/{made['id']}", {"if-match": if_match}
    changed = api.send("PATCH", path, json={"default": {"title": "Countess"}}, headers=headers)
    assert changed.status_code == status, changed.text
    if status == 200:
        assert api.send("DELETE", path, headers={"if-match": '"2"'}).status_code == 204
        return
    assert api.send("GET", path).json() == made
    code, field = ("precondition_failed", None) if status == 412 else ("invalid_request", ".headers.if-match")
    refused(changed, status, code, field)
    refused(api.send("DELETE", path, headers=headers), status, code, field)
    assert api.send("GET", path).json() == made


def test_tags_may_come_in_several_headers(api: Api) -> None:
    path = f"/contact/{make_record(api)['id']}"
    headers = [("if-match", '"7"'), ("if-match", '"1"'), ("x-api-key", api.key)]
    answer = api.http.patch(api.url + api.path(path), json={}, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("if_match", ["*", '"1"'])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_record_that_is_not_there_has_no_version(api: Api, method: str, if_match: str) -> None:
    body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
    refused(api.send(method, f"/contact/{NOBODY}", headers={"if-match": if_match}, **body), 404, "not_found")


def test_a_replay_comes_before_the_version(api: Api) -> None:
    path, headers = f"/contact/{make_record(api)['id']}", {"if-match": '"1"', "idempotency-key": "once"}
    first, again = (
        api.send("PATCH", path, json={"default": {"title": "Dr"}}, headers=headers) for _ in range(2)
    )  # fmt: skip
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.headers["idempotent-replay"], again.headers["etag"]) == ("true", '"2"')
    assert again.content == first.content
    other = headers | {"idempotency-key": "twice"}
    refused(api.send("PATCH", path, json={"default": {"title": "Dr"}}, headers=other), 412, "precondition_failed")


def test_writes_are_done_once_under_a_key(api: Api) -> None:
    path = f"/contact/{make_record(api, email='a@x.org')['id']}"
    writes: list[tuple[str, str, Any]] = [
        ("POST", "/contact", {"default": {"email": "b@x.org"}}),
        ("PUT", "/contact/by/email/c@x.org", {}),
        ("POST", f"{path}/duplicate", None),
        ("POST", f"{path}/restore", None),
        ("POST", "/contact/batch/update", {"items": []}),
        ("POST", "/contact/batch/delete", {"ids": []}),
        ("POST", "/organization/find-or-create", {"match": {"primary_domain": "x.org"}}),
    ]
    for method, where, body in writes:
        sent: dict[str, Any] = {"headers": {"idempotency-key": where}} | ({} if body is None else {"json": body})
        first, again = api.send(method, where, **sent), api.send(method, where, **sent)
        assert first.is_success, first.text
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers.get("etag") == first.headers.get("etag")
        assert (first.headers.get("idempotent-replay"), again.headers["idempotent-replay"]) == (None, "true")
    assert api.send("GET", "/contact/count").json() == {"total": 4}


# --- upsert ---


def test_an_upsert_makes_or_changes_the_one_record(api: Api) -> None:
    path = f"/contact/by/email/{quote('Ada@x.org', safe='')}"
    made = api.send("PUT", path, json={"default": {"title": "Countess"}})
    assert (made.status_code, values(made.json())) == (201, {"email": "Ada@x.org", "title": "Countess"})
    changed = api.send("PUT", "/contact/by/email/ada@X.org", json={"default": {"city": "London"}})
    assert changed.status_code == 200
    assert values(changed.json()) == {"email": "Ada@x.org", "title": "Countess", "city": "London"}
    assert changed.json()["id"] == made.json()["id"]
    moved = api.send("PUT", "/contact/by/email/ada@x.org", json={"default": {"email": "b@x.org"}})
    assert (moved.status_code, values(moved.json())["email"]) == (200, "b@x.org")
    assert api.send("GET", "/contact/by/email/ada@x.org").status_code == 404


def test_an_upsert_keeps_the_value_of_the_body(api: Api) -> None:
    own = api.send("PUT", "/contact/by/email/a@x.org", json={"default": {"email": "A@x.org"}})
    assert (own.status_code, values(own.json())) == (201, {"email": "A@x.org"})
    blanks: list[Any] = [None, []]
    for empty in blanks:
        answer = api.send("PUT", f"/organization/by/domains/{empty}.org", json={"default": {"domains": empty}})
        assert (answer.status_code, values(answer.json())) == (201, {"domains": [f"{empty}.org"]})


def test_an_upsert_by_a_reference_takes_ids_and_addresses(api: Api) -> None:
    contact = make_record(api, email="ada@x.org")["id"]
    made = api.send("PUT", "/identity/by/email_addresses/ADA@x.org", json={})
    assert (made.status_code, values(made.json())) == (201, {"email_addresses": [contact]})
    found = api.send("PUT", f"/identity/by/email_addresses/{contact}", json={"default": {"full_name": "Ada"}})
    assert (found.status_code, found.json()["id"]) == (200, made.json()["id"])
    unknown = api.send("PUT", "/identity/by/email_addresses/eve@x.org", json={})
    eve = api.send("GET", "/contact/by/email/eve@x.org").json()["id"]
    assert (unknown.status_code, values(unknown.json())) == (201, {"email_addresses": [eve]})
    no_address = api.send("PUT", "/identity/by/email_addresses/eve@x", json={})
    refused(no_address, 400, "invalid_request", ".path.value", check="invalid_value")


def test_an_upsert_refuses_what_it_cannot_tell_apart(api: Api) -> None:
    for _ in range(2):
        make_record(api, full_name="Grace")
    refused(api.send("PUT", "/contact/by/full_name/grace", json={}), 409, "multiple_matches")
    refused(api.send("PUT", "/contact/by/full_name/%20", json={}), 400, "invalid_request", ".path.value")
    refused(api.send("PUT", "/organization/by/arr/much", json={}), 400, "invalid_request", ".path.value")
    for slug in ("fullname", "created_at", "company"):
        refused(api.send("PUT", f"/contact/by/{slug}/x", json={}), 400, "invalid_request", ".path.slug")
    assert api.send("GET", "/contact/count").json() == {"total": 2}


def test_a_deleted_record_is_not_upserted(api: Api) -> None:
    first = make_record(api, email="a@x.org")["id"]
    api.send("DELETE", f"/contact/{first}")
    second = api.send("PUT", "/contact/by/email/a@x.org", json={})
    assert (second.status_code, second.json()["id"] != first) == (201, True)
    refused(api.send("POST", f"/contact/{first}/restore"), 409, "key_taken")
    assert api.send("POST", f"/contact/{first}/restore?allow_taken_key=true").status_code == 200
    refused(api.send("PUT", "/contact/by/email/a@x.org", json={}), 409, "multiple_matches")


# --- duplicate, delete, restore ---


def test_a_duplicate_has_the_values_of_its_model(api: Api) -> None:
    made = make_record(api, full_name="Ada", email="a@x.org")
    twin = api.send("POST", f"/contact/{made['id']}/duplicate", headers={"content-type": "application/json"})
    assert twin.status_code == 201
    assert values(twin.json()) == values(made)
    assert twin.json()["id"] != made["id"]
    refused(api.send("GET", "/contact/by/email/a@x.org"), 409, "multiple_matches")
    api.send("PATCH", f"/contact/{twin.json()['id']}", json={"default": {"email": "b@x.org"}})
    assert api.send("GET", "/contact/by/email/a@x.org").json()["id"] == made["id"]


def test_restoring_what_is_not_deleted_changes_nothing(api: Api) -> None:
    made = make_record(api, full_name="Ada")
    answer = api.send("POST", f"/contact/{made['id']}/restore", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, made, '"1"')


def test_what_is_deleted_is_missing_until_it_is_restored(api: Api) -> None:
    path = f"/contact/{make_record(api, email='a@x.org')['id']}"
    assert api.send("DELETE", path).status_code == 204
    for method, where in [("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/duplicate")]:
        body: dict[str, Any] = {"json": {"default": {"email": "b@x.org"}}} if method == "PATCH" else {}
        refused(api.send(method, where, **body), 404, "not_found")
    assert api.send("GET", "/contact/count").json() == {"total": 0}
    assert api.send("GET", "/contact/by/email/a@x.org").status_code == 404
    back = api.send("POST", f"{path}/restore")
    assert values(back.json()) == {"email": "a@x.org"}
    assert api.send("GET", "/contact/by/email/a@x.org").json() == back.json()


@pytest.mark.parametrize("record_id", [NOBODY, "unknown", "batch", "%00", "%FF", "by"])
def test_what_is_no_record_is_not_found(api: Api, record_id: str) -> None:
    for method, where in [("PATCH", ""), ("DELETE", ""), ("POST", "/duplicate"), ("POST", "/restore")]:
        body: dict[str, Any] = {"json": {}} if method == "PATCH" else {}
        if (record_id, where) != ("batch", "/restore"):  # which restores several
            refused(api.send(method, f"/contact/{record_id}{where}", **body), 404, "not_found")


def test_ids_are_written_in_any_case(api: Api) -> None:
    made = make_record(api, full_name="Ada")
    path = f"/contact/{made['id'].upper()}"
    assert api.send("PATCH", path, json={"default": {"title": "Dr"}}).json()["id"] == made["id"]
    assert api.send("POST", f"{path}/duplicate").status_code == 201
    assert api.send("DELETE", path).status_code == 204
    assert api.send("POST", f"{path}/restore").status_code == 200


# --- keys ---


def test_records_are_found_by_what_was_written_last(api: Api) -> None:
    path = f"/contact/{make_record(api, email='a@x.org')['id']}"
    assert api.send("GET", "/contact/by/email/a@x.org").status_code == 200
    api.send("PATCH", path, json={"default": {"email": "b@x.org"}})
    assert api.send("GET", "/contact/by/email/a@x.org").status_code == 404
    assert api.send("GET", "/contact/by/email/b@x.org").status_code == 200
    api.send("PATCH", path, json={"default": {"email": None}})
    assert api.send("GET", "/contact/by/email/b@x.org").status_code == 404
    [matched] = api.start([{"default": {"email": "c@x.org"}}], dedupe_by="email").json()["results"]
    assert matched["created"]
    made = make_record(api, email="d@x.org")["id"]
    [matched] = api.start([{"default": {"email": "D@x.org"}}], dedupe_by="email").json()["results"]
    assert (matched["existing"], matched["id"]) == (True, made)


# --- bad input ---


@pytest.mark.parametrize(
    ("body", "field", "check"),
    [
        (b"", ".body", "type.openapi.validation"),
        (b"[]", ".body", "type.openapi.validation"),
        (b"null", ".body", "type.openapi.validation"),
        (b'"text"', ".body", "type.openapi.validation"),
        (b"{", ".body", "type.openapi.validation"),
        (b"\xff", ".body", "type.openapi.validation"),
        (b"[" * 5000, ".body", "type.openapi.validation"),
        (b'{"default": {}, "default": {}}', ".body", "type.openapi.validation"),
        (b'{"default": []}', ".body.default", "type.openapi.validation"),
        (b'{"default": "x"}', ".body.default", "type.openapi.validation"),
        (b'{"default": {"title": "a", "title": "b"}}', ".body.default", "type.openapi.validation"),
        (b'{"list": 1}', ".body.list", "type.openapi.validation"),
        (b'{"extended": true}', ".body.extended", "type.openapi.validation"),
        (b'{"default": {"emial": "x"}}', ".body.default.emial", "invalid_property"),
        (b'{"extended": {"emial": "x"}}', ".body.extended.emial", "invalid_property"),
        (b'{"default": {"email": 5}}', ".body.default.email", "invalid_value"),
        (b'{"extended": {"email": 5}}', ".body.extended.email", "invalid_value"),
        (b'{"default": {"email": "\\u0000"}}', ".body.default.email", "invalid_value"),
        (b'{"default": {"email": "\\ud800"}}', ".body.default.email", "invalid_value"),
        (b'{"default": {"email": {"_op": "append", "values": []}}}', ".body.default.email", "invalid_value"),
        (b'{"default": {"tags": {"_op": "prepend", "values": []}}}', ".body.default.tags", "invalid_value"),
        (b'{"default": {"seniority": "boss"}}', ".body.default.seniority", "invalid_option"),
        (b'{"default": {"created_at": "2024-05-31"}}', ".body.default.created_at", "read_only_property"),
        (b'{"default": {"created_at": null}}', ".body.default.created_at", "read_only_property"),
        (b'{"default": {"company": "Acme"}}', ".body.default.company", "invalid_value"),
        (b'{"default": {"company": "%s"}}' % NOBODY.encode(), ".body.default.company", "not_found"),
        (b'{"default": {"/lists": ["x"]}}', ".body.default./lists", "invalid_property"),
        (b'{"default": {"title": "a"}, "extended": {"title": "b"}}', ".body", "invalid_row"),
        (b'{"list": {"%s": {}}}' % NOBODY.encode(), f".body.list.{NOBODY}", "not_found"),
        (b'{"list": {"%s": null}}' % NOBODY.encode(), f".body.list.{NOBODY}", "type.openapi.validation"),
        (b'{"list": {"stage": "x"}}', ".body", "invalid_row"),
    ],
)  # fmt: skip
def test_bad_input_says_where(api: Api, body: bytes, field: str, check: str) -> None:
    made = make_record(api, email="ada@x.org")
    for method, path in [
        ("POST", "/contact"),
        ("PATCH", f"/contact/{made['id']}"),
        ("PUT", "/contact/by/email/ada@x.org"),
        ("PUT", "/contact/by/email/eve@x.org"),
    ]:
        refused(api.send(method, path, content=body), 400, "invalid_request", field, check=check)
    assert api.send("GET", f"/contact/{made['id']}").json() == made
    assert api.send("GET", "/contact/count").json() == {"total": 1}


def test_a_mistyped_slug_gets_a_hint_and_all_problems_are_listed(api: Api) -> None:
    answer = api.send("POST", "/contact", json={"default": {"emial": "x", "title": 5, "city": "Rome"}})
    problems = answer.json()["error"]["errors"]
    assert [problem["field"] for problem in problems] == [".body.default.emial", ".body.default.title"]
    assert 'did you mean "email"?' in problems[0]["message"]


def test_a_huge_body_is_refused(serve: Callable[..., Api]) -> None:
    api = serve(small_body_bytes_max=2_000)
    body = {"default": {"description": "x" * 3_000}}
    for method, path in [("POST", "/contact"), ("PUT", "/contact/by/email/a"), ("POST", "/contact/batch/update")]:
        refused(api.send(method, path, json=body), 413, "payload_too_large")


def test_what_cannot_be_meant_is_refused(api: Api) -> None:
    path = f"/contact/{make_record(api)['id']}"
    refused(api.send("POST", "/nonsense", json={}), 400, "invalid_request", ".path.objectType")
    refused(api.send("POST", "/agent_site", json={}), 405, "method_not_allowed")
    for method, where in [("POST", "/contact"), ("PATCH", path), ("PUT", "/contact/by/email/x")]:
        refused(api.send(method, f"{where}?list_id=x", json={}), 400, "invalid_request", ".query.list_id")
        refused(api.send(method, f"{where}?list_id={NOBODY}", json={}), 404, "not_found")


# --- required properties ---


def test_a_required_property_has_a_value(api: Api) -> None:
    badge = define(api, name="Badge", type="str", required=True)
    domains = define(api, "organization", name="Codes", type="multi_str", required=True)
    assert (badge["slug"], domains["slug"]) == ("badge", "codes")
    [imported] = api.start([{"default": {"full_name": "Imported"}}]).json()["results"]
    where = ".body.default.badge"
    bodies: list[Any] = [{}, {"default": {"badge": None}}, {"default": {"badge": " "}}]
    for body in bodies:
        refused(api.send("POST", "/contact", json=body), 400, "invalid_request", where, check="missing_required")
        by_email = api.send("PUT", "/contact/by/email/new@x.org", json=body)
        refused(by_email, 400, "invalid_request", where, check="missing_required")
    refused(api.send("POST", "/organization", json={}), 400, "invalid_request", ".body.default.codes")
    own = make_record(api, badge="7")["id"]
    for value in (None, "", "  "):
        answer = api.send("PATCH", f"/contact/{own}", json={"extended": {"badge": value}})
        refused(answer, 400, "invalid_request", ".body.extended.badge", check="missing_required")
    organization = make_record(api, "organization", codes=["a"])["id"]
    remove = {"default": {"codes": {"_op": "remove", "values": ["a"]}}}
    answer = api.send("PATCH", f"/organization/{organization}", json=remove)
    refused(answer, 400, "invalid_request", ".body.default.codes", check="missing_required")
    # What was made without can be changed otherwise, but not copied.
    assert api.send("PATCH", f"/contact/{imported['id']}", json={"default": {"title": "Dr"}}).status_code == 200
    refused(api.send("POST", f"/contact/{imported['id']}/duplicate"), 400, "invalid_request", ".path.recordId")
    assert api.send("POST", f"/contact/{own}/duplicate").status_code == 201
    assert api.send("PUT", "/contact/by/badge/8", json={}).status_code == 201


# --- lists ---


def test_a_record_is_put_into_a_list_by_writing_there(api: Api) -> None:
    ours, other = make_list(api), make_list(api)
    score = define_in_list(api, ours, "score", "num")
    made = api.send("POST", "/deal", json={"default": {"name": "D"}, "list": {ours: {score: 5}, other: {}}}).json()
    assert made["list"] == {ours: {score: 5}, other: {}}
    assert set(made["default"]) == {"name", "created_at", "updated_at", "last_updated_at"}
    path = f"/deal/{made['id']}"
    assert api.send("GET", path).json() == made
    assert api.send("GET", f"{path}?list_id={ours}").json()["list"] == {score: 5}
    assert api.send("GET", f"{path}?list_id={other}").json()["list"] == {}
    selected = api.send("GET", f"{path}?list_id={ours}&select=name,{score}").json()
    assert selected == {"id": made["id"], "default": {"name": "D"}, "list": {score: 5}}
    assert "list" not in api.send("GET", f"{path}?select=name").json()
    refused(api.send("GET", f"{path}?select={score}"), 400, "invalid_request", ".query.select")
    refused(api.send("GET", f"{path}?list_id={NOBODY}"), 404, "not_found")
    twin = api.send("POST", f"{path}/duplicate").json()
    assert twin["list"] == made["list"]
    flat = api.send("PATCH", f"{path}?list_id={ours}", json={"list": {score: 6}}).json()
    assert flat["list"] == {score: 6}
    assert api.send("GET", f"/deal/count?list_id={ours}").json() == {"total": 2}
    alone = api.send("POST", "/deal", json={"default": {"name": "E"}}).json()
    assert "list" not in alone
    joined = api.send("PATCH", f"/deal/{alone['id']}?list_id={other}", json={})
    assert (joined.json()["list"], joined.headers["etag"]) == ({}, '"2"')
    assert api.send("GET", f"/deal/count?list_id={other}").json() == {"total": 3}
    api.send("DELETE", path)
    assert api.send("GET", f"/deal/count?list_id={other}").json() == {"total": 2}
    assert api.send("GET", f"/deal/count?list_id={ours.upper()}").json() == {"total": 1}
    refused(api.send("GET", f"/deal/count?list_id={NOBODY}"), 404, "not_found")
    refused(api.send("GET", f"/contact/count?list_id={ours}"), 400, "invalid_request", ".query.list_id")


def test_values_of_lists_are_wrong_where_they_stand(api: Api) -> None:
    ours = make_list(api)
    define_in_list(api, ours, "score", "num")
    define_in_list(api, ours, "rival", "ref_organization")
    for query, body, field, check in [
        ("", {"list": {ours: {"score": "x"}}}, f".body.list.{ours}.score", "invalid_value"),
        ("", {"list": {ours: {"scor": 1}}}, f".body.list.{ours}.scor", "invalid_property"),
        ("", {"list": {ours: {"rival": NOBODY}}}, f".body.list.{ours}.rival", "not_found"),
        ("", {"list": {ours: 5}}, f".body.list.{ours}", "type.openapi.validation"),
        (f"?list_id={ours}", {"list": {"score": "x"}}, ".body.list.score", "invalid_value"),
        (f"?list_id={ours}", {"default": {"app_stage": "x"}}, ".body.default.app_stage", "invalid_option"),
    ]:
        refused(api.send("POST", f"/deal{query}", json=body), 400, "invalid_request", field, check=check)


def test_records_are_found_and_upserted_by_what_a_list_knows_of_them(api: Api) -> None:
    ours = make_list(api)
    define_in_list(api, ours, "code", "str")
    path = f"/deal/by/code/X1?list_id={ours}"
    assert api.send("GET", path).status_code == 404
    refused(api.send("GET", "/deal/by/code/X1"), 400, "invalid_request", ".path.slug")
    made = api.send("PUT", path, json={"default": {"name": "D"}})
    assert (made.status_code, made.json()["list"]) == (201, {"code": "X1"})
    assert api.send("GET", path).json() == made.json()
    again = api.send("PUT", f"/deal/by/code/x1?list_id={ours}", json={"default": {"name": "E"}})
    assert (again.status_code, again.json()["id"]) == (200, made.json()["id"])


def test_what_a_list_requires_is_demanded_in_it_alone(api: Api) -> None:
    ours = make_list(api)
    define_in_list(api, ours, "code", "str", required=True)
    made = make_record(api, "deal", name="D")["id"]
    where = f".body.list.{ours}.code"
    answer = api.send("PATCH", f"/deal/{made}?list_id={ours}", json={"default": {"name": "E"}})
    refused(answer, 400, "invalid_request", where, check="missing_required")
    answer = api.send("POST", "/deal", json={"list": {ours: {"code": ""}}})
    refused(answer, 400, "invalid_request", where, check="missing_required")
    assert api.send("PATCH", f"/deal/{made}", json={"list": {ours: {"code": "1"}}}).status_code == 200
    assert api.send("PATCH", f"/deal/{made}?list_id={ours}", json={"default": {"name": "F"}}).status_code == 200
    answer = api.send("PATCH", f"/deal/{made}?list_id={ours}", json={"list": {"code": None}})
    refused(answer, 400, "invalid_request", ".body.list.code", check="missing_required")


# --- other teams ---


def test_records_of_another_team_are_not_there(api: Api, serve: Callable[..., Api]) -> None:
    other = serve()
    made = make_record(api, email="ada@x.org")
    organization = make_record(api, "organization", name="A")["id"]
    path, ours = f"/contact/{made['id']}", make_list(api)
    for method, where in [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/duplicate"), ("POST", "/restore")]:
        body: dict[str, Any] = {"json": {"default": {"title": "Dr"}}} if method == "PATCH" else {}
        refused(other.send(method, f"{path}{where}", **body), 404, "not_found")
    assert other.send("GET", "/contact/by/email/ada@x.org").status_code == 404
    assert other.send("PUT", "/contact/by/email/ada@x.org", json={}).json()["id"] != made["id"]
    to_ours = {"default": {"company": organization}}
    refused(
        other.send("POST", "/contact", json=to_ours), 400, "invalid_request", ".body.default.company", check="not_found"
    )
    to_contact = {"default": {"email_addresses": [made["id"]]}}
    where = ".body.default.email_addresses"
    refused(other.send("POST", "/identity", json=to_contact), 400, "invalid_request", where, check="not_found")
    # An address that the other team has is as new as any.
    by_address = other.send("POST", "/identity", json={"default": {"email_addresses": ["ada2@x.org"]}})
    assert by_address.status_code == 201
    refused(other.send("POST", f"/deal?list_id={ours}", json={}), 404, "not_found")
    theirs = other.send("POST", "/deal", json={"list": {ours: {}}})
    refused(theirs, 400, "invalid_request", f".body.list.{ours}", check="not_found")
    refused(other.send("GET", f"/deal/count?list_id={ours}"), 404, "not_found")
    assert api.send("GET", path).json() == made


# --- upserts that would double ---


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/contact/by/email/a@b.org", {"default": {"email": "c@b.org"}}, ".body.default.email"),
        ("/contact/by/email/a@b.org", {"extended": {"email": "c@b.org"}}, ".body.extended.email"),
        ("/organization/by/domains/a.org", {"default": {"domains": ["b.org"]}}, ".body.default.domains"),
        (
            "/organization/by/domains/a.org",
            {"default": {"domains": {"_op": "remove", "values": ["a.org"]}}},
            ".body.default.domains",
        ),
    ],
)
def test_an_upsert_makes_no_record_that_it_would_not_find_again(api: Api, path: str, body: Any, field: str) -> None:
    for _ in range(2):
        refused(api.send("PUT", path, json=body), 400, "invalid_request", field, check="invalid_value")
    assert api.send("GET", f"/{path.split('/')[1]}/count").json() == {"total": 0}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/contact/by/email/a@b.org", {"default": {"email": " A@B.org "}}),
        ("/contact/by/email/a@b.org", {"default": {"email": None}}),
        ("/organization/by/domains/a.org", {"default": {"domains": ["b.org", "A.org"]}}),
        ("/organization/by/domains/a.org", {"default": {"domains": {"_op": "append", "values": ["b.org"]}}}),
        ("/organization/by/domains/a.org", {"default": {"domains": []}}),
    ],
)
def test_an_upsert_that_is_repeated_finds_what_it_made(api: Api, path: str, body: Any) -> None:
    first, second = (api.send("PUT", path, json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
