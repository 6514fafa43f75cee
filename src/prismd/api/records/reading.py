"""Reading records back: by id, by a property's value, and how many there are (contract, sections 11.4, 11.7, 11.9)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get

from prismd.api.document.shapes import Total
from prismd.api.http.errors import respond
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.http.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.http.query_strings import deleted_in_query, list_in_query, slugs
from prismd.api.limits.answers import within_limits
from prismd.api.records.preconditions import EVALUATED, unless_known
from prismd.api.records.shapes import shown_record
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.records.preconditions import etag
from prismd.services.idempotency.claims import Answer
from prismd.services.records import reading
from prismd.services.records.shown import RecordView


@get("/{object_type:str}/{record_id:str}", sync_to_thread=True, opt={EVALUATED: True})
def get_record(
    request: Request[Any, Any, Any], object_type: PathPart, record_id: PathPart, session: SessionIn
) -> Response[bytes]:
    """Answer one record, with its version as ``etag``."""
    kind, wanted = object_type_in_path(object_type), id_in_path(record_id)
    select, list_id = slugs(request, "select"), list_in_query(request)
    found = session.do(
        reading.get_record,
        kind,
        wanted,
        select=select,
        list_id=list_id,
    )
    return respond(unless_known(request, within_limits(record_answer(found), session.settings)))


@get("/{object_type:str}/by/{slug:str}/{value:str}", sync_to_thread=True, opt={EVALUATED: True})
def find_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    slug: PathPart,
    value: PathPart,
    session: SessionIn,
) -> Response[bytes]:
    """Answer the one record that has a value."""
    kind, by, sought = object_type_in_path(object_type), value_in_path(slug), value_in_path(value)
    select, list_id = slugs(request, "select"), list_in_query(request)
    found = session.do(reading.find_record_or_refuse, kind, by, sought, select=select, list_id=list_id)
    if isinstance(found, PrismdError):
        raise found
    return respond(unless_known(request, within_limits(record_answer(found), session.settings)))


@get("/{object_type:str}/count", sync_to_thread=True)
def count_records(request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer how many records of a type the team has."""
    kind, list_id, deleted = object_type_in_path(object_type), list_in_query(request), deleted_in_query(request)
    total = session.do(reading.count_records, kind, list_id=list_id, deleted=deleted)
    return respond(Answer(200, encode(Total(total=total)), {}))


RECORD_READS: Final = [get_record, find_record, count_records]


def record_answer(view: RecordView, status: int = 200) -> Answer:
    """Return the answer that shows one record, with its version as ``etag``.

    Args:
        view: The record as the team sees it.
        status: The HTTP status.
    """
    return Answer(status, encode(shown_record(view)), {"etag": etag(view.version)})
