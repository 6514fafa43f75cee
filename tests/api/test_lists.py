"""Lists and their templates over HTTP: made, read, and never seen by another team."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from prismd.core.list_templates import LISTABLE_TYPES, TEMPLATES
from tests.api.conftest import Api

CONTRACT = {
    "sales_deals", "recruiting", "partnerships", "fundraising", "knowledge_base", "issue_tracker", "content_calendar",
    "job_applications", "project_tracker", "feedback", "portco_tracker", "deal_flow", "lp_fundraising", "custom",
}  # fmt: skip


def make(api: Api, template: str = "sales_deals", **fields: Any) -> dict[str, Any]:
    answer = api.send("POST", "/lists", json={"template_id": template, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def properties_of(api: Api, object_type: str, **query: str) -> list[dict[str, Any]]:
    answer = api.send("GET", f"/{object_type}/properties", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()[object_type].values())


def test_the_templates_are_those_of_the_contract(api: Api) -> None:
    listed = api.send("GET", "/list-templates").json()["data"]
    assert {template["id"] for template in listed} == CONTRACT
    for template in listed:
        assert api.send("GET", f"/list-templates/{template['id']}").json() == template
        assert template["stages"]
        assert template["object_type"] in LISTABLE_TYPES or template["id"] == "custom"
    assert api.send("GET", "/list-templates/nope").status_code == 404


@pytest.mark.parametrize("template", sorted(CONTRACT - {"custom"}))
def test_a_list_of_each_template_has_its_stage_property(api: Api, template: str) -> None:
    made = make(api, template)
    assert made["object_type"] == TEMPLATES[template].object_type
    assert (made["type"], made["name"], made["team_id"]) == (template, TEMPLATES[template].name, api.team)
    [stage] = [prop for prop in properties_of(api, made["object_type"], list_id=made["id"]) if prop["alias"]]
    assert (stage["slug"], stage["alias"], stage["type"]) == ("app_stage", "app_stage", "select_str")
    assert stage["list_id"] == stage["crm_id"] == made["id"]
    assert [(option["slug"], option["value"]) for option in stage["options"]] == list(TEMPLATES[template].stages)


@pytest.mark.parametrize("object_type", LISTABLE_TYPES)
def test_a_custom_list_holds_what_is_asked_for(api: Api, object_type: str) -> None:
    made = make(api, "custom", object_type=object_type, name="Mine", icon="star")
    assert (made["object_type"], made["name"], made["icon"]) == (object_type, "Mine", "star")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ".body.template_id"),
        ({"template_id": "sales_deal"}, ".body.template_id"),
        ({"template_id": 7}, ".body.template_id"),
        ({"template_id": "custom"}, ".body.object_type"),
        ({"template_id": "custom", "object_type": "contact"}, ".body.object_type"),
        ({"template_id": "custom", "object_type": "nope"}, ".body.object_type"),
        ({"template_id": "recruiting", "object_type": "deal"}, ".body.object_type"),
        ({"template_id": "recruiting", "name": " "}, ".body.name"),
        ({"template_id": "recruiting", "name": "x" * 201}, ".body.name"),
        ({"template_id": "recruiting", "name": "a\u0000b"}, ".body.name"),
        ({"template_id": "recruiting", "icon": "x" * 201}, ".body.icon"),
    ],
)
def test_a_list_that_cannot_be_made_says_why(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.send("POST", "/lists", json=body)
    assert answer.status_code == 400
    assert [problem["field"] for problem in answer.json()["error"]["errors"]] == [field]
    assert api.send("GET", "/lists").json() == {"data": []}


def test_lists_are_read_one_by_one_and_all_together(api: Api) -> None:
    made = [make(api), make(api, "recruiting", name="Engineers"), make(api)]
    assert api.send("GET", "/lists").json() == {"data": made}
    for one in made:
        assert api.send("GET", f"/lists/{one['id']}").json() == one
        assert api.send("GET", f"/lists/{one['id'].upper()}").json() == one
    assert api.send("GET", "/lists/nope").status_code == 404
    assert api.send("GET", "/lists/01920000-0000-7000-8000-000000000000").status_code == 404


def test_a_repeat_under_its_key_makes_no_second_list(api: Api) -> None:
    key = {"idempotency-key": secrets.token_hex()}
    first = api.send("POST", "/lists", json={"template_id": "deal_flow"}, headers=key)
    second = api.send("POST", "/lists", json={"template_id": "deal_flow"}, headers=key)
    assert first.json() == second.json()
    assert second.headers["idempotent-replay"] == "true"
    assert len(api.send("GET", "/lists").json()["data"]) == 1


def test_there_is_an_end_to_lists(serve: Callable[..., Api]) -> None:
    api = serve(lists_max=2)
    make(api)
    make(api)
    assert api.send("POST", "/lists", json={"template_id": "deal_flow"}).status_code == 400


def test_a_list_is_nobody_elses(api: Api, serve: Callable[..., Api]) -> None:
    other = serve()
    theirs = make(other)
    assert api.send("GET", "/lists").json() == {"data": []}
    assert api.send("GET", f"/lists/{theirs['id']}").status_code == 404
    assert api.send("GET", "/deal/properties", params={"list_id": theirs["id"]}).status_code == 404


def test_a_list_tells_its_views(api: Api) -> None:
    made, other = make(api), make(api)
    with api.runtime.pool.connection() as connection:
        connection.execute(
            "INSERT INTO view (team_id, id, object_type, list_id, definition, created_at, updated_at)"
            " VALUES (%s, '01920000-0000-7000-8000-000000000001', 'deal', %s, '{\"name\": \"Open\"}', now(), now())",
            (api.team_id(), made["id"]),
        )
    views = [{"id": "01920000-0000-7000-8000-000000000001", "name": "Open"}]
    assert api.send("GET", f"/lists/{made['id']}").json()["views"] == views
    assert [one["views"] for one in api.send("GET", "/lists").json()["data"]] == [views, []]
    assert other["views"] == []
