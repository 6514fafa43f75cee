"""Queries and lists over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api


def ask(api: Api, query: dict[str, Any], object_type: str = "contact", **others: Any) -> dict[str, Any]:
    """Send a query that must be served, and return its answer."""
    response = api.send("POST", f"/{object_type}/query", json={"query": {"select": [], **query}, **others})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids(answer: dict[str, Any]) -> list[str]:
    return [row["id"] for row in answer["data"]]


def make(api: Api, rows: list[dict[str, Any]], object_type: str = "contact") -> list[str]:
    """Import rows and return their ids."""
    response = api.start([{"default": row} for row in rows], object_type)
    assert response.status_code == 200, response.text
    results = response.json()["results"]
    assert all(result["created"] for result in results), results
    return [result["id"] for result in results]


def test_a_filter_a_sort_and_a_selection(api: Api) -> None:
    made = make(api, [{"email": f"{name}@x.org", "first_name": name} for name in ("ada", "bob", "cy")])
    answer = ask(
        api,
        {"select": ["first_name"], "filter": [{"first_name": {"!=": "bob"}}], "sort": [{"first_name": "desc"}]},
        include_total=True,
    )
    assert answer == {
        "data": [
            {"id": made[2], "properties": {"first_name": "cy"}},
            {"id": made[0], "properties": {"first_name": "ada"}},
        ],
        "has_more": False,
        "next_cursor": None,
        "total": 2,
    }


def test_references_are_nested_and_paths_follow_them(api: Api) -> None:
    [acme, blank] = make(api, [{"name": "Acme", "primary_domain": "acme.org"}, {"name": "Blank"}], "organization")
    made = make(
        api, [{"email": "a@x.org", "company": acme}, {"email": "b@x.org", "company": blank}, {"email": "c@x.org"}]
    )
    answer = ask(api, {"select": ["company.name", "email"], "sort": [{"company.name": "desc"}]})
    assert answer["data"][0] == {
        "id": made[1],
        "properties": {"company": {"id": blank, "properties": {"name": "Blank"}}, "email": "b@x.org"},
    }
    assert ids(answer) == [made[1], made[0], made[2]]
    assert ids(ask(api, {"filter": [{"company.name": {"=": "Acme"}}]})) == [made[0]]
    assert ids(ask(api, {"filter": [{"company.primary_domain": {"is_null": True}}]})) == [made[1], made[2]]
    assert ids(ask(api, {"filter": [{"company": {"=": acme}}]})) == [made[0]]
    other_side = ask(api, {"select": ["contacts.email", "people"], "filter": [{"name": {"=": "Acme"}}]}, "organization")
    assert other_side["data"][0]["properties"] == {"contacts": [{"id": made[0], "properties": {"email": "a@x.org"}}]}


@pytest.mark.parametrize("sort", [[], [{"title": "asc"}], [{"title": "desc"}, {"created_at": "asc"}]], ids=str)
def test_pages_hold_every_record_once(api: Api, sort: list[dict[str, str]]) -> None:
    made = make(api, [{"title": f"t{number % 3}"} if number % 4 else {} for number in range(23)])
    whole = ids(ask(api, {"sort": sort, "limit": 50}))
    assert sorted(whole) == sorted(made)
    seen: list[str] = []
    cursor = None
    while True:
        answer = ask(api, {"sort": sort, "limit": 5, **({"cursor": cursor} if cursor else {})})
        seen += ids(answer)
        cursor = answer["next_cursor"]
        assert answer["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert seen == whole


def test_a_list_takes_filters_as_parameters(api: Api) -> None:
    made = make(api, [{"email": f"{name}@x.org", "first_name": name} for name in ("ada", "bob", "cy")])
    answer = api.send(
        "GET", "/contact?email=ada@x.org,cy@x.org&sort=-first_name&select=email&include_total=true"
    ).json()
    assert ids(answer) == [made[2], made[0]]
    assert answer["total"] == 2
    assert answer["data"][0]["properties"] == {"email": "cy@x.org"}
    whole = api.send("GET", "/contact?first_name=bob").json()
    assert whole["data"][0]["properties"].keys() == {
        "email",
        "first_name",
        "created_at",
        "updated_at",
        "last_updated_at",
    }
