"""What docs/queries.md says of several values, of opposites and of the order of options is what the server does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from prismd.core.properties.schema import Kind, Property
from prismd.core.queries.conditions import OPERATOR_NAMES, operator_names
from prismd.core.queries.paths import IDENTIFIER

if TYPE_CHECKING:
    from tests.api.conftest import Api

TEXT = (Path(__file__).parents[2] / "docs/queries.md").read_text(encoding="utf-8")
PAGE = " ".join(TEXT.split())

PEOPLE: list[dict[str, Any]] = [
    {"first_name": "both", "title": "cook and driver", "roles": ["cook", "driver"]},
    {"first_name": "cook", "title": "cook", "roles": ["cook"]},
    {"first_name": "none"},
]


def names(api: Api, **query: Any) -> list[str]:
    asked = {"query": {"select": ["first_name"], **query}}
    answer = api.send("POST", "/identity/query", json=asked)
    assert answer.status_code == 200, answer.text
    return [row["properties"]["first_name"] for row in answer.json()["data"]]


@pytest.fixture
def people(api: Api) -> Api:
    organizations = api.start([{"default": {"name": name}} for name in ("Acme", "Blank")], "organization").json()
    acme, blank = (result["id"] for result in organizations["results"])
    companies = ([acme, blank], [acme], None)
    rows = [{"default": {**one, "companies": where}} for one, where in zip(PEOPLE, companies, strict=True)]
    assert api.start(rows, "identity").json()["failed"] == 0
    return api


@pytest.mark.parametrize(
    ("says", "condition", "wanted"),
    [
        ("`contains` with an array wants all of its values", ("roles", "contains", ["cook", "driver"]), ["both"]),
        ("`contains` with an array wants all of its values", ("title", "contains", ["cook", "driver"]), ["both"]),
        ("`not_contains` with an array wants none of them", ("roles", "not_contains", ["cook", "driver"]), ["none"]),
        ("`not_contains` with an array wants none of them", ("roles", "not_contains", ["driver", "nurse"]),
         ["cook", "none"]),
        ("`not_contains` with an array wants none of them", ("title", "not_contains", ["driver", "nurse"]),
         ["cook", "none"]),
        ("a condition is met if **any** of them meets it", ("roles", "=", "driver"), ["both"]),
        ("a condition is met if **any** of them meets it", ("roles", ">", "cook"), ["both"]),
        ("a condition is met if **any** of them meets it", ("companies.name", "begins_with", "B"), ["both"]),
        ("met if **none** of them is what they name", ("roles", "!=", "driver"), ["cook", "none"]),
        ("met if **none** of them is what they name", ("roles", "not_in", ["driver", "cook"]), ["none"]),
        ("met if **none** of them is what they name", ("companies.name", "!=", "Blank"), ["cook", "none"]),
        ("`is_null` of a path is met if there is no value at its end", ("companies.name", "is_null", True), ["none"]),
    ],
)  # fmt: skip
def test_several_values_and_opposites(
    people: Api, says: str, condition: tuple[str, str, Any], wanted: list[str]
) -> None:
    assert says in PAGE
    slug, operator, value = condition
    assert names(people, filter=[{slug: {operator: value}}]) == wanted


def test_two_conditions_may_be_met_by_two_values(people: Api) -> None:
    assert "Each condition looks for a value of its own" in PAGE
    assert names(people, filter=[{"roles": {"=": "cook"}}, {"roles": {"=": "driver"}}]) == ["both"]


def test_options_sort_by_sort_index_then_those_without_by_slug(api: Api) -> None:
    assert "by `sort_index`; those without one come after all that have one, by slug" in PAGE
    made = api.send(
        "POST", "/identity/properties",
        json={"name": "Size", "type": "select_str", "options": [{"value": "Small"}, {"value": "Large"}]},
    ).json()  # fmt: skip
    path = f"/identity/properties/{made['id']}/options"
    for option in ({"value": "Zebra"}, {"value": "Ant"}, {"value": "First", "sort_index": 0}):
        assert api.send("POST", path, json={"type": "select_str", **option}).status_code == 201
    sizes = ["zebra", "ant", "large", "small", "first"]
    api.start([{"default": {"first_name": size, "size": size}} for size in sizes], "identity")
    # "Small" was given 0 as the first option of the new property, as "First" asks for itself.
    assert names(api, sort=[{"size": "asc"}]) == ["first", "small", "large", "ant", "zebra"]
    listed = api.send("GET", "/identity/properties").json()["identity"][made["id"]]["options"]
    assert [option["slug"] for option in listed] == ["first", "small", "large", "ant", "zebra"]


def test_the_table_of_operators_is_what_types_take() -> None:
    head, *rows = re.findall(
        r"^\|( property \|.*|(?: `| references).*yes \|)$", TEXT[TEXT.index("## Operators") :], re.MULTILINE
    )
    columns = [re.findall(r"`([^`]+)`", cell) for cell in head.strip("|").split("|")[1:]]
    assert sorted(operator for column in columns for operator in column) == sorted(OPERATOR_NAMES)
    seen = set()
    for row in rows:
        first, *cells = row.strip("|").split("|")
        takes = {operator for column, cell in zip(columns, cells, strict=True) if cell.strip() for operator in column}
        for name in re.findall(r"`([^`]+)`", first) or ["ref_identity", "multiref_identity"]:
            prop = IDENTIFIER if name == "id" else Property(id="", slug="x", type=name, name="X")
            # Of references alone the table says "where there can be several".
            lacks = {"contains", "not_contains"} if prop.kind is Kind.REF else set()
            assert set(operator_names(prop)) == takes - lacks, name
            seen.add("id" if name == "id" else prop.kind)
    assert seen == {*Kind, "id"}
