"""Writes of single records over HTTP: create, change, upsert, duplicate, delete, restore (contract, section 11)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, patch, post, put

from prismd.api.idempotency import delete_once, write_once
from prismd.api.injected import BodyBytes, CallerIn, PathPart, RuntimeIn
from prismd.api.json_bodies import refuse_body
from prismd.api.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.preconditions import EVALUATED, preconditions
from prismd.api.queries import flag, list_in_query
from prismd.api.records import record_answer
from prismd.core.record_writes import read_record_body
from prismd.services import deleted_records, record_writes
from prismd.services.deleted_records import RecordPlace
from prismd.services.idempotency import Answer
from prismd.services.record_writer import RecordWriter
from prismd.services.record_writes import LookedUp
from prismd.store.postgres import Connection

_RECORDS: Final = "/{object_type:str}"
_RECORD: Final = f"{_RECORDS}/{{record_id:str}}"
_OWN: Final = {EVALUATED: True}


@post(_RECORDS, sync_to_thread=True, opt=_OWN)
def create_record(
    *, request: Request[Any, Any, Any], object_type: PathPart, caller: CallerIn, runtime: RuntimeIn, body: BodyBytes
) -> Response[bytes]:
    """Make a record."""
    kind, list_id = object_type_in_path(object_type), list_in_query(request)
    conditions = preconditions(request)

    def work(connection: Connection) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind, list_id)
        return record_answer(record_writes.create_record(writer, wanted, conditions), 201)

    return write_once(request, runtime, caller, body, work)


@patch(_RECORD, sync_to_thread=True, opt=_OWN)
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
    conditions = preconditions(request)

    def work(connection: Connection) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind, list_id)
        return record_answer(record_writes.update_record(writer, which, wanted, conditions))

    return write_once(request, runtime, caller, body, work)


@put(f"{_RECORDS}/by/{{slug:str}}/{{value:str}}", sync_to_thread=True, opt=_OWN)
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
    lookup, conditions = LookedUp(value_in_path(slug), value_in_path(value)), preconditions(request)

    def work(connection: Connection) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind, list_id)
        view, made = record_writes.upsert_record(writer, lookup, wanted, conditions)
        return record_answer(view, 201 if made else 200)

    return write_once(request, runtime, caller, body, work)


@post(f"{_RECORD}/duplicate", sync_to_thread=True, opt=_OWN)
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
    kind, which, conditions = object_type_in_path(object_type), id_in_path(record_id), preconditions(request)

    def work(connection: Connection) -> Answer:
        refuse_body(body)
        writer = RecordWriter(connection, runtime, caller.team_id, kind)
        return record_answer(record_writes.duplicate_record(writer, which, conditions), 201)

    return write_once(request, runtime, caller, body, work)


@post(f"{_RECORD}/restore", status_code=200, sync_to_thread=True, opt=_OWN)
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
    conditions, allowed = preconditions(request), flag(request, "allow_taken_key")

    def work(connection: Connection) -> Answer:
        refuse_body(body)
        return record_answer(
            deleted_records.restore_record(connection, runtime, place, conditions, allow_taken_key=allowed)
        )

    return write_once(request, runtime, caller, body, work)


@delete(_RECORD, status_code=200, sync_to_thread=True, opt=_OWN)
def delete_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    caller: CallerIn,
    runtime: RuntimeIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete a record, if it is in the version that the request is meant for."""
    place = RecordPlace(caller.team_id, object_type_in_path(object_type), id_in_path(record_id))
    conditions = preconditions(request)
    return delete_once(
        request,
        runtime,
        caller,
        body,
        lambda connection: deleted_records.delete_record(connection, runtime, place, conditions),
    )


HANDLERS: Final = [create_record, update_record, upsert_record, duplicate_record, restore_record, delete_record]
