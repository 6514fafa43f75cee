"""The OpenAPI document is complete and true."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from prismd.api.app import create_app
from prismd.api.document.openapi import document
from prismd.core.errors import HTTP_STATUS
from prismd.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.api.conftest import Api

PARTS = {
    "name": "name",
    "team_id": "teamId", "object_type": "objectType", "record_id": "recordId", "job_id": "jobId", "slug": "slug",
    "value": "value", "view_id": "viewId", "property_id": "propertyId", "option_id": "optionId", "list_id": "listId",
    "template_id": "templateId",
}  # fmt: skip
#: How the paths of writes end that say all.
BODILESS = ("/cancel", "/ticket", "/duplicate", "{recordId}/restore", "/records/{recordId}")
#: The document itself and the page about it.
UNDESCRIBED = {("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/docs/{name}")}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_has_every_route_and_no_other(runtime: Runtime) -> None:
    app: Any = create_app(runtime)
    served = {
        (method, re.sub(r"{(\w+):str}", lambda found: "{" + PARTS[found[1]] + "}", route.path))
        for route in app._app.routes
        for method in route.methods
        if method != "OPTIONS"
    }
    assert {(method, path) for method, path, _ in operations()} | UNDESCRIBED == served


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(document())
    names = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert names == set(document()["components"]["schemas"])


@pytest.mark.parametrize(("method", "path", "operation"), operations())
def test_every_operation_is_whole(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert named == set(re.findall(r"{(\w+)}", path))
    assert all(parameter["description"] for parameter in operation["parameters"])
    takes_a_body = method in {"POST", "PATCH", "PUT"} and not path.endswith(BODILESS)
    assert ("requestBody" in operation) == takes_a_body
    statuses = set(operation["responses"])
    assert "500" in statuses
    if path.startswith("/v2/"):
        assert statuses >= {"400", "401", "403", "429", "503"}
    for status, response in operation["responses"].items():
        assert response["description"]
        assert "x-request-id" in response["headers"]
        if int(status) >= 400:
            codes = re.findall(r"`(\w+)`", response["description"])
            assert codes
            assert {HTTP_STATUS[code] for code in codes} == {int(status)}
            schema = response["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}


def test_writes_take_an_idempotency_key_and_say_how_it_can_fail() -> None:
    for method, path, operation in operations():
        keyed = any(parameter["name"] == "Idempotency-Key" for parameter in operation["parameters"])
        assert keyed == (method in {"POST", "PATCH", "PUT"} and not path.endswith(("/ticket", "/validate", "/query")))
        if keyed:
            assert "idempotency_key_mismatch" in operation["responses"]["409"]["description"]


def test_the_document_is_served(api: Api) -> None:
    answer = api.send("GET", "/openapi.json", key=None)
    assert answer.json() == document()
    assert document()["openapi"].startswith("3.1.")
