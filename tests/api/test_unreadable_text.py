"""What no text can hold is described as what it is, wherever it enters: paths, query strings, bodies, headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api

NUL, HALF, BYTES = "a NUL character", "half of a surrogate pair", "not UTF-8"
ENCODED = [
    ("%00", NUL),
    ("a%00b", NUL),
    ("%ED%A0%80", HALF),
    ("x%ed%bf%bfy", HALF),
    ("%FF", BYTES),
    ("%C3", BYTES),
    ("%ED%A0", BYTES),
    ("%ED", BYTES),
    ("%C0%80", BYTES),
]


def message_of(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.json()["error"]["message"])


@pytest.mark.parametrize(("text", "what"), ENCODED)
def test_in_a_path(api: Api, text: str, what: str) -> None:
    for path in (f"/contact/{text}", f"/contact/by/full_name/{text}", f"/imports/{text}", f"/deal/views/{text}"):
        message = message_of(api.send("GET", path), 404)
        assert what in message, path
        assert all(other not in message for other in {NUL, HALF, BYTES} - {what})


@pytest.mark.parametrize(("text", "what"), ENCODED)
@pytest.mark.parametrize("name", ["full_name", "select", "cursor", "limit", "deleted", "list_id"])
def test_in_a_value_of_a_query_string(api: Api, name: str, text: str, what: str) -> None:
    answer = api.send("GET", f"/contact?sort=email&{name}={text}")
    assert what in message_of(answer, 400)
    assert answer.json()["error"]["errors"][0]["field"] == f".query.{name}"
    assert what in message_of(api.send("GET", f"/contact?{text}=x"), 400)


def test_a_query_string_that_is_text_is_read_as_before(api: Api) -> None:
    record = api.send("POST", "/contact", json={"default": {"full_name": "é +%"}}).json()["id"]
    for written in ("%C3%A9%20%2B%25", "%C3%A9+%2B%25", "%c3%a9 %2B%25"):
        assert api.send("GET", f"/contact?full_name={written}").json()["data"][0]["id"] == record
    assert api.send("GET", "/v2/realtime/ticket?%FF").status_code == 405
    assert BYTES in message_of(api.send("POST", "/v2/realtime/ticket?x=%FF"), 400)


BODIES = [
    ('"\\u0000"', NUL),
    ('"a\\u0000\\udb80\\udc00"', HALF),
    ('"\\ud800"', HALF),
    ('"x\\udfff"', HALF),
    ('"\\ud800\\u0041"', HALF),
    ('"\\udc00\\ud800"', HALF),
]


@pytest.mark.parametrize(("text", "what"), BODIES)
def test_in_a_value_of_a_body(api: Api, text: str, what: str) -> None:
    row = f'{{"default": {{"full_name": {text}}}}}'
    answers = [message_of(api.send("POST", "/contact", content=row), 400)]
    imported = api.send("POST", "/contact/import", content=f'{{"objects": [{row}, {{}}]}}').json()
    assert imported["succeeded"] == 1
    answers.append(imported["results"][0]["error"]["message"])
    asked = f'{{"query": {{"select": [], "filter": [{{"full_name": {{"=": {text}}}}}]}}}}'
    answers.append(message_of(api.send("POST", "/contact/query", content=asked), 400))
    pattern = asked.replace('"="', '"like_regex"')
    answers.append(message_of(api.send("POST", "/contact/query", content=pattern), 400))
    for message in answers:
        assert what in message
        assert all(other not in message for other in {NUL, HALF, BYTES} - {what})


def test_the_half_that_was_sent_is_the_one_that_is_shown(api: Api) -> None:
    for half in ("\\ud800", "\\udbff", "\\udc00", "\\udfff"):
        content = f'{{"default": {{"full_name": "{half}", "{half}": 1}}}}'
        error = api.send("POST", "/contact", content=content).json()["error"]
        messages = [problem["message"] for problem in error["errors"]]
        assert all(f'"{half}"' in message for message in messages)
        assert len(messages) == 2


EMPTY = [
    ("POST", "/contact"),
    ("PATCH", "/contact/{id}"),
    ("PUT", "/contact/by/email/a@b.org"),
    ("POST", "/contact/query"),
    ("POST", "/contact/batch/update"),
    ("POST", "/contact/batch/delete"),
    ("POST", "/contact/properties"),
    ("POST", "/contact/properties/validate"),
    ("POST", "/identity/find-or-create"),
    ("POST", "/lists"),
    ("POST", "/deal/views"),
    ("PUT", "/deal/{id}/grant"),
]


@pytest.mark.parametrize("content", [b"", b" ", b"\r\n\t"])
@pytest.mark.parametrize(("method", "path"), EMPTY)
def test_an_empty_body_is_called_empty(api: Api, method: str, path: str, content: bytes) -> None:
    object_type = path.split("/")[1]
    if "{id}" in path:
        path = path.replace("{id}", api.send("POST", f"/{object_type}", json={}).json()["id"])
    answer = api.send(method, path, content=content)
    assert "it is empty" in message_of(answer, 400)
    assert answer.json()["error"]["errors"][0]["field"] == ".body"


OPERATIONS: list[tuple[Any, str]] = [
    ({"_op": "add", "values": []}, '`_op` must be "append" or "remove", not the text "add"'),
    ({"_op": "apend", "values": []}, 'did you mean "append"?'),
    ({"_op": "Append", "values": []}, 'did you mean "append"?'),
    ({"_op": 5, "values": []}, '`_op` must be "append" or "remove", not the number 5'),
    ({"_op": None}, '`_op` must be "append" or "remove", not null'),
    ({"_op": ["append"], "values": []}, "not a list"),
    ({"_op": {}, "values": []}, "not an object"),
    ({"_op": "append"}, "`values` is missing"),
    ({"_op": "append", "values": "x"}, '`values` must be an array, not the text "x"'),
    ({"_op": "append", "values": None}, "`values` must be an array, not null"),
    ({"_op": "append", "value": ["x"]}, "`values` is missing"),
    ({"_op": "append", "values": [], "extra": 1}, 'not "extra"'),
]


@pytest.mark.parametrize(("change", "said"), OPERATIONS, ids=str)
def test_a_wrong_change_of_an_array_is_called_what_it_is(api: Api, change: Any, said: str) -> None:
    person = api.send("POST", "/identity", json={"default": {"roles": ["a"]}}).json()["id"]
    body = {"default": {"roles": change}}
    answer = api.send("PATCH", f"/identity/{person}", json=body)
    message = message_of(answer, 400)
    assert said in message
    assert "`roles`" in message
    assert answer.json()["error"]["errors"][0]["field"] == ".body.default.roles"
    [row] = api.send("POST", "/identity/import", content=json.dumps({"objects": [body]})).json()["results"]
    assert said in row["error"]["message"]
    batch = {"items": [{"id": person, **body}]}
    [item] = api.send("POST", "/identity/batch/update", json=batch).json()["results"]
    assert said in item["error"]["message"]
    assert api.send("GET", f"/identity/{person}").json()["default"]["roles"] == ["a"]


def test_a_filter_of_a_list_is_named_as_it_stands_in_the_query_string(api: Api) -> None:
    for query, field in (
        ("seniority=vp&first_interaction_date=soon", ".query.first_interaction_date"),
        ("emial=x", ".query.emial"),
        ("company=Acme", ".query.company"),
    ):
        refused = api.send("GET", f"/contact?{query}")
        assert (refused.status_code, refused.json()["error"]["errors"][0]["field"]) == (400, field)
