"""Values are tried by the rules by which they are written, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.making import define, make_list

UNKNOWN = "01920000-0000-7000-8000-000000000000"


def tried(
    api: Api,
    properties: dict[str, Any],
    *,
    object_type: str = "deal",
    operation: str = "create",
    list_id: str | None = None,
) -> list[tuple[str, str]]:
    scope = {"type": "workspace"} if list_id is None else {"type": "list", "list_id": list_id}
    body = {"scope": scope, "operation": operation, "properties": properties}
    answer = api.send("POST", f"/{object_type}/properties/validate", json=body)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["valid"] is (said["errors"] == [])
    assert all(error["message"] for error in said["errors"])
    return [(error["field"].removeprefix("properties"), error["code"]) for error in said["errors"]]


def test_what_could_be_written_is_valid_and_is_not_written(api: Api) -> None:
    assert tried(api, {"name": "Acme", "amount": 7, "status": "won"}) == []
    assert tried(api, {}) == []
    assert tried(api, {"amount": None}, operation="update") == []
    assert api.send("GET", "/deal/count").json() == {"total": 0}


def test_every_problem_is_told_with_its_place(api: Api) -> None:
    problems = tried(api, {"nmae": "x", "amount": "many", "status": "nope", "created_at": "2024-01-01", "name": "Acme"})
    assert sorted(problems) == [
        (".amount", "invalid_type"),
        (".created_at", "read_only_property"),
        (".nmae", "invalid_property"),
        (".status", "invalid_option"),
    ]


def test_references_are_looked_up(api: Api) -> None:
    company = api.start([{"default": {"name": "Acme"}}], "organization").json()["results"][0]["id"]
    assert tried(api, {"company": company}) == []
    assert tried(api, {"company": UNKNOWN}) == [(".company", "not_found")]
    # A contact would be made for the address, by whoever writes it; trying it makes none.
    assert tried(api, {"email_addresses": ["nobody@example.org"]}, object_type="identity") == []
    assert tried(api, {"email_addresses": ["nobody@"]}, object_type="identity") == [
        (".email_addresses", "invalid_type")
    ]
    assert api.send("GET", "/contact/count").json() == {"total": 0}


def test_what_is_required_is_demanded_of_new_records_and_never_cleared(api: Api) -> None:
    define(api, name="Code", type="str", required=True)
    assert tried(api, {"name": "Acme"}) == [(".code", "missing_required")]
    assert tried(api, {"code": " "}) == [(".code", "missing_required")]
    assert tried(api, {"code": "x"}) == []
    assert tried(api, {"name": "Acme"}, operation="update") == []
    assert tried(api, {"code": None}, operation="update") == [(".code", "missing_required")]


def test_in_a_list_its_slugs_come_first(api: Api) -> None:
    flow, other = make_list(api, "deal_flow")["id"], make_list(api, "deal_flow")["id"]
    define(api, name="Label", type="num", slug="name", list_id=flow)
    define(api, name="Needed", type="str", required=True, list_id=flow)
    assert tried(api, {"name": "Acme"}) == []
    assert tried(api, {"name": "Acme"}, list_id=other) == []
    assert tried(api, {"name": "Acme", "needed": "x"}, list_id=flow) == [(".name", "invalid_type")]
    assert tried(api, {"name": 3, "amount": 5, "app_stage": "sourced"}, list_id=flow) == [
        (".needed", "missing_required")
    ]
    assert tried(api, {"app_stage": "nope", "needed": "x"}, list_id=flow) == [(".app_stage", "invalid_option")]
    assert tried(api, {"app_stage": "sourced"}) == [(".app_stage", "invalid_property")]
    assert tried(api, {"needed": None}, list_id=flow, operation="update") == [(".needed", "missing_required")]
    assert tried(api, {"amount": 1}, list_id=flow, operation="update") == []


def test_the_stage_is_named_as_it_was_sent(api: Api) -> None:
    flow = make_list(api, "deal_flow")["id"]
    for name in ("status", "app_stage"):
        assert tried(api, {name: "nope"}, list_id=flow) == [(f".{name}", "invalid_option")]
    # By both names the list's own is the one that is read.
    assert tried(api, {"status": "nope", "app_stage": "nope"}, list_id=flow) == [(".app_stage", "invalid_option")]
    assert tried(api, {"status": "nope"}) == [(".status", "invalid_option")]


@pytest.mark.parametrize("half", ["\\ud800", "x\\udfff", "\\udc00\\ud800"])
def test_half_of_a_surrogate_pair_is_a_problem_like_any_other(api: Api, half: str) -> None:
    def send(properties: str, kind: str = "workspace", operation: str = "create") -> Any:
        content = f'{{"scope": {{"type": "{kind}"}}, "operation": "{operation}", "properties": {properties}}}'
        return api.send("POST", "/deal/properties/validate", content=content)

    [error] = send(f'{{"name": "{half}"}}').json()["errors"]
    assert (error["field"], error["code"]) == ("properties.name", "invalid_type")
    assert "half of a surrogate pair" in error["message"]
    [error] = send(f'{{"{half}": 1, "name": "Acme"}}').json()["errors"]
    assert (error["field"], error["code"]) == (f"properties.{half}", "invalid_property")
    for answer, field in ((send("{}", kind=half), ".body.scope.type"), (send("{}", operation=half), ".body.operation")):
        assert answer.status_code == 400, answer.text
        assert answer.json()["error"]["errors"][0]["field"] == field
        assert f'found the text "{half}"' in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ".body.scope"),
        ({"scope": {"type": "team"}, "operation": "create", "properties": {}}, ".body.scope.type"),
        ({"scope": {"type": "list"}, "operation": "create", "properties": {}}, ".body.scope.list_id"),
        (
            {"scope": {"type": "workspace", "list_id": UNKNOWN}, "operation": "create", "properties": {}},
            ".body.scope.list_id",
        ),
        ({"scope": {"type": "workspace"}, "operation": "upsert", "properties": {}}, ".body.operation"),
        ({"scope": {"type": "workspace"}, "operation": "create", "properties": []}, ".body.properties"),
    ],
)
def test_another_body_is_refused(api: Api, body: dict[str, Any], field: str) -> None:
    answer = api.send("POST", "/deal/properties/validate", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["field"] == field


def test_a_choice_that_is_none_is_told_which_there_are(api: Api) -> None:
    def message(kind: str, operation: str) -> str:
        body = {"scope": {"type": kind}, "operation": operation, "properties": {}}
        return str(api.send("POST", "/deal/properties/validate", json=body).json()["error"]["message"])

    assert message("team", "create") == '.body.scope.type: expected one of workspace, list, found the text "team"'
    assert message("workspace", "upsert") == '.body.operation: expected one of create, update, found the text "upsert"'
