"""Lists and their templates over HTTP: made, read, and never seen by another team."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prismd.core.lists.templates import LISTABLE_TYPES, TEMPLATES
from prismd.core.properties.schema import IMPORTABLE_TYPES, OBJECT_TYPES
from tests.api.conftest import Api
from tests.api.making import make_list, properties_of

START = datetime(2026, 11, 1, tzinfo=UTC)
CONTRACT = {
    "sales_deals", "recruiting", "partnerships", "fundraising", "knowledge_base", "issue_tracker", "content_calendar",
    "job_applications", "project_tracker", "feedback", "portco_tracker", "deal_flow", "lp_fundraising", "custom",
}  # fmt: skip


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
    made = make_list(api, template)
    assert made["object_type"] == TEMPLATES[template].object_type
    assert (made["type"], made["name"], made["team_id"]) == (template, TEMPLATES[template].name, api.team)
    [stage] = [prop for prop in properties_of(api, made["object_type"], list_id=made["id"]) if prop["alias"]]
    assert (stage["slug"], stage["alias"], stage["type"]) == ("app_stage", "app_stage", "select_str")
    assert stage["list_id"] == stage["crm_id"] == made["id"]
    assert [(option["slug"], option["value"]) for option in stage["options"]] == list(TEMPLATES[template].stages)


@pytest.mark.parametrize("object_type", LISTABLE_TYPES)
def test_a_custom_list_holds_what_is_asked_for(api: Api, object_type: str) -> None:
    made = make_list(api, "custom", object_type=object_type, name="Mine", icon="star")
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
    made = [make_list(api), make_list(api, "recruiting", name="Engineers"), make_list(api)]
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
    make_list(api)
    make_list(api)
    assert api.send("POST", "/lists", json={"template_id": "deal_flow"}).status_code == 400


def test_a_list_is_nobody_elses(api: Api, serve: Callable[..., Api]) -> None:
    other = serve()
    theirs = make_list(other)
    assert api.send("GET", "/lists").json() == {"data": []}
    assert api.send("GET", f"/lists/{theirs['id']}").status_code == 404
    assert api.send("GET", "/deal/properties", params={"list_id": theirs["id"]}).status_code == 404


def test_a_list_tells_its_views(serve: Callable[..., Api]) -> None:
    seconds = itertools.count()
    api = serve(now=lambda: START + timedelta(seconds=next(seconds)))
    made, other = make_list(api), make_list(api)
    seeded = made["views"]
    # An id that comes first in order, of a view that comes last in time; and one of another type that is in the list.
    for kind, view_id in (("deal", "01920000-0000-7000-8000-000000000001"), ("identity", None)):
        body = {"id": view_id, "name": "Open", "view_type": "list", "list_id": made["id"]}
        assert api.send("POST", f"/{kind}/views", json=body).status_code == 201
    views = [*seeded, {"id": "01920000-0000-7000-8000-000000000001", "name": "Open"}]
    assert api.send("GET", f"/lists/{made['id']}").json()["views"] == views
    assert [one["views"] for one in api.send("GET", "/lists").json()["data"]] == [views, other["views"]]
    assert {view["id"] for view in other["views"]}.isdisjoint(view["id"] for view in views)


@pytest.mark.parametrize("template", sorted(CONTRACT))
def test_a_list_starts_with_views_that_work(api: Api, template: str) -> None:
    made = make_list(api, template, **({"object_type": "action"} if template == "custom" else {}))
    kind, list_id = made["object_type"], made["id"]
    assert made["views"] == api.send("GET", f"/lists/{list_id}").json()["views"]
    record = api.send("POST", f"/{kind}", params={"list_id": list_id}, json={"default": {}}).json()["id"]
    assert api.send("POST", f"/{kind}", json={"default": {}}).status_code == 201
    shown = [api.send("GET", f"/{kind}/views/{view['id']}?include=records").json() for view in made["views"]]
    assert [(one["view"]["view_type"], one["view"]["group_by"]) for one in shown] == [
        ("grid", None), ("kanban", "app_stage"),
    ]  # fmt: skip
    for one in shown:
        assert (one["view"]["team_id"], one["view"]["list_id"]) == (None, list_id)
        assert [row["id"] for row in one["records"]["data"]] == [record]


def test_there_is_an_end_to_the_views_of_lists(serve: Callable[..., Api]) -> None:
    api = serve(views_max=3)
    make_list(api)
    answer = api.send("POST", "/lists", json={"template_id": "deal_flow"})
    assert (answer.status_code, answer.json()["error"]["errors"][0]["field"]) == (400, ".body")
    assert len(api.send("GET", "/lists").json()["data"]) == 1
    make_list(api, "recruiting")


@pytest.mark.parametrize("template", sorted(CONTRACT))
def test_a_template_tells_what_its_lists_take_and_they_take_it(api: Api, template: str) -> None:
    told = api.send("GET", f"/list-templates/{template}").json()
    assert (told["type"], told["object_type"]) == (template, TEMPLATES[template].object_type)
    supported = told["supported_object_types"]
    if template == "custom":
        assert supported == list(LISTABLE_TYPES)
        return
    deals = ["deal", "identity", "organization"]
    assert supported == (deals if told["object_type"] == "deal" else [told["object_type"]])
    list_id = make_list(api, template)["id"]
    for kind in supported:
        stage = told["stages"][1]
        row = {"default": {}, "list": {"app_stage": stage["value"]}}
        made = api.start([row], kind, list_id=list_id, require_list_stage=True).json()["results"][0]["id"]
        asked = {"query": {"select": ["app_stage"], "list_id": list_id}}
        assert api.send("POST", f"/{kind}/query", json=asked).json()["data"] == [
            {"id": made, "properties": {"app_stage": stage["slug"]}}
        ]
        assert api.send("GET", f"/{kind}/count?list_id={list_id}").json() == {"total": 1}
        [shown] = [prop for prop in properties_of(api, kind, list_id=list_id) if prop["alias"]]
        assert [option["slug"] for option in shown["options"]] == [one["slug"] for one in told["stages"]]


@pytest.mark.parametrize("object_type", [kind for kind in OBJECT_TYPES if kind != "deal"])
def test_what_a_list_does_not_take_is_refused_the_same_way_everywhere(api: Api, object_type: str) -> None:
    list_id = make_list(api, "deal_flow" if object_type not in {"identity", "organization"} else "knowledge_base")["id"]
    base, query = f"/{object_type}", {"list_id": list_id}
    view = {"name": "x", "view_type": "grid", "list_id": list_id}
    scope = {"scope": {"type": "list", "list_id": list_id}, "operation": "create", "properties": {}}
    stage = {"type": "select_str", "list_id": list_id}
    answers = {
        ".query.list_id": [
            api.send("GET", f"{base}/properties", params=query),
            api.send("GET", base, params=query),
            api.send("GET", f"{base}/count", params=query),
            api.send("DELETE", f"{base}/properties/app_stage", params=query | {"type": "select_str"}),
            *([api.send("GET", f"{base}/views", params=query)] if object_type != "contact" else []),
            api.send("POST", base, params=query, json={"default": {}}),
        ],
        ".body.list_id": [
            api.send("POST", f"{base}/properties", json={"name": "x", "type": "num", "list_id": list_id}),
            api.send("PATCH", f"{base}/properties/app_stage", json=stage),
            api.send("POST", f"{base}/properties/app_stage/options", json=stage | {"value": "x"}),
            *([api.send("POST", f"{base}/views", json=view)] if object_type != "contact" else []),
        ],
        ".body.scope.list_id": [api.send("POST", f"{base}/properties/validate", json=scope)],
        ".body.query.list_id": [api.send("POST", f"{base}/query", json={"query": {"select": [], **query}})],
    }
    if object_type in IMPORTABLE_TYPES:
        answers[".body.options.list_id"] = [api.start([{"default": {}}], object_type, list_id=list_id)]
    for field, refusals in answers.items():
        for answer in refusals:
            [problem] = answer.json()["error"]["errors"]
            assert (answer.status_code, problem["field"]) == (400, field)
            assert object_type in problem["message"]
