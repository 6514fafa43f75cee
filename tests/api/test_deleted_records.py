"""Deleted records are restored and purged by the batch, and who restores one whose key is taken is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from prismd.core.properties.schema import OBJECT_TYPES
from tests.api.making import make_id

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock

NOBODY = "0190aaaa-0000-7000-8000-00000000000f"


def batch(api: Api, what: str, ids: list[Any], object_type: str = "contact", query: str = "", **request: Any) -> Any:
    answer = api.send("POST", f"/{object_type}/batch/{what}{query}", json={"ids": ids}, **request)
    assert answer.status_code == 200, answer.text
    return answer.json()


def codes(result: Any) -> list[str | None]:
    return [item.get("error", {}).get("code") for item in result["results"]]


def delete(api: Api, *ids: str, object_type: str = "contact") -> None:
    for record_id in ids:
        assert api.send("DELETE", f"/{object_type}/{record_id}").status_code == 204


def held(api: Api, table: str, **where: str) -> int:
    condition = "".join(f" AND {name} = %s" for name in where)
    with api.runtime.of_all_teams() as connection:
        asked = f"SELECT FROM {table} WHERE team_id = %s{condition}"
        return connection.execute(asked.encode(), (api.team_id(), *where.values())).rowcount


@pytest.mark.parametrize("object_type", OBJECT_TYPES)
def test_records_of_any_type_are_restored_and_purged(api: Api, object_type: str) -> None:
    ids = [make_id(api, object_type) for _ in range(3)]
    delete(api, *ids, object_type=object_type)
    back = batch(api, "restore", ids[:2], object_type)
    assert (codes(back), back["summary"]) == ([None, None], {"total": 2, "succeeded": 2, "failed": 0})
    assert [item["record"]["id"] for item in back["results"]] == ids[:2]
    assert api.send("GET", f"/{object_type}/{ids[0]}").headers["etag"] == '"3"'
    assert codes(batch(api, "purge", ids, object_type)) == ["not_deleted", "not_deleted", None]
    assert held(api, "record") == 2
    assert codes(batch(api, "restore", ids, object_type)) == [None, None, "not_found"]


def test_items_are_independent(api: Api) -> None:
    one, other, standing = (make_id(api, title=title) for title in "ABC")
    delete(api, one, other)
    ids = [one, NOBODY, 5, None, "x", one.upper(), standing]
    back = batch(api, "restore", ids)
    assert codes(back) == [None, "not_found", "invalid_request", "invalid_request", "not_found", None, None]
    assert [item["id"] for item in back["results"]] == [one, NOBODY, None, None, "x", one.upper(), standing]
    assert api.send("GET", f"/contact/{one}").headers["etag"] == '"3"'
    assert api.send("GET", f"/contact/{standing}").headers["etag"] == '"1"'
    delete(api, one)
    gone = batch(api, "purge", [one, one, NOBODY, 5, standing, other])
    assert codes(gone) == [None, "not_found", "not_found", "invalid_request", "not_deleted", None]
    assert [item.keys() for item in gone["results"][:1]] == [{"id", "status"}]
    assert api.send("POST", f"/contact/{one}/restore").status_code == 404
    assert api.send("POST", "/contact/batch/purge", json={"ids": [one] * 101}).status_code == 400


def test_another_teams_records_are_nobodys(api: Api, serve: Any) -> None:
    own = make_id(api)
    delete(api, own)
    stranger = serve()
    for what in ("restore", "purge"):
        assert codes(batch(stranger, what, [own])) == ["not_found"]
    assert held(api, "record") == 1


def test_conditions_are_those_of_each_record(api: Api) -> None:
    one = make_id(api)
    delete(api, one)
    for what in ("restore", "purge"):
        assert codes(batch(api, what, [one], headers={"if-match": '"1"'})) == ["precondition_failed"]
    assert codes(batch(api, "restore", [one], headers={"if-match": '"2"'})) == [None]


def test_nothing_of_a_purged_record_is_left_but_what_imports_noted(api: Api) -> None:
    row = {"default": {"email": "ada@example.org", "title": "Dr"}}
    own = api.start([row], dedupe_by="email").json()["results"][0]["id"]
    deal = make_id(api, "deal", name="Big")
    assert api.send("PUT", f"/deal/{deal}/grant", json={"team_id": {api.team: "r"}}).status_code == 200
    view = api.send("POST", "/deal/views", json={"name": "All", "view_type": "grid"}).json()["id"]
    for pinned in (deal, make_id(api, "deal", name="Small")):
        assert api.send("POST", f"/deal/views/{view}/records/{pinned}").status_code == 201
    assert api.send("GET", "/deal/by/name/Big").status_code == 200
    before = held(api, "record_key")
    delete(api, deal, object_type="deal")
    delete(api, own)
    assert codes(batch(api, "purge", [deal], "deal")) == [None]
    assert codes(batch(api, "purge", [own])) == [None]
    for table in ("record", "record_key", "record_grant"):
        column = "id" if table == "record" else "record_id"
        assert held(api, table, **{column: deal}) == held(api, table, **{column: own}) == 0
    assert held(api, "record_key") == before - 2
    with api.runtime.of_all_teams() as connection:
        found = connection.execute("SELECT cardinality(pinned) FROM view WHERE id = %s", (view,)).fetchone()
    assert found == (1,)
    # The key is free: the next import makes the record anew.
    assert api.start([row], dedupe_by="email").json()["results"][0]["created"]


def test_what_is_in_use_by_deleted_records_alone_can_be_freed(api: Api) -> None:
    prop = {"name": "Tier", "type": "select_str", "options": [{"value": "One"}, {"value": "Two"}]}
    tier = api.send("POST", "/contact/properties", json=prop).json()
    path = f"/contact/properties/{tier['id']}"
    option = f"{path}/options/{tier['options'][0]['id']}?type=select_str"
    own = make_id(api, tier="one")
    delete(api, own)
    for where, code in ((option, "option_in_use"), (f"{path}?type=select_str", "property_in_use")):
        answer = api.send("DELETE", where)
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, code)
        assert "purge" in answer.json()["error"]["message"]
    ids = [row["id"] for row in api.send("GET", "/contact?deleted=only").json()["data"]]
    assert codes(batch(api, "purge", ids)) == [None]
    assert api.send("DELETE", option).status_code == 204
    assert api.send("DELETE", f"{path}?type=select_str").status_code == 204


# --- taken keys ---


TAKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("contact", {"email": "a@b.org"}, {"email": " A@B.org"}),
    ("organization", {"primary_domain": "a.org"}, {"primary_domain": "A.ORG"}),
]


@pytest.mark.parametrize(("object_type", "before", "after"), TAKEN)
def test_who_restores_onto_a_taken_key_is_told(
    api: Api, object_type: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    old = make_id(api, object_type, **before)
    delete(api, old, object_type=object_type)
    new = make_id(api, object_type, **after)
    path = f"/{object_type}/{old}/restore"
    answer = api.send("POST", path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], answer.headers["x-should-retry"]) == (409, "key_taken", "false")
    assert new in error["message"]
    assert next(iter(before)) in error["message"]
    assert codes(batch(api, "restore", [old, new], object_type)) == ["key_taken", None]
    assert api.send("GET", f"/{object_type}/count").json() == {"total": 1}
    assert api.send("POST", f"{path}?allow_taken_key=maybe").status_code == 400
    assert api.send("POST", f"{path}?allow_taken_key=true").status_code == 200
    # It is not deleted any more, so there is nothing to refuse.
    assert api.send("POST", path).status_code == 200


def test_a_person_is_told_apart_by_addresses(api: Api) -> None:
    contact = make_id(api, email="a@b.org")
    old = make_id(api, "identity", email_addresses=[contact])
    delete(api, old, object_type="identity")
    assert api.send("POST", "/identity", json={"default": {"email_addresses": [contact]}}).status_code == 201
    assert api.send("POST", f"/identity/{old}/restore").json()["error"]["code"] == "key_taken"
    assert codes(batch(api, "restore", [old], "identity", "?allow_taken_key=true")) == [None]


@pytest.mark.parametrize("how", ["upsert", "import"])
def test_any_property_that_told_records_apart_is_a_key(api: Api, how: str) -> None:
    def write() -> None:
        if how == "upsert":
            assert api.send("PUT", "/deal/by/name/Big", json={}).status_code == 201
        else:
            rows = [{"default": {"name": "Big"}}]
            assert api.start(rows, "deal", dedupe_by="name").json()["results"][0]["created"]

    write()
    old = api.send("GET", "/deal").json()["data"][0]["id"]
    delete(api, old, object_type="deal")
    write()
    assert codes(batch(api, "restore", [old], "deal")) == ["key_taken"]


def test_a_property_that_was_only_filtered_by_is_none(api: Api) -> None:
    query = {"query": {"select": [], "filter": [{"city": {"=": "Rome"}}]}}
    old = make_id(api, city="Rome")
    assert len(api.send("POST", "/contact/query", json=query).json()["data"]) == 1
    delete(api, old)
    make_id(api, city="Rome")
    assert codes(batch(api, "restore", [old])) == [None]


@pytest.mark.parametrize("first", [0, 1])
def test_records_of_one_batch_take_keys_from_each_other(api: Api, clock: Clock, first: int) -> None:
    ids = []
    for email in ("a@b.org", "A@b.org"):
        ids.append(make_id(api, email=email))
        clock.advance(seconds=1)
        delete(api, ids[-1])
        clock.advance(seconds=1)
    one, other = ids[first], ids[1 - first]
    assert codes(batch(api, "restore", [one, other, one])) == [None, "key_taken", None]
    assert api.send("GET", "/contact/count").json() == {"total": 1}


def test_what_records_shared_before_is_nothing_new(api: Api, clock: Clock) -> None:
    ids = [make_id(api, email=email) for email in ("a@b.org", "A@b.org", "a@b.org")]
    clock.advance(seconds=1)
    delete(api, ids[0])
    assert api.send("POST", f"/contact/{ids[0]}/restore").status_code == 200
    clock.advance(seconds=1)
    delete(api, *ids)
    clock.advance(seconds=1)
    assert codes(batch(api, "restore", ids)) == [None] * 3


def test_a_key_that_an_older_record_was_given_is_taken(api: Api, clock: Clock) -> None:
    old, other = make_id(api, email="a@b.org"), make_id(api, email="c@b.org")
    clock.advance(seconds=1)
    delete(api, old)
    clock.advance(seconds=1)
    assert api.send("PATCH", f"/contact/{other}", json={"default": {"email": "a@b.org"}}).status_code == 200
    assert codes(batch(api, "restore", [old])) == ["key_taken"]
