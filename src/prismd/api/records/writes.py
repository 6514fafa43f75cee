"""Writes of single records over HTTP: create, change, upsert, duplicate, delete, restore (contract, section 11)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, RECORDS, Operation, Reply
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import refuse_body
from prismd.api.http.paths import id_in_path, object_type_in_path, value_in_path
from prismd.api.http.query_strings import flag, list_in_query
from prismd.api.records.parameters import ALLOW_TAKEN_KEY, ANSWERED, CONDITIONS, LIST, LOOKUP, RECORD
from prismd.api.records.preconditions import preconditions
from prismd.api.records.reading import record_answer
from prismd.api.records.shapes import Record
from prismd.core.api_keys.scopes import Scope
from prismd.core.records.bodies import ObjectProperties, RecordChanges
from prismd.core.records.writes import read_record_body
from prismd.services.idempotency.claims import Answer
from prismd.services.records import deleted, writes
from prismd.services.records.deleted import NamedRecord
from prismd.services.records.writer import RecordWriter
from prismd.services.records.writes import LookedUp
from prismd.services.session import Transaction


@handles(
    Operation(
        name="createRecord",
        method="POST",
        path=RECORDS,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Make a record",
        description="Nothing is de-duplicated: two equal requests make two records.",
        parameters=(LIST, *CONDITIONS, IDEMPOTENCY_KEY),
        body=ObjectProperties,
        replies=(Reply(201, "The record.", Record, ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    )
)
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


@handles(
    Operation(
        name="updateRecord",
        method="PATCH",
        path=RECORD,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Change a record",
        description=(
            "Properties that are not named stay as they are; null clears. An array replaces, `[]` clears, and "
            '`{"_op": "append" or "remove", "values": [...]}` changes it.'
        ),
        parameters=(LIST, *CONDITIONS, IDEMPOTENCY_KEY),
        body=RecordChanges,
        replies=(Reply(200, "The record as it is now.", Record, ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    )
)
def update_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change a record, if it has the version that the request names."""
    kind, which, list_id = object_type_in_path(object_type), id_in_path(record_id), list_in_query(request)
    conditions = preconditions(request)

    def work(transaction: Transaction) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(transaction, kind, list_id)
        return record_answer(writes.update_record(writer, which, wanted, conditions))

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="upsertRecord",
        method="PUT",
        path=LOOKUP,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Change the one record that has a value, or make it",
        description="A record that is made gets the value; a body that gives it another one instead is refused.",
        parameters=(LIST, *CONDITIONS, IDEMPOTENCY_KEY),
        body=RecordChanges,
        replies=(
            Reply(200, "There was one; it has been changed.", Record, ANSWERED),
            Reply(201, "There was none; it has been made.", Record, ANSWERED),
        ),
        errors=("not_found", "multiple_matches", "method_not_allowed", "precondition_failed"),
    )
)
def upsert_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    slug: PathPart,
    value: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change the only record that has a value, or make one."""
    kind, list_id = object_type_in_path(object_type), list_in_query(request)
    lookup, conditions = LookedUp(value_in_path(slug), value_in_path(value)), preconditions(request)

    def work(transaction: Transaction) -> Answer:
        wanted = read_record_body(body)
        writer = RecordWriter(transaction, kind, list_id)
        view, made = writes.upsert_record(writer, lookup, wanted, conditions)
        return record_answer(view, 201 if made else 200)

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="duplicateRecord",
        method="POST",
        path=f"{RECORD}/duplicate",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Make a record with the values and lists of another",
        parameters=(*CONDITIONS, IDEMPOTENCY_KEY),
        replies=(Reply(201, "The new record.", Record, ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    )
)
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


@handles(
    Operation(
        name="restoreRecord",
        method="POST",
        path=f"{RECORD}/restore",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Take the deletion of a record back",
        description=(
            "A record that is not deleted stays as it is. Where another record has its address, its domain, or another "
            "value by which records were told apart, it is 409 unless that is allowed."
        ),
        parameters=(ALLOW_TAKEN_KEY, *CONDITIONS, IDEMPOTENCY_KEY),
        replies=(Reply(200, "The record.", Record, ANSWERED),),
        errors=("not_found", "method_not_allowed", "precondition_failed", "key_taken"),
    )
)
def restore_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Restore a deleted record."""
    named = NamedRecord(object_type_in_path(object_type), id_in_path(record_id))
    conditions, allowed = preconditions(request), flag(request, "allow_taken_key")

    def work(transaction: Transaction) -> Answer:
        refuse_body(body)
        return record_answer(deleted.restore_record(transaction, named, conditions, allow_taken_key=allowed))

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="deleteRecord",
        method="DELETE",
        path=RECORD,
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Delete a record",
        description="It can be restored.",
        parameters=(*CONDITIONS,),
        replies=(Reply(204, "It is deleted."),),
        errors=("not_found", "method_not_allowed", "precondition_failed"),
    )
)
def delete_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete a record, if it has the version that the request names."""
    named = NamedRecord(object_type_in_path(object_type), id_in_path(record_id))
    conditions = preconditions(request)
    return delete_once(
        request,
        session,
        body,
        lambda transaction: deleted.delete_record(transaction, named, conditions),
    )


RECORD_WRITES: Final = (create_record, update_record, upsert_record, delete_record, restore_record, duplicate_record)
