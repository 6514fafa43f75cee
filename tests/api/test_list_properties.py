"""Properties of lists over HTTP: where they are, what they may be called, and what is theirs alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.making import define, make_list, properties_of
from tests.refusals import error_of

UNKNOWN = "01920000-0000-7000-8000-000000000000"


def slugs(listed: list[dict[str, Any]], list_id: str | None) -> list[str]:
    return [prop["slug"] for prop in listed if prop["list_id"] == list_id and not prop["native"]]


@pytest.fixture
def flow(api: Api) -> dict[str, Any]:
    return make_list(api, "deal_flow")


def test_a_property_of_a_list_is_shown_with_it_and_nowhere_else(api: Api, flow: dict[str, Any]) -> None:
    other = make_list(api, "sales_deals")
    everywhere = define(api, name="Everywhere")
    own = define(api, list_id=flow["id"])
    assert (own["list_id"], own["crm_id"], own["alias"], own["team_id"]) == (flow["id"], flow["id"], None, api.team)
    assert (everywhere["list_id"], everywhere["crm_id"]) == (None, None)
    assert slugs(properties_of(api, "deal", list_id=flow["id"]), flow["id"]) == ["app_stage", "weight"]
    assert slugs(properties_of(api, "deal", crm_id=flow["id"].upper()), flow["id"]) == ["app_stage", "weight"]
    assert slugs(properties_of(api, "deal", list_id=other["id"]), other["id"]) == ["app_stage"]
    assert slugs(properties_of(api, "deal"), None) == ["everywhere"]
    for one in (flow, other):
        assert {prop["list_id"] for prop in properties_of(api, "deal", list_id=one["id"])} == {one["id"]}
    assert slugs(properties_of(api, "deal"), flow["id"]) == []
    assert slugs(properties_of(api, "deal", list_id=flow["id"], term="WEIG"), flow["id"]) == ["weight"]
    all_types = api.send("GET", "/properties", params={"list_id": flow["id"]}).json()
    assert slugs(list(all_types["deal"].values()), flow["id"]) == ["app_stage", "weight"]
    stages = {name: slugs(list(found.values()), flow["id"]) for name, found in all_types.items() if found}
    assert stages == {"deal": ["app_stage", "weight"], "identity": ["app_stage"], "organization": ["app_stage"]}


def test_names_and_slugs_are_unique_in_their_scope(api: Api, flow: dict[str, Any]) -> None:
    other = make_list(api, "deal_flow")
    scopes: list[dict[str, Any]] = [{}, {"list_id": flow["id"]}, {"crm_id": other["id"]}]
    made = [define(api, slug="weight", **scope) for scope in scopes]
    assert {prop["slug"] for prop in made} == {"weight"}
    for scope in scopes:
        again = {"name": "weight ", "type": "num", **scope}
        error_of(api.send("POST", "/deal/properties", json=again), 409, "name_taken")
        again = {"name": "Other", "slug": "weight", "type": "num", **scope}
        error_of(api.send("POST", "/deal/properties", json=again), 409, "slug_taken")
    stage = {"name": "Second", "slug": "app_stage", "type": "str"}
    error_of(api.send("POST", "/deal/properties", json=stage), 409, "slug_taken")
    error_of(api.send("POST", "/deal/properties", json={**stage, "list_id": flow["id"]}), 409, "slug_taken")
    assert define(api, name="App stage")["slug"] == "app_stage_2"
    # One that is merely derived hides nothing that all records have.
    assert define(api, name="Amount", list_id=flow["id"])["slug"] == "amount_2"
    assert define(api, name="The amount", slug="amount", list_id=flow["id"])["slug"] == "amount"


def test_a_list_of_another_team_or_none_is_not_found(api: Api, serve: Callable[..., Api]) -> None:
    theirs = make_list(serve(), "deal_flow")["id"]
    for list_id in (UNKNOWN, theirs):
        body = {"name": "A", "type": "str", "list_id": list_id}
        error_of(api.send("POST", "/deal/properties", json=body), 404, "not_found")
        error_of(api.send("GET", "/deal/properties", params={"list_id": list_id}), 404, "not_found")
        path = "/deal/properties/app_stage"
        located = {"type": "select_str", "list_id": list_id}
        error_of(api.send("PATCH", path, json=located), 404, "not_found")
        error_of(api.send("DELETE", path, params=located), 404, "not_found")
        error_of(api.send("POST", f"{path}/options", json={**located, "value": "x"}), 404, "not_found")
        scope = {"scope": {"type": "list", "list_id": list_id}, "operation": "create", "properties": {}}
        error_of(api.send("POST", "/deal/properties/validate", json=scope), 404, "not_found")


def test_one_that_stands_elsewhere_is_not_found_where_it_is_not(api: Api, flow: dict[str, Any]) -> None:
    own, everywhere, other = define(api, list_id=flow["id"]), define(api), make_list(api, "deal_flow")
    for prop, list_id in ((own, other["id"]), (everywhere, flow["id"])):
        located = {"type": "num", "list_id": list_id}
        error_of(api.send("PATCH", f"/deal/properties/{prop['id']}", json=located), 404, "not_found")
        error_of(api.send("DELETE", f"/deal/properties/{prop['id']}", params=located), 404, "not_found")
    both = {"name": "A", "type": "str", "list_id": flow["id"], "crm_id": other["id"]}
    error_of(api.send("POST", "/deal/properties", json=both), 400, "invalid_request")


def test_the_stage_is_reached_by_its_name(api: Api, flow: dict[str, Any]) -> None:
    path, located = "/deal/properties/app_stage", {"type": "select_str", "list_id": flow["id"]}
    patched = api.send("PATCH", path, json={**located, "name": "Phase"})
    assert (patched.status_code, patched.json()["name"], patched.json()["alias"]) == (200, "Phase", "app_stage")
    option = api.send("POST", f"{path}/options", json={**located, "value": "On ice"})
    assert option.status_code == 201
    assert (option.json()["slug"], option.json()["list_id"], option.json()["crm_id"]) == (
        "on_ice",
        flow["id"],
        flow["id"],
    )
    one = f"{path}/options/{option.json()['id']}"
    changed = api.send("PATCH", one, json={**located, "value": "Frozen"})
    assert (changed.json()["value"], changed.json()["list_id"]) == ("Frozen", flow["id"])
    assert api.send("DELETE", one, params=located).status_code == 204
    error_of(api.send("DELETE", path, params=located), 400, "invalid_request")
    error_of(api.send("PATCH", path, json={**located, "type": "str"}), 400, "invalid_request")
    error_of(api.send("PATCH", path, json={"type": "select_str"}), 404, "not_found")
    stage = next(prop for prop in properties_of(api, "deal", list_id=flow["id"]) if prop["alias"])
    by_id = api.send("PATCH", f"/deal/properties/{stage['id']}", json={"type": "select_str", "icon": "flag"})
    assert by_id.json()["icon"] == "flag"


def test_what_records_of_a_list_hold_cannot_be_deleted(api: Api, flow: dict[str, Any]) -> None:
    own = define(api, list_id=flow["id"], slug="name")
    choice: dict[str, Any] = {"name": "Round", "type": "select_str", "options": [{"value": "A"}, {"value": "B"}]}
    select = define(api, list_id=flow["id"], **choice)
    free = define(api, name="Free", list_id=flow["id"])
    rows = [{"default": {"name": "Acme"}, "list": {"name": 7, "round": "a"}}]
    job = api.start(rows, "deal", list_id=flow["id"]).json()
    assert job["created"] == 1, job
    located = {"type": "num", "list_id": flow["id"]}
    error_of(api.send("DELETE", f"/deal/properties/{own['id']}", params=located), 409, "property_in_use")
    options = {option["slug"]: option["id"] for option in select["options"]}
    path = f"/deal/properties/{select['id']}/options"
    located = {"type": "select_str", "list_id": flow["id"]}
    error_of(api.send("DELETE", f"{path}/{options['a']}", params=located), 409, "option_in_use")
    assert api.send("DELETE", f"{path}/{options['b']}", params=located).status_code == 204
    assert api.send("DELETE", f"/deal/properties/{free['id']}", params={"type": "num"}).status_code == 204
    assert slugs(properties_of(api, "deal", list_id=flow["id"]), flow["id"]) == ["app_stage", "name", "round"]


def test_a_key_of_an_import_under_way_cannot_be_deleted(api: Api, flow: dict[str, Any]) -> None:
    own, everywhere = define(api, list_id=flow["id"], slug="weight"), define(api, slug="weight")
    rows = [{"list": {"weight": number}} for number in range(200)]
    assert api.start(rows, "deal", list_id=flow["id"], dedupe_by="weight").status_code == 202
    error_of(api.send("DELETE", f"/deal/properties/{own['id']}", params={"type": "num"}), 409, "property_in_use")
    assert api.send("DELETE", f"/deal/properties/{everywhere['id']}", params={"type": "num"}).status_code == 204
    api.work()


def test_a_property_is_made_required_once_nothing_lacks_it(api: Api, flow: dict[str, Any]) -> None:
    api.start([{"default": {"name": "Outside"}}, {"default": {"name": " "}}], "deal")
    error_of(
        api.send("POST", "/deal/properties", json={"name": "New", "type": "str", "required": True}),
        409,
        "required_backfill_needed",
    )
    own = define(api, list_id=flow["id"], required=True)  # nothing is in the list yet
    assert own["required"] is True
    path, located = f"/deal/properties/{own['id']}", {"type": "num", "list_id": flow["id"]}
    assert api.send("PATCH", path, json={**located, "required": False}).json()["required"] is False
    job = api.start([{"default": {"name": "Inside"}}], "deal", list_id=flow["id"]).json()
    record = job["results"][0]["id"]
    error_of(api.send("PATCH", path, json={**located, "required": True}), 409, "required_backfill_needed")
    api.send("PATCH", f"/deal/{record}", json={"list": {flow["id"]: {"weight": 3}}})
    assert api.send("PATCH", path, json={**located, "required": True}).json()["required"] is True

    everywhere = define(api, name="Everywhere", type="str")
    path = f"/deal/properties/{everywhere['id']}"
    found = api.send("POST", "/deal/query", json={"query": {"select": ["name"]}}).json()["data"]
    for row, value in zip(found, ["a", "  ", "c"], strict=True):
        error_of(api.send("PATCH", path, json={"type": "str", "required": True}), 409, "required_backfill_needed")
        assert api.send("PATCH", f"/deal/{row['id']}", json={"default": {"everywhere": value}}).status_code == 200
    error_of(api.send("PATCH", path, json={"type": "str", "required": True}), 409, "required_backfill_needed")
    assert api.send("DELETE", f"/deal/{found[1]['id']}").status_code == 204
    assert api.send("PATCH", path, json={"type": "str", "required": True}).status_code == 200
    # It is required already, so nothing is looked at again.
    api.send("POST", f"/deal/{found[1]['id']}/restore")
    assert api.send("PATCH", path, json={"type": "str", "required": True, "icon": "x"}).status_code == 200


def test_stages_count_for_no_limit_of_properties(serve: Callable[..., Api]) -> None:
    api = serve(properties_per_type_max=1)
    flow = make_list(api, "deal_flow")
    define(api, list_id=flow["id"])
    error_of(api.send("POST", "/deal/properties", json={"name": "B", "type": "str"}), 400, "invalid_request")
    assert make_list(api, "deal_flow")["id"] != flow["id"]
