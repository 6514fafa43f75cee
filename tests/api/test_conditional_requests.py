"""If-Match and If-None-Match are evaluated wherever they are sent, and nothing is written where they do not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.making import make_id

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api

EMAIL = "ada@example.org"
UPSERT = f"/contact/by/email/{EMAIL}"
BODY = {"default": {"title": "T"}}
#: Headers by which the second version of a record is found, and by which it is not.
HOLD: list[dict[str, str]] = [
    {"if-match": "*"}, {"if-match": '"2"'}, {"if-match": '"1", "2"'}, {"if-none-match": '"1"'},
    {"if-none-match": 'W/"1", "22"'}, {"if-match": '"2"', "if-none-match": '"1"'},
]  # fmt: skip
FAIL: list[dict[str, str]] = [
    {"if-match": '"1"'}, {"if-match": 'W/"2"'}, {"if-none-match": "*"}, {"if-none-match": '"2"'},
    {"if-none-match": 'W/"2"'}, {"if-match": "*", "if-none-match": "*"}, {"if-match": '"3"', "if-none-match": '"1"'},
]  # fmt: skip
MALFORMED = ["", "3", '*, "1"', '"1" "2"', 'w/"1"', '"']


def made(api: Api, **values: Any) -> str:
    """Return a contact in its second version."""
    record_id = make_id(api, **{"email": EMAIL, **values})
    assert api.send("PATCH", f"/contact/{record_id}", json={"default": {"city": "Rome"}}).headers["etag"] == '"2"'
    return record_id


def write(api: Api, how: str, record_id: str, headers: dict[str, str]) -> httpx.Response:
    asked: dict[str, tuple[str, str, Any]] = {
        "patch": ("PATCH", f"/contact/{record_id}", BODY),
        "delete": ("DELETE", f"/contact/{record_id}", None),
        "upsert": ("PUT", UPSERT, BODY),
        "duplicate": ("POST", f"/contact/{record_id}/duplicate", None),
        "restore": ("POST", f"/contact/{record_id}/restore", None),
        "get": ("GET", f"/contact/{record_id}", None),
        "find": ("GET", UPSERT, None),
        "batch update": ("POST", "/contact/batch/update", {"items": [{"id": record_id, **BODY}]}),
        "batch delete": ("POST", "/contact/batch/delete", {"ids": [record_id]}),
    }
    method, path, body = asked[how]
    return api.send(method, path, headers=headers, **({} if body is None else {"json": body}))


def state(api: Api) -> list[Any]:
    with api.runtime.of_all_teams() as connection:
        return connection.execute("SELECT t::text FROM record AS t WHERE team_id = %s", (api.team_id(),)).fetchall()


SINGLE = ["patch", "delete", "upsert", "duplicate", "restore"]


@pytest.mark.parametrize("how", SINGLE)
def test_a_write_is_done_where_the_conditions_hold(api: Api, how: str) -> None:
    for headers in HOLD:
        record_id = made(api)
        answer = write(api, how, record_id, headers)
        assert answer.status_code in {200, 201, 204}, (headers, answer.text)
        api.send(
            "POST", "/contact/batch/delete", json={"ids": [record_id, answer.json()["id"] if answer.content else ""]}
        )


@pytest.mark.parametrize("headers", FAIL)
@pytest.mark.parametrize("how", SINGLE)
def test_a_write_is_refused_where_they_do_not(api: Api, how: str, headers: dict[str, str]) -> None:
    record_id = made(api)
    before = state(api)
    answer = write(api, how, record_id, headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")
    assert state(api) == before


@pytest.mark.parametrize("header", ["if-match", "if-none-match"])
@pytest.mark.parametrize("how", [*SINGLE, "get", "find", "batch update", "batch delete"])
def test_a_malformed_header_is_told_as_such(api: Api, how: str, header: str) -> None:
    record_id = made(api)
    for text in MALFORMED:
        answer = write(api, how, record_id, {header: text})
        assert (answer.status_code, answer.json()["error"]["errors"][0]["field"]) == (400, f".headers.{header}")


def test_an_upsert_can_be_meant_to_make_or_to_change_alone(api: Api) -> None:
    for headers in ({"if-match": "*"}, {"if-match": '"1"'}):
        answer = api.send("PUT", UPSERT, json=BODY, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")
    assert state(api) == []
    assert api.send("PUT", UPSERT, json=BODY, headers={"if-none-match": "*"}).status_code == 201
    assert api.send("PUT", UPSERT, json=BODY, headers={"if-none-match": "*"}).status_code == 412
    assert api.send("PUT", UPSERT, json=BODY, headers={"if-match": "*"}).status_code == 200


def test_find_or_create_can_be_meant_to_find_or_to_make_alone(api: Api) -> None:
    def ask(**headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"match": {"email_address": EMAIL}}
        return api.send("POST", "/identity/find-or-create", json=body, headers=named)

    assert ask(if_match="*").status_code == ask(if_match='"1"').status_code == 412
    assert state(api) == []
    assert ask(if_none_match="*").status_code == 201
    assert [ask(**{name: "*"}).status_code for name in ("if_none_match", "if_match")] == [412, 200]
    assert ask(if_match='"2"').status_code == 412
    assert ask(if_match="2").status_code == 400


def test_a_record_that_is_to_be_made_is_in_no_version(api: Api) -> None:
    for headers in ({"if-match": "*"}, {"if-match": '"1"'}):
        assert api.send("POST", "/contact", json=BODY, headers=headers).status_code == 412
    assert state(api) == []
    assert api.send("POST", "/contact", json=BODY, headers={"if-none-match": "*"}).status_code == 201


@pytest.mark.parametrize("how", ["batch update", "batch delete"])
def test_each_item_of_a_batch_is_judged_by_its_own_record(api: Api, how: str) -> None:
    for headers in FAIL:
        record_id = made(api)
        before = state(api)
        answer = write(api, how, record_id, headers).json()
        assert [item["error"]["code"] for item in answer["results"]] == ["precondition_failed"], headers
        assert state(api) == before
        api.send("DELETE", f"/contact/{record_id}")
    for headers in HOLD:
        record_id = made(api)
        assert write(api, how, record_id, headers).json()["summary"]["succeeded"] == 1, headers
        api.send("DELETE", f"/contact/{record_id}")


def test_items_for_one_record_are_judged_by_what_it_was_before_the_batch(api: Api) -> None:
    record_id = made(api)
    items = [{"id": record_id, "default": {"title": title}} for title in "AB"]
    answer = api.send("POST", "/contact/batch/update", json={"items": items}, headers={"if-match": '"2"'})
    assert answer.json()["summary"]["succeeded"] == 2


@pytest.mark.parametrize("how", ["get", "find"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_the_version_gets_no_other(api: Api, how: str, method: str) -> None:
    record_id = made(api)
    path = f"/contact/{record_id}" if how == "get" else UPSERT
    for text in ('"2"', 'W/"2"', '"1", "2"', "*"):
        answer = api.send(method, path, headers={"if-none-match": text})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"2"')
    for text in ('"1"', '"22"'):
        answer = api.send(method, path, headers={"if-none-match": text})
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert api.send(method, path, headers={"if-match": '"1"'}).status_code == 412
    assert api.send(method, path, headers={"if-match": '"2"'}).status_code == 200


def test_what_is_shown_of_others_is_always_sent(api: Api) -> None:
    organization = api.send("POST", "/organization", json={"default": {"name": "Acme"}}).json()["id"]
    path = f"/organization/{organization}?select=name,people"
    first = api.send("GET", path)
    api.send("POST", "/identity", json={"default": {"full_name": "Ada", "companies": [organization]}})
    second = api.send("GET", path, headers={"if-none-match": first.headers["etag"]})
    assert second.status_code == 200, second.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/deal/{deal}/grant", {}),
        ("POST", "/contact/import", {"objects": [{}]}),
        ("POST", "/contact/properties", {"name": "P", "type": "str"}),
        ("POST", "/lists", {"template_id": "custom", "object_type": "deal"}),
        ("POST", "/deal/views", {"name": "V", "view_type": "grid"}),
        ("POST", "/v2/realtime/ticket", {}),
    ],
)
def test_what_has_no_version_has_no_tag(api: Api, method: str, path: str, body: Any) -> None:
    deal = api.send("POST", "/deal", json={"default": {"name": "Big"}}).json()["id"]
    where = path.format(deal=deal)
    answer = api.send(method, where, json=body, headers={"if-match": '"1"'})
    assert (answer.status_code, answer.json()["error"]["code"]) == (412, "precondition_failed")
    assert api.send(method, where, json=body, headers={"if-match": '"'}).status_code == 400
    assert api.send(method, where, json=body, headers={"if-match": "*"}).status_code in {200, 201}
    for_none = api.send(
        method, where, json={**body, "name": "Q"} if "name" in body else body, headers={"if-none-match": "*"}
    )
    assert for_none.status_code == (412 if method == "PUT" else for_none.status_code)
