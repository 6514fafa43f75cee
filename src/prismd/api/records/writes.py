"""Writes of single records over HTTP: create, change, upsert, duplicate, delete, restore (contract, section 11)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, delete, patch, post, put

from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import refuse_body
from prismd.api.http.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.http.query_strings import flag, list_in_query
from prismd.api.records.preconditions import EVALUATED, preconditions
from prismd.api.records.reading import record_answer
from prismd.core.records.writes import read_record_body
from prismd.services.idempotency.claims import Answer
from prismd.services.records import deleted, writes
from prismd.services.records.deleted import RecordPlace
from prismd.services.records.writer import RecordWriter
from prismd.services.records.writes import LookedUp
from prismd.services.session import Transaction

_RECORDS: Final = "/{object_type:str}"
_RECORD: Final = f"{_RECORDS}/{{record_id:str}}"
_OWN: Final = {EVALUATED: True}


@post(_RECORDS, sync_to_thread=True, opt=_OWN)
def create_record(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Make a record."""
    kind, list_id = object_type_in_path(object_type), list_in_query(request)
    conditions = preconditions(request)

    def work(transaction: Transaction) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(transaction, kind, list_id)
        return record_answer(writes.create_record(writer, wanted, conditions), 201)

    return write_once(request, session, body, work)


@patch(_RECORD, sync_to_thread=True, opt=_OWN)
def update_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change a record, if it is in the version that the request is meant for."""
    kind, which, list_id = object_type_in_path(object_type), id_in_path(record_id), list_in_query(request)
    conditions = preconditions(request)

    def work(transaction: Transaction) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(transaction, kind, list_id)
        return record_answer(writes.update_record(writer, which, wanted, conditions))

    return write_once(request, session, body, work)


@put(f"{_RECORDS}/by/{{slug:str}}/{{value:str}}", sync_to_thread=True, opt=_OWN)
def upsert_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    slug: PathPart,
    value: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change the one record that has a value, or make it."""
    kind, list_id = object_type_in_path(object_type), list_in_query(request)
    lookup, conditions = LookedUp(value_in_path(slug), value_in_path(value)), preconditions(request)

    def work(transaction: Transaction) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(transaction, kind, list_id)
        view, made = writes.upsert_record(writer, lookup, wanted, conditions)
        return record_answer(view, 201 if made else 200)

    return write_once(request, session, body, work)


@post(f"{_RECORD}/duplicate", sync_to_thread=True, opt=_OWN)
def duplicate_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Make a record with the values and lists of another."""
    kind, which, conditions = object_type_in_path(object_type), id_in_path(record_id), preconditions(request)

    def work(transaction: Transaction) -> Answer:
        refuse_body(body)
        writer = RecordWriter(transaction, kind)
        return record_answer(writes.duplicate_record(writer, which, conditions), 201)

    return write_once(request, session, body, work)


@post(f"{_RECORD}/restore", status_code=200, sync_to_thread=True, opt=_OWN)
def restore_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Take the deletion of a record back."""
    place = RecordPlace(object_type_in_path(object_type), id_in_path(record_id))
    conditions, allowed = preconditions(request), flag(request, "allow_taken_key")

    def work(transaction: Transaction) -> Answer:
        refuse_body(body)
        return record_answer(deleted.restore_record(transaction, place, conditions, allow_taken_key=allowed))

    return write_once(request, session, body, work)


@delete(_RECORD, status_code=200, sync_to_thread=True, opt=_OWN)
def delete_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete a record, if it is in the version that the request is meant for."""
    place = RecordPlace(object_type_in_path(object_type), id_in_path(record_id))
    conditions = preconditions(request)
    return delete_once(
        request,
        session,
        body,
        lambda transaction: deleted.delete_record(transaction, place, conditions),
    )


RECORD_WRITES: Final = [create_record, update_record, upsert_record, duplicate_record, restore_record, delete_record]
