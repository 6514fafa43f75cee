"""The OpenAPI document is complete and true."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from prismd.api.app import create_app
from prismd.api.document.openapi import document
from prismd.core.errors import HTTP_STATUS
from prismd.services.runtime import Runtime
from prismd.settings import Settings

if TYPE_CHECKING:
    from tests.api.conftest import Api

PARTS = {
    "name": "name",
    "team_id": "teamId", "object_type": "objectType", "record_id": "recordId", "job_id": "jobId", "slug": "slug",
    "value": "value", "view_id": "viewId", "property_id": "propertyId", "option_id": "optionId", "list_id": "listId",
    "template_id": "templateId", "file_id": "fileId",
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
        reads = path.endswith(("/ticket", "/validate", "/query", "/export"))
        assert keyed == (method in {"POST", "PATCH", "PUT"} and not reads)
        if keyed:
            assert "idempotency_key_mismatch" in operation["responses"]["409"]["description"]


def test_limits_stand_there_by_the_values_of_the_settings() -> None:
    assert "setting:" not in json.dumps(document())
    limits: dict[str, Any] = {
        "batch_items_max": 7, "rows_per_request_max": 8, "query_ids_max": 9, "query_select_max": 11,
        "query_filter_max": 12, "query_sort_max": 13, "page_max": 14, "pinned_records_max": 15, "grant_ids_max": 1_600,
        "sync_rows_max": 17, "import_retention_days": 18, "idempotency_hours": 19, "results_page_max": 21,
    }  # fmt: skip
    shown = json.dumps(document(Settings(**limits)))
    for name in ("batch_items_max", "rows_per_request_max", "query_ids_max", "query_select_max", "pinned_records_max"):
        assert f'"maxItems": {limits[name]}' in shown
    for name in ("query_filter_max", "query_sort_max"):
        assert shown.count(f'"maxItems": {limits[name]}') >= 3  # of queries and of views
    assert '"maximum": 14' in shown
    for words in (
        "At most 7.",
        "At most 1,600 ids",
        "Up to 17 rows",
        "for 18 days",
        "for 19 hours",
        "cut at 21",
        "cut at 14",
    ):
        assert words in shown


def test_a_server_shows_and_keeps_its_own_limits(serve: Callable[..., Api]) -> None:
    api = serve(batch_items_max=2)
    schemas = api.send("GET", "/openapi.json", key=None).json()["components"]["schemas"]
    assert schemas["BatchIds"]["properties"]["ids"]["maxItems"] == 2
    ids = [str(uuid.UUID(int=number)) for number in range(3)]
    assert api.send("POST", "/contact/batch/delete", json={"ids": ids[:2]}).status_code == 200
    assert api.send("POST", "/contact/batch/delete", json={"ids": ids}).status_code == 400


def test_the_document_is_served(api: Api) -> None:
    answer = api.send("GET", "/openapi.json", key=None)
    assert answer.json() == document()
    assert document()["openapi"].startswith("3.1.")
