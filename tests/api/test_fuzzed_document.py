"""Every answer conforms to the document, whatever is sent: also to requests that reach real records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from prismd.api.document.openapi import document
from prismd.core.lists.templates import TEMPLATES
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import PLAIN_TYPES
from tests.isolation.cases import IN_PATH
from tests.isolation.world import LISTED, TEXTS, World, new_world

if TYPE_CHECKING:
    from tests.processes import RunningServer

#: The checks that hold for every answer. That all that the schema forbids is refused is not among them, since the
#: contract ignores what it does not know, and takes `"42"` for 42.
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "allow_header_conformance",
)
#: Members of bodies whose keys, or those of whose entries, are slugs.
KEYED_BY_SLUG: Final = {"default", "properties", "filter", "sort"}
#: Members of bodies that take one of few words, which chance would not find.
WORDS: Final = {"type": PLAIN_TYPES, "template_id": tuple(TEMPLATES), "object_type": (LISTED,)}

Draw = Callable[[Any], Any]


def operations() -> Iterator[Any]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:
                if operation["parameters"] or mode is GenerationMode.POSITIVE:  # without any, nothing can be wrong
                    yield pytest.param(method, path, mode, id=f"{operation['operationId']}-{mode.value}")


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def lasting(server: RunningServer, http: httpx.Client) -> World:
    return new_world(server, http)


@pytest.fixture
def world(request: pytest.FixtureRequest, server: RunningServer, http: httpx.Client) -> World:
    """A team with some of everything; of its own where the test deletes."""
    deletes = request.node.callspec.params["method"] == "delete"
    return new_world(server, http) if deletes else request.getfixturevalue("lasting")


@pytest.mark.parametrize(("method", "path", "mode"), list(operations()))
def test_answers_conform_to_the_document_whatever_is_sent(
    world: World, method: str, path: str, mode: GenerationMode
) -> None:
    schemathesis.checks.load_all_checks()
    checks = schemathesis.checks.CHECKS.get_by_names(CHECKS)
    operation = schemathesis.openapi.from_dict(document())[path][method]

    @given(operation.as_strategy(generation_mode=mode), st.data())
    @settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    def conform(case: Any, data: st.DataObject) -> None:
        if "teamId" in case.path_parameters:
            case.path_parameters["teamId"] = world.team
        if data.draw(st.integers(0, 3)):
            _steer(case, world, data.draw)
        case.call_and_validate(base_url=world.url, headers={"x-api-key": world.key}, checks=checks)

    conform()


def _steer(case: Any, world: World, draw: Draw) -> None:
    """Let a request be about what there is: ids in path and query, slugs in the body."""
    parameters = case.path_parameters
    object_type = parameters.get("objectType", LISTED)
    if object_type not in TEXTS:
        return
    for name, kind in IN_PATH.items():
        if name in parameters:
            parameters[name] = world.fresh(kind, object_type)
    if "slug" in parameters:
        parameters.update(slug=TEXTS[object_type], value=draw(st.sampled_from((world.name, "nobody"))))
    if "templateId" in parameters:
        parameters["templateId"] = "custom"
    slugs = sorted(native_schema(object_type).properties)
    _steer_query(case.query, object_type, world, draw(st.sampled_from(slugs)))
    for name in ("Idempotency-Key", "If-Match"):
        case.headers.pop(name, None)
    case.body = _about(case.body, slugs, draw)


def _steer_query(query: Any, object_type: str, world: World, slug: str) -> None:
    query.pop("cursor", None)
    if "list_id" in query and object_type == LISTED:
        query["list_id"] = world.one("list")
    else:
        query.pop("list_id", None)
    for name, value in (("select", slug), ("sort", f"-{slug}"), ("type", "select_str"), ("limit", "1")):
        if name in query:
            query[name] = value


def _about(body: Any, slugs: list[str], draw: Draw) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: _with_slugs(name, value, slugs, draw) for name, value in body.items()}


def _with_slugs(name: str, value: Any, slugs: list[str], draw: Draw) -> Any:
    if name in WORDS and isinstance(value, str):
        return draw(st.sampled_from(WORDS[name]))
    if name == "select" and isinstance(value, list):
        return [draw(st.sampled_from(slugs)) for _ in value]
    if name in KEYED_BY_SLUG and isinstance(value, dict):
        return {draw(st.sampled_from(slugs)): held for held in value.values()}
    if name in KEYED_BY_SLUG and isinstance(value, list):
        return [_with_slugs(name, entry, slugs, draw) for entry in value]
    if isinstance(value, list):
        return [_about(entry, slugs, draw) for entry in value]
    return _about(value, slugs, draw)
