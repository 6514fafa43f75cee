"""Numbers that no record could hold are the error of the value that they are, wherever one can stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from prismd.api.document.openapi import document
from prismd.api.document.operations import OPERATIONS
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import IMPORTABLE_TYPES, Kind
from tests.isolation.cases import CASES, IN_PATH, Pick, route
from tests.isolation.world import REFERENCES, TEXTS, World, new_world

if TYPE_CHECKING:
    from prismd.api.document.operation import Operation
    from tests.api.conftest import Api
    from tests.processes import RunningServer

#: As JSON writes them.
NUMBERS: Final = (
    "1e400", "-1e-400", "1e999999999", "123456789e999999", "1e99999999999999999999", "-1.5E-99999999999999999999",
    "1e1000000000000000000", "1" * 400, "-" + "9" * 5000, "0." + "0" * 5000 + "1", "1" * 30_000 + "e-30000",
)  # fmt: skip
#: What programs write that take these for numbers.
CONSTANTS: Final = ("NaN", "Infinity", "-Infinity")
#: No number is as large, and yet these are: nothing.
ZEROS: Final = ("0e400", "0e99999999999999999999", "-0.0e-99999999999999999999")
#: Stands in a body where the number is to stand.
HERE: Final = "\N{BULLET}here"
GOOD: Final = {"default": {"name": "Good"}}
SERVER_FAULT: Final = 500


@pytest.fixture(scope="module")
def world(server: RunningServer) -> Iterator[World]:
    with httpx.Client(timeout=60, trust_env=False) as http:
        yield new_world(server, http)


def written(body: Any, number: str) -> bytes:
    """Return a body as JSON, with a number where it is to stand."""
    return json.dumps(body).replace(json.dumps(HERE), number).encode()


def places(value: Any) -> Iterator[Any]:
    """Yield a body again and again, each time with the number in the place of another of its values."""
    yield HERE
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ({**value, name: changed} for changed in places(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from ([*value[:index], changed, *value[index + 1 :]] for changed in places(inner))


def members(operation: Operation) -> list[str]:
    """Return the names of all that a body of an operation can hold."""
    described = document()
    schema = described["paths"][operation.path][operation.method.lower()]["requestBody"]
    schema = next(iter(schema["content"].values()))["schema"]
    while "$ref" in schema:
        schema = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return list(schema.get("properties", ()))


def path_of(operation: Operation, pick: Pick, object_type: str) -> str:
    names = {"teamId": pick.own.team, "objectType": object_type, "slug": TEXTS[object_type], "value": "x"}
    return re.sub(
        r"{(\w+)}",
        lambda name: names.get(name[1]) or (pick.own.one(IN_PATH[name[1]], object_type) if name[1] in IN_PATH else "x"),
        operation.path,
    )


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.body], ids=lambda one: one.name)
def test_no_place_of_no_body_makes_it_a_fault_of_the_server(world: World, operation: Operation) -> None:
    object_type = "deal" if "deal" in operation.object_types else operation.object_types[0]
    pick = Pick(lambda _: 1, world, world)
    case = CASES.get(route(operation.method, operation.path))
    request = dict(case(pick, object_type)) if case else {}
    body = request.pop("json", {})
    path, headers = path_of(operation, pick, object_type), {"content-type": "application/json"}
    for changed in [*places(body), *({**body, name: HERE} for name in members(operation))]:
        for number in (*NUMBERS, *CONSTANTS, *ZEROS):
            content = written(changed, number)
            answer = world.send(operation.method, path, content=content, headers=headers, **request)
            assert answer.status_code < SERVER_FAULT, (content[:500], answer.text)


@pytest.mark.parametrize("object_type", IMPORTABLE_TYPES)
@pytest.mark.parametrize("form", ["{}", '"{}"', '["{}"]', "[{}]", '{{"id": {}}}'])
def test_it_is_the_error_of_its_value_in_any_property(api: Api, object_type: str, form: str) -> None:
    slugs = [prop.slug for prop in native_schema(object_type)]
    rows = [f'{{"default": {{"{slug}": {form.format(number)}}}}}' for slug in slugs for number in NUMBERS]
    good = json.dumps({"default": {TEXTS[object_type]: "Good"}})
    holding = (Kind.STR, Kind.TEXT, Kind.MULTI_STR) if '"{}"' in form else ()
    holders = {prop.slug for prop in native_schema(object_type) if prop.kind in holding}
    for start in range(0, len(rows), 90):
        part = rows[start : start + 90]
        body = f'{{"objects": [{",".join([*part, good])}]}}'
        answer = api.send("POST", f"/{object_type}/import", content=body)
        assert answer.status_code == 200, answer.text
        *judged, last = answer.json()["results"]
        assert last["id"] is not None, last
        for row, result in zip(part, judged, strict=True):
            [slug] = json.loads(row, parse_int=str)["default"]
            kept = result["id"] is not None
            assert not kept or slug in holders, (row[:200], result)
            assert kept or result["error"]["code"] != "internal_error", (row[:200], result)
            assert kept or slug in result["error"]["message"], (row[:200], result)


def test_one_of_many_rows_costs_a_job_no_other(api: Api) -> None:
    bad = [f'{{"default": {{"employee_count": {number}}}}}' for number in (*NUMBERS, *map(json.dumps, NUMBERS))]
    rows = [json.dumps(GOOD)] * 150
    body = f'{{"objects": [{",".join([*rows, *bad, *rows])}]}}'
    job = api.send("POST", "/organization/import", content=body).json()["job_id"]
    api.work()
    ended = api.send("GET", f"/imports/{job}").json()
    assert (ended["status"], ended["created"], ended["failed"]) == ("complete", 300, len(bad))
    refused = ended["results"][150 : 150 + len(bad)]
    assert {result["error"]["code"] for result in refused} == {"invalid_value"}
    assert all("employee_count" in result["error"]["message"] for result in refused)


@pytest.mark.parametrize("zero", ZEROS)
def test_nothing_is_nothing_whatever_its_exponent(api: Api, zero: str) -> None:
    body = (
        f'{{"objects": [{{"default": {{"employee_count": {zero}}}}}, {{"default": {{"employee_count": "{zero}"}}}}]}}'
    )
    results = api.send("POST", "/organization/import", content=body).json()["results"]
    for result in results:
        assert api.send("GET", f"/organization/{result['id']}").json()["default"]["employee_count"] == 0


@pytest.mark.parametrize("number", NUMBERS)
def test_a_property_of_the_team_refuses_it_with_its_name(api: Api, number: str) -> None:
    assert api.send("POST", "/organization/properties", json={"name": "Worth", "type": "num"}).status_code == 201
    for value in (number, f'"{number}"'):
        refused = api.send("POST", "/organization", content=f'{{"default": {{"worth": {value}}}}}')
        assert refused.status_code == 400
        assert "worth" in refused.json()["error"]["message"]
        filtered = f'{{"query": {{"select": [], "filter": [{{"worth": {{">": {value}}}}}]}}}}'
        refused = api.send("POST", "/organization/query", content=filtered)
        assert refused.status_code == 400
        assert "worth" in refused.json()["error"]["errors"][0]["field"]


def test_what_a_view_keeps_is_read_again(api: Api) -> None:
    for number in NUMBERS:
        body = f'{{"name": "x", "view_type": "grid", "column_layout": {{"width": {number}}}}}'
        refused = api.send("POST", "/organization/views", content=body)
        assert refused.status_code == 400, refused.text
        assert refused.json()["error"]["errors"][0]["field"] == ".body.column_layout"
    body = '{"name": "x", "view_type": "grid", "column_layout": {"width": 1.25, "height": 1e300, "deep": [-0.5]}}'
    made = api.send("POST", "/organization/views", content=body).json()
    assert api.send("GET", f"/organization/views/{made['id']}").json()["column_layout"] == {
        "width": 1.25, "height": 1e300, "deep": [-0.5],
    }  # fmt: skip


@pytest.mark.parametrize("constant", CONSTANTS)
@pytest.mark.parametrize(
    ("method", "path", "form"),
    [
        ("POST", "/organization/import", '{{"objects": [{{"default": {{"employee_count": {}}}}}]}}'),
        ("POST", "/organization/import", '{{"objects": [], "options": {{"dedupe_by": {}}}}}'),
        ("POST", "/organization", '{{"default": {{"employee_count": {}}}}}'),
        ("POST", "/organization/query", '{{"query": {{"filter": [{{"employee_count": {{"=": {}}}}}]}}}}'),
    ],
)
def test_what_is_no_number_is_named(api: Api, method: str, path: str, form: str, constant: str) -> None:
    refused = api.send(method, path, content=form.format(constant))
    assert refused.status_code == 400
    assert f"{constant.removeprefix('-')} is not JSON; use null or a number" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.path.startswith("/v2/")], ids=lambda one: one.name
)
def test_no_parameter_and_no_header_makes_it_a_fault_of_the_server(world: World, operation: Operation) -> None:
    object_type = "deal" if "deal" in operation.object_types else operation.object_types[0]
    path = path_of(operation, Pick(lambda _: 1, world, world), object_type)
    own = [one.name for one in operation.parameters if one.location == "query"]
    slugs = [TEXTS[object_type], REFERENCES[object_type][0], "id"] if operation.any_parameter else []
    for number in (*(text[:400] for text in NUMBERS), *CONSTANTS, *ZEROS, "0" * 400 + "1", "\uff11", "1_0", "+1", " 1"):
        for name in {*own, *slugs, "limit", "page", "cursor"}:
            if name == "include":
                continue
            answer = world.send(operation.method, path, params={name: number})
            assert answer.status_code < SERVER_FAULT, (name, number, answer.text)
        if not number.isascii() or number != number.strip():
            continue
        for header in ("if-match", "if-none-match", "last-event-id", "x-stainless-retry-count", "idempotency-key"):
            answer = world.send(operation.method, path, headers={header: number, "idempotency-key": number[:200]})
            assert answer.status_code < SERVER_FAULT, (header, number, answer.text)


@pytest.mark.parametrize("name", ["limit", "page"])
def test_zeros_before_a_number_do_not_change_it(api: Api, name: str) -> None:
    for number in ("a", "b", "c"):
        api.send("POST", "/organization/views", json={"name": number, "view_type": "grid"})
    plain, padded = (
        api.send("GET", "/organization/views", params={"limit": "1", name: text}).json()["data"]
        for text in ("2", "0" * 300 + "2")
    )
    assert padded == plain
    assert len(plain) == (2 if name == "limit" else 1)


def test_more_values_than_a_statement_takes_are_the_fault_of_the_request(
    serve: Callable[..., Api],
) -> None:
    api = serve(query_filter_max=100_000, small_body_bytes_max=2**24)
    asked = [{"name": {"=": f"n{number}"}} for number in range(70_000)]
    refused = api.send(
        "POST", "/organization/query", json={"query": {"select": [], "filter": asked, "combinator": "OR"}}
    )
    assert refused.status_code == 400, refused.text
    assert "more than 50,000 values" in refused.json()["error"]["message"]


@pytest.mark.parametrize("slug", ["name", "domains"])
def test_a_filter_as_large_as_it_may_be_is_answered(api: Api, slug: str) -> None:
    numbers = [str(number) for number in range(1_000)]
    value = "x".join(numbers) if slug == "name" else numbers
    made = api.send("POST", "/organization", json={"default": {slug: value}}).json()

    def found(operator: str, asked: list[str]) -> list[str]:
        query = {
            "select": [],
            "filter": [{slug: {operator: asked}}] * 49,
        }  # together just below the most values of a body
        answer = api.send("POST", "/organization/query", json={"query": query})
        assert answer.status_code == 200, answer.text
        return [row["id"] for row in answer.json()["data"]]

    assert found("contains", numbers) == [made["id"]]
    assert found("contains", [*numbers[:-1], "nowhere"]) == []
    assert found("not_contains", ["nowhere"] * 1_000) == [made["id"]]
    assert found("not_contains", [*["nowhere"] * 999, "7"]) == []


@pytest.mark.parametrize("pattern", ["(a{1,200}){1,200}", "((a|b|c){1,100}){1,100}", "(([a-z]{1,40}){1,40}){1,40}"])
def test_a_pattern_that_grows_beyond_measure_is_refused_before_it_is_tried(api: Api, pattern: str) -> None:
    asked = [{"name": {"like_regex": pattern}}]
    view = {"name": "x", "view_type": "grid", "filter": asked}
    for path, body in (("query", {"query": {"select": [], "filter": asked}}), ("views", view)):
        refused = api.send("POST", f"/organization/{path}", json=body)
        assert refused.status_code == 400
        assert "written out" in refused.json()["error"]["errors"][0]["message"]
