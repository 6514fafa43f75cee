"""Writes of single records over HTTP: create, change, upsert, duplicate, delete, restore (contract, section 11)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, patch, post, put

from prismd.api.idempotency import write_once
from prismd.api.injected import BodyBytes, CallerIn, PathPart, RuntimeIn
from prismd.api.json_bodies import refuse_body
from prismd.api.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.preconditions import wanted_versions
from prismd.api.queries import list_in_query
from prismd.api.records import record_answer
from prismd.core.record_writes import read_record_body
from prismd.services import record_writes
from prismd.services.idempotency import Answer
from prismd.services.record_writer import RecordWriter
from prismd.services.record_writes import LookedUp, RecordPlace
from prismd.store.postgres import Connection

_RECORDS: Final = "/{object_type:str}"
_RECORD: Final = f"{_RECORDS}/{{record_id:str}}"


@post(_RECORDS, sync_to_thread=True)
def create_record(
    *, request: Request[Any, Any, Any], object_type: PathPart, caller: CallerIn, runtime: RuntimeIn, body: BodyBytes
) -> Response[bytes]:
    """Make a record."""
    kind, list_id = object_type_in_path(object_type), list_in_query(request)

    def work(connection: Connection) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind, list_id)
        return record_answer(record_writes.create_record(writer, wanted), 201)

    return write_once(request, runtime, caller, body, work)


@patch(_RECORD, sync_to_thread=True)
def update_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change a record, if it is in the version that the request is meant for."""
    kind, which, list_id = object_type_in_path(object_type), id_in_path(record_id), list_in_query(request)
    versions = wanted_versions(request)

    def work(connection: Connection) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind, list_id)
        return record_answer(record_writes.update_record(writer, which, wanted, versions=versions))

    return write_once(request, runtime, caller, body, work)


@put(f"{_RECORDS}/by/{{slug:str}}/{{value:str}}", sync_to_thread=True)
def upsert_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    slug: PathPart,
    value: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change the one record that has a value, or make it."""
    kind, list_id = object_type_in_path(object_type), list_in_query(request)
    lookup = LookedUp(value_in_path(slug), value_in_path(value))

    def work(connection: Connection) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind, list_id)
        view, made = record_writes.upsert_record(writer, lookup, wanted)
        return record_answer(view, 201 if made else 200)

    return write_once(request, runtime, caller, body, work)


@post(f"{_RECORD}/duplicate", sync_to_thread=True)
def duplicate_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Make a record with the values and lists of another."""
    kind, which = object_type_in_path(object_type), id_in_path(record_id)

    def work(connection: Connection) -> Answer:
        refuse_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind)
        return record_answer(record_writes.duplicate_record(writer, which), 201)

    return write_once(request, runtime, caller, body, work)


@post(f"{_RECORD}/restore", status_code=200, sync_to_thread=True)
def restore_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Take the deletion of a record back."""
    place = RecordPlace(caller.team_id, object_type_in_path(object_type), id_in_path(record_id))

    def work(connection: Connection) -> Answer:
        refuse_body(body)
        return record_answer(record_writes.restore_record(connection, runtime, place))

    return write_once(request, runtime, caller, body, work)


@delete(_RECORD, sync_to_thread=True)
def delete_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
) -> None:
    """Delete a record, if it is in the version that the request is meant for."""
    place = RecordPlace(caller.team_id, object_type_in_path(object_type), id_in_path(record_id))
    versions = wanted_versions(request)
    with runtime.pool.connection() as connection:
        record_writes.delete_record(connection, runtime, place, versions=versions)


HANDLERS: Final = [create_record, update_record, upsert_record, duplicate_record, restore_record, delete_record]
