"""The OpenAPI document is complete, true, and readable as a page that needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from prismd.api.app import create_app
from prismd.api.openapi import document
from prismd.core.errors import HTTP_STATUS
from prismd.services.runtime import Runtime

if TYPE_CHECKING:
    from tests.api.conftest import Api

PARTS = {
    "team_id": "teamId", "object_type": "objectType", "record_id": "recordId", "job_id": "jobId", "slug": "slug",
    "value": "value", "view_id": "viewId", "property_id": "propertyId", "option_id": "optionId", "list_id": "listId",
    "template_id": "templateId",
}  # fmt: skip
#: How the paths of writes end that say all.
BODILESS = ("/cancel", "/ticket", "/duplicate", "{recordId}/restore", "/records/{recordId}")
#: The document itself and the page about it.
UNDESCRIBED = {("GET", "/openapi.json"), ("GET", "/docs")}


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


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in {"src", "href"}:
                self.links.append(value or "")
            if name == "id":
                self.ids.add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_from_elsewhere_and_shows_every_operation(api: Api) -> None:
    answer = api.send("GET", "/docs", key=None)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    page = _Page()
    page.feed(answer.text)
    assert not {"script", "link", "img", "iframe", "form"} & set(page.tags)
    assert "url(" not in answer.text
    assert "@import" not in answer.text
    for link in page.links:
        assert link == "/openapi.json" or link.removeprefix("#") in page.ids
    for _, path, operation in operations():
        assert operation["summary"] in page.text
        assert path in page.text
