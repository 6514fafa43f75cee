"""Reading records back: by id, by a property's value, and how many there are (contract, sections 11.4, 11.7, 11.9)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from prismd.api.errors import respond
from prismd.api.injected import CallerIn, PathPart, RuntimeIn
from prismd.api.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.queries import refuse_list_scope, slugs
from prismd.api.shapes import Record, Total
from prismd.core.json_text import encode
from prismd.services import records
from prismd.services.idempotency import Answer
from prismd.services.records import RecordView


@get("/{object_type:str}/{record_id:str}", sync_to_thread=True)
def get_record(
    request: Request[Any, Any, Any], object_type: PathPart, record_id: PathPart, caller: CallerIn, runtime: RuntimeIn
) -> Response[bytes]:
    """Answer one record, with its version as ``etag``."""
    kind, wanted = object_type_in_path(object_type), id_in_path(record_id)
    select = slugs(request, "select")
    with runtime.pool.connection() as connection:
        return respond(record_answer(records.get_record(connection, caller.team_id, kind, wanted, select=select)))


@get("/{object_type:str}/by/{slug:str}/{value:str}", sync_to_thread=True)
def find_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    slug: PathPart,
    value: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
) -> Response[bytes]:
    """Answer the one record that has a value."""
    kind, by, sought = object_type_in_path(object_type), value_in_path(slug), value_in_path(value)
    refuse_list_scope(request)
    with runtime.pool.connection() as connection:
        found = records.find_record(connection, caller.team_id, kind, by, sought, settings=runtime.settings)
    return respond(record_answer(found))


@get("/{object_type:str}/count", sync_to_thread=True)
def count_records(
    request: Request[Any, Any, Any], object_type: PathPart, caller: CallerIn, runtime: RuntimeIn
) -> Response[bytes]:
    """Answer how many records of a type the team has."""
    kind = object_type_in_path(object_type)
    refuse_list_scope(request)
    with runtime.pool.connection() as connection:
        total = records.count_records(connection, caller.team_id, kind)
    return respond(Answer(200, encode(Total(total=total)), {}))


def record_answer(view: RecordView) -> Answer:
    """Return the answer that shows one record.

    Args:
        view: The record as the team sees it.
    """
    return Answer(200, encode(Record(id=view.id, default=view.properties)), {"etag": f'"{view.version}"'})
