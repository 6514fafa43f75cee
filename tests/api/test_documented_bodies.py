"""Every operation takes the bodies that the document allows, and refuses by name what the document forbids."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from prismd.api.document.operation import Operation
from prismd.api.document.operations import OPERATIONS
from tests.api.documented_bodies import (
    Documented,
    Schema,
    Steps,
    field_of,
    steps_of,
    with_member,
    without_member,
)
from tests.api.test_unknown_members import World

if TYPE_CHECKING:
    from tests.api.conftest import Api

BODIES: Final = [one for one in OPERATIONS if one.body is not None]
JSON: Final = {"content-type": "application/json"}
UNKNOWN: Final = "unknown_member"
#: A value of each kind of JSON.
KINDS: Final[tuple[Any, ...]] = (None, True, 0.5, "text", [True], {"a": True})
#: Rows of imports and items of batches are refused each for itself, by a message that begins with their field.
FOR_THEMSELVES: Final = ("objects", "items", "ids")


def forbidden(body: Documented, value: Any, steps: Steps = ()) -> Iterator[tuple[str, Any]]:
    """Yield what the document forbids of a body that it allows: the field at fault, and the body.

    Each member of which the document says something gets each kind of value that it cannot have; what is required is
    left out; and each object that takes no further members gets one.
    """
    for schema in body.at(steps):
        if isinstance(value, dict) and "properties" in schema:
            yield from _of_object(schema, value, steps)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, held in inner:
        yield from forbidden(body, held, (*steps, step))


def _of_object(schema: Schema, value: dict[str, Any], steps: Steps) -> Iterator[tuple[str, Any]]:
    for name in schema["properties"]:
        for kind in KINDS:
            yield field_of((*steps, name)), (steps, "put", name, kind)
    for name in schema.get("required", ()):
        if name in value:
            yield field_of((*steps, name)), (steps, "drop", name, None)
    if schema.get("additionalProperties", True) is False:
        yield field_of((*steps, UNKNOWN)), (steps, "put", UNKNOWN, True)


def faulty(whole: Any, change: Any) -> Any:
    steps, how, name, kind = change
    where = (*steps, name)
    return without_member(whole, where) if how == "drop" else with_member(whole, where, kind)


def named_by(api: Api, answer: httpx.Response) -> str:
    """Return all that an answer refuses: a request, or rows and items of it, also those that a job imports later."""
    if answer.status_code == 400:
        assert answer.json()["error"]["code"] == "invalid_request"
        return json.dumps(answer.json()["error"]["errors"])
    assert answer.status_code in {200, 202}, answer.text
    results = answer.json().get("results")
    if answer.status_code == 202:
        api.work()
        results = api.send("GET", f"/imports/{answer.json()['job_id']}/results?limit=1").json()["data"]
    return json.dumps([one for one in results if "error" in one])


@pytest.mark.parametrize("operation", BODIES, ids=lambda one: one.name)
def test_what_the_document_forbids_is_refused_by_name(api: Api, operation: Operation) -> None:
    world, body = World.of(api), Documented(operation.name)
    whole, before, tried = world.body(operation), world.state(), 0
    assert body.allows(whole)
    for field, change in forbidden(body, whole):
        sent = faulty(whole, change)
        if body.allows(sent):
            continue
        answer = api.send(operation.method, world.path(operation), content=json.dumps(sent), headers=JSON)
        said, within = named_by(api, answer), steps_of(field)
        if answer.status_code == 400:
            assert field in said, (sent, said)
        else:
            # The item is refused for itself.
            assert within[0] in FOR_THEMSELVES, (sent, answer.text)
            assert isinstance(sent[within[0]], list), (sent, answer.text)
            assert said != "[]", (sent, answer.text)
        tried += 1
    assert tried >= 6
    if operation.name not in {"startImport", "retryImport"}:
        assert world.state() == before


@pytest.mark.parametrize("operation", BODIES, ids=lambda one: one.name)
def test_what_the_document_allows_is_refused_for_no_shape(api: Api, operation: Operation) -> None:
    world, body = World.of(api), Documented(operation.name)
    statuses = {int(status) for status in body.operation["responses"]}

    @given(body.allowed())
    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def taken(value: Any) -> None:
        if operation.name == "findOrCreateRecord" and "primary_domain" not in value["match"]:
            return  # it looks organizations up here, and people by other names
        answer = api.send(operation.method, world.path(operation), content=json.dumps(value), headers=JSON)
        assert answer.status_code in statuses, answer.text
        if answer.status_code == 400:
            error = answer.json()["error"]
            assert body.shape_faults(error["message"], error["errors"]) == [], (value, error)

    taken()
