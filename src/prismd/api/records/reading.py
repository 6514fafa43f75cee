"""Reading records over HTTP: by id, by a property's value, and counting them (contract, sections 11.4, 11.7, 11.9)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import DELETED, ETAG, RECORDS, Operation, Parameter, Reply
from prismd.api.document.shapes import Total
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.http.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.http.query_strings import deleted_in_query, list_in_query, slugs
from prismd.api.limits.answers import within_limits
from prismd.api.records.parameters import LIST, LOOKUP, RECORD
from prismd.api.records.preconditions import unless_known
from prismd.api.records.shapes import Record, shown_record
from prismd.core.api_keys.scopes import Scope
from prismd.core.json.text import encode
from prismd.core.records.preconditions import etag
from prismd.services.idempotency.claims import Answer
from prismd.services.records import reading
from prismd.services.records.reading import KeyValue, ValuesWanted
from prismd.services.records.shown import RecordView

_SELECT: Final = Parameter("select", "query", "Slugs of the properties wanted, with commas; all where absent.")
_COUNTED_LIST: Final = Parameter("list_id", "query", "Count only the records in this list.")
_KNOWN: Final = (
    Parameter(
        "If-None-Match",
        "header",
        "Versions that the caller has: without `select`, 304 and no body if it is one of them.",
    ),
    Parameter("If-Match", "header", "Answer only if the record has one of these entity tags."),
)
_NOT_MODIFIED: Final = Reply(304, "The caller has this version.", headers=ETAG)


@handles(
    Operation(
        name="getRecord",
        method="GET",
        path=RECORD,
        tag="Records",
        scopes=(Scope.READ,),
        summary="Read a record",
        parameters=(_SELECT, LIST, *_KNOWN),
        replies=(Reply(200, "The record.", Record, ETAG), _NOT_MODIFIED),
        errors=("precondition_failed", "not_found", "method_not_allowed"),
    )
)
def get_record(
    request: Request[Any, Any, Any], object_type: PathPart, record_id: PathPart, session: SessionIn
) -> Response[bytes]:
    """Answer one record, with its version as ``etag``."""
    kind, wanted = object_type_in_path(object_type), id_in_path(record_id)
    values = ValuesWanted(slugs(request, "select"), list_in_query(request))
    found = session.do(reading.get_record, kind, wanted, values)
    return respond(unless_known(request, within_limits(record_answer(found), session.settings)))


@handles(
    Operation(
        name="findRecord",
        method="GET",
        path=LOOKUP,
        tag="Records",
        scopes=(Scope.READ,),
        summary="Find the one record that has a value",
        description="Compared as imports compare keys: without regard to case and outer spaces.",
        parameters=(_SELECT, LIST, *_KNOWN),
        replies=(Reply(200, "The record.", Record, ETAG), _NOT_MODIFIED),
        errors=("precondition_failed", "not_found", "multiple_matches", "method_not_allowed"),
    )
)
def find_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    slug: PathPart,
    value: PathPart,
    session: SessionIn,
) -> Response[bytes]:
    """Answer the only record that has a value."""
    kind, sought = object_type_in_path(object_type), KeyValue(value_in_path(slug), value_in_path(value))
    values = ValuesWanted(slugs(request, "select"), list_in_query(request))
    found = session.do(reading.find_record, kind, sought, values)
    return respond(unless_known(request, within_limits(record_answer(found), session.settings)))


@handles(
    Operation(
        name="countRecords",
        method="GET",
        path=f"{RECORDS}/count",
        tag="Records",
        scopes=(Scope.READ,),
        summary="Count records",
        parameters=(_COUNTED_LIST, DELETED),
        replies=(Reply(200, "How many there are, without deleted ones unless they are asked for.", Total),),
        errors=("not_found", "method_not_allowed"),
    )
)
def count_records(request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the number of the team's records of a type."""
    kind, list_id, deleted = object_type_in_path(object_type), list_in_query(request), deleted_in_query(request)
    total = session.do(reading.count_records, kind, list_id=list_id, deleted=deleted)
    return respond(Answer(200, encode(Total(total=total)), {}))


RECORD_READS: Final = (get_record, count_records, find_record)


def record_answer(view: RecordView, status: int = 200) -> Answer:
    """Return the answer that shows one record, with its version as ``etag``.

    Args:
        view: The record as the team sees it.
        status: The HTTP status.
    """
    return Answer(status, encode(shown_record(view)), {"etag": etag(view.version)})
