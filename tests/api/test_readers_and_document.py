"""Every body is read as the document shows it: what it forbids is refused, and no shape that it allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings

from prismd.api.document.operations import OPERATIONS
from prismd.api.grants.shapes import GrantBody
from prismd.api.http.json_bodies import read_body
from prismd.core.errors import PrismdError
from prismd.core.exports.body import read_export_body
from prismd.core.grants import parse_grant
from prismd.core.imports.decisions import DecisionBody, check_decision
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.core.imports.retry import parse_retry
from prismd.core.json.text import encode
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.queries.bodies import read_query_body
from prismd.core.queries.parsing import QueryLimits, QueryReader, read_ids
from prismd.core.records import batches
from prismd.core.records.lookups import read_lookup
from prismd.core.records.rows import RefusedRow, RowLimits, RowParser
from prismd.core.records.writes import check_id, read_record_body
from prismd.core.values.property_values import ValueLimits
from tests.api.documented_bodies import ANYTHING, MEANINGS, Documented

VALUES: Final = ValueLimits(1_000_000, 1_000)
LIMITS: Final = RequestLimits(100_000)
ROWS: Final = RowParser(native_schema("contact"), RowLimits(VALUES, 2**21, 100))
#: What the rows of an import may be as far as the request as a whole is judged: a malformed row fails alone.
ANY_ROW: Final[dict[str, Any]] = {}
NUMBERED: Final = {
    "type": "object",
    "required": ["input_index"],
    "properties": {"input_index": {"type": "integer", "minimum": 0}},
}


def read_query(body: bytes) -> None:
    asked = read_query_body(body)
    read_ids(asked.id, ".body.id", 1_000)
    schemas = {name: native_schema(name) for name in OBJECT_TYPES}
    limits = QueryLimits(VALUES, select_max=500, filter_max=100, sort_max=10, ids_max=1_000)
    QueryReader(schemas, "contact", None, limits, ".body.query").read(asked.query.parts)


def read_export(body: bytes) -> None:
    asked = read_export_body(body)
    read_ids(asked.id, ".body.id", 1_000)
    if asked.query is not None:
        schemas = {name: native_schema(name) for name in OBJECT_TYPES}
        limits = QueryLimits(VALUES, select_max=500, filter_max=100, sort_max=10, ids_max=1_000)
        QueryReader(schemas, "contact", None, limits, ".body.query").read(asked.query.parts)


def read_items(read: Callable[[bytes, int], list[batches.BatchItem]]) -> Callable[[bytes], None]:
    def read_all(body: bytes) -> None:
        for item in read(body, 100):
            if item.error is not None:
                raise item.error

    return read_all


def read_found(body: bytes) -> None:
    names = json.loads(body).get("match") if isinstance(json.loads(body), dict) else None
    name = "primary_domain" if isinstance(names, dict) and "primary_domain" in names else "email_address"
    read_lookup(body, name, 1_000_000)


def read_grant(body: bytes) -> None:
    sent = read_body(body, GrantBody)
    parse_grant({name: getattr(sent, name) for name in sent.__struct_fields__}, ids_max=1_000)


#: How a body is read where a handler does more than ask for its type.
READERS: Final[dict[str, Callable[[bytes], object]]] = {
    "startImport": lambda body: parse_request("contact", body, LIMITS),
    "retryImport": lambda body: parse_retry(body, LIMITS),
    "decideImport": lambda body: check_decision(read_body(body, DecisionBody)),
    "createRecord": lambda body: check_id(read_record_body(body), None),
    "updateRecord": read_record_body,
    "upsertRecord": read_record_body,
    "updateRecords": read_items(batches.read_updates),
    "deleteRecords": read_items(batches.read_ids),
    "restoreRecords": read_items(batches.read_ids),
    "purgeRecords": read_items(batches.read_ids),
    "queryRecords": read_query,
    "exportRecords": read_export,
    "findOrCreateRecord": read_found,
    "putGrant": read_grant,
}
NAMES: Final = [one.name for one in OPERATIONS if one.body is not None]
#: Members whose values are judged with what they mean, by use cases: of views, what kind they are and what they ask.
MEANT: Final = {
    "createView": ("view_type", "select", "filter", "sort", "combinator"),
    "updateView": ("view_type", "select", "filter", "sort", "combinator"),
    "orderViewRecords": ("object_ids",),
}


def documented(name: str) -> Documented:
    """Return the body of an operation as its reader judges it: without what is judged for each row, or later."""
    found = Documented(name)
    loose = {"startImport": ("ImportBody", ANY_ROW), "retryImport": ("RetryBody", NUMBERED)}
    if name in loose:
        shape, row = loose[name]
        schema = found.schemas[shape]
        rows = {**schema["properties"]["objects"], "items": row}
        found.schemas = {**found.schemas, shape: {**schema, "properties": {**schema["properties"], "objects": rows}}}
    return found


def reader(name: str) -> Callable[[bytes], object]:
    [shape] = [one.body for one in OPERATIONS if one.name == name]
    return READERS.get(name, lambda body: read_body(body, shape))


def refusal_of(act: Callable[[], object]) -> PrismdError | None:
    """Return why something is refused; None if it is not."""
    try:
        act()
    except PrismdError as error:
        return error
    return None


@pytest.mark.parametrize("name", NAMES)
def test_what_the_document_allows_is_refused_for_no_shape(name: str) -> None:
    body, read = documented(name), reader(name)

    @given(body.allowed())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def accepted(value: Any) -> None:
        error = refusal_of(lambda: read(encode(value)))
        if error is not None:
            problems = [{"field": one.field, "code": one.code} for one in error.problems]
            assert body.shape_faults(error.message, problems) == [], error.message

    accepted()


@pytest.mark.parametrize("name", NAMES)
def test_what_the_document_forbids_is_refused(name: str) -> None:
    body, read, later = documented(name), reader(name), MEANT.get(name, ())

    @given(body.changed() | ANYTHING)
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    def judged(value: Any) -> None:
        if body.allows(value) or (isinstance(value, dict) and any(one in value for one in later)):
            return
        error = refusal_of(lambda: read(encode(value)))
        assert error is not None, value
        assert error.code == "invalid_request"
        assert all(problem.field.startswith(".body") for problem in error.problems)

    judged()


@given(Documented("startImport").changed())
@example({"objects": [{"default": None, "list": None, "extended": None}]})
@example({"objects": [{"email": "a@b.org"}]})
@example({"objects": [{"list": {"00000000-0000-4000-8000-000000000000": None}}]})
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_row_is_malformed_if_the_document_forbids_it(body: Any) -> None:
    documented_row = Documented("startImport")
    row_schema = {"$ref": "#/components/schemas/ObjectProperties"}
    for row in body["objects"] if isinstance(body, dict) and isinstance(body.get("objects"), list) else ():
        judged = ROWS.parse(encode(row))
        problems = judged.problems if isinstance(judged, RefusedRow) else []
        malformed = [one.message for one in problems if one.code == "invalid_row"]
        meant = any(meaning in message for meaning in MEANINGS for message in malformed)
        assert bool(malformed) != documented_row.allows(row, row_schema) or meant, row
