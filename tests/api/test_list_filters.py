"""Filters in the query string of a list mean what they mean in the body of a query: every character counts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api

VALUES = [
    "Jane",
    " Jane",
    "Jane ",
    "\tJane",
    "\u00a0Jane",
    "Doe, Jane",
    ",",
    ",,",
    " , ",
    '"',
    '""',
    '"Jane"',
    'J"ane',
    '"a",b',
    "",
]


def written(value: str) -> str:
    """Return a value as a list takes it, by what docs/queries.md says."""
    special = "," in value or value.startswith('"')
    return quote('"' + value.replace('"', '""') + '"' if special else value, safe="")


def listed(api: Api, query: str) -> list[str]:
    answer = api.send("GET", f"/contact?{query}")
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def queried(api: Api, *values: str) -> list[str]:
    query = {"select": [], "filter": [{"full_name": {"in": list(values)}}]}
    return [row["id"] for row in api.send("POST", "/contact/query", json={"query": query}).json()["data"]]


def test_each_value_is_found_by_a_list_as_by_a_query_and_no_other_is(api: Api) -> None:
    made = {
        value: api.send("POST", "/contact", json={"default": {"full_name": value}}).json()["id"] for value in VALUES
    }
    for value, record in made.items():
        assert listed(api, f"full_name={written(value)}") == queried(api, value) == [record], value
        assert listed(api, f"full_name={written(value)},{written('Jane')}") == queried(api, value, "Jane")
        assert listed(api, f"full_name={written('Jane')}&full_name={written(value)}") == queried(api, "Jane", value)


@pytest.mark.parametrize("value", ['"Jane', '"Jane"x', '"Jane" ,b', '"a""', 'a,"b', '"'])
def test_a_quote_that_does_not_end_is_refused_with_how_to_write_it(api: Api, value: str) -> None:
    refused = api.send("GET", f"/contact?full_name={quote(value)}")
    assert refused.status_code == 400
    [problem] = refused.json()["error"]["errors"]
    assert problem["field"] == ".query.full_name"
    assert '"Doe, ""Jane"""' in problem["message"]


@pytest.mark.parametrize("flag", ["include_total=TRUE", "include_total=False", "deleted=True", "deleted=ONLY"])
def test_flags_are_taken_in_any_case(api: Api, flag: str) -> None:
    assert api.send("GET", f"/contact?{flag}").status_code == 200


@pytest.mark.parametrize("value", ["1", "0", "yes", "null", "None", "tru", "%20true", "t"])
@pytest.mark.parametrize(
    "path", ["/contact?include_total", "/contact?deleted", "/properties?autofill", "/deal/properties?include_options"]
)
def test_flags_take_nothing_else(api: Api, path: str, value: str) -> None:
    refused = api.send("GET", f"{path}={value}")
    assert refused.status_code == 400
    name = path.partition("?")[2]
    assert refused.json()["error"]["errors"][0]["field"] == f".query.{name}"
