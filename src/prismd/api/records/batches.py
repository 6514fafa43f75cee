"""Batches of writes to single records over HTTP: each of the items has its own outcome (contract, 11.11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from litestar import Request, Response
from msgspec import UNSET

from prismd.api.document.operation import IDEMPOTENCY_KEY, RECORDS, REPLAY, Operation, Reply
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.paths import object_type_in_path
from prismd.api.http.query_strings import flag, list_in_query
from prismd.api.limits.answers import entries
from prismd.api.records.parameters import ALLOW_TAKEN_KEY, CONDITIONS, LIST
from prismd.api.records.preconditions import preconditions
from prismd.api.records.shapes import (
    BatchResult,
    BatchSummary,
    ItemError,
    ItemResult,
    shown_record,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.shapes import in_force
from prismd.core.json.text import encode
from prismd.core.properties.schema import IMPORTABLE_TYPES
from prismd.core.records.batches import read_ids, read_updates
from prismd.core.records.bodies import BatchIds, BatchUpdateBody
from prismd.services.idempotency.claims import Answer
from prismd.services.records import batches, deleted
from prismd.services.records.batch_items import ItemOutcome
from prismd.services.records.deleted import NamedRecords
from prismd.services.records.writer import RecordWriter
from prismd.services.session import Session, Transaction
from prismd.settings import Settings

_CONDITIONS_OF_ITEMS: Final = tuple(
    replace(one, meaning=f"For each item: {one.meaning[0].lower()}{one.meaning[1:]}") for one in CONDITIONS
)
_OUTCOMES: Final = (Reply(200, "What became of each item, also if all failed.", BatchResult, REPLAY),)
_ITEMS: Final = (
    f"Items are independent of each other; one that fails spares the rest. At most {in_force('batch_items_max')}."
)


@handles(
    Operation(
        name="updateRecords",
        method="POST",
        path=f"{RECORDS}/batch/update",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Change several records",
        description=f"{_ITEMS} Items for the same record are done in the order in which they stand.",
        parameters=(LIST, *_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchUpdateBody,
        object_types=IMPORTABLE_TYPES,
        replies=_OUTCOMES,
        errors=("not_found", "method_not_allowed"),
    )
)
def update_records(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Change records, each independently."""
    kind, list_id, conditions = _batched_type(object_type), list_in_query(request), preconditions(request)

    def work(transaction: Transaction) -> Answer:
        items = read_updates(body, session.settings.batch_items_max)
        writer = RecordWriter(transaction, kind, list_id)
        return _answer(batches.update_records(writer, items, conditions), session.settings)

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="deleteRecords",
        method="POST",
        path=f"{RECORDS}/batch/delete",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Delete several records",
        description=f"{_ITEMS} They can be restored.",
        parameters=(*_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchIds,
        object_types=IMPORTABLE_TYPES,
        replies=_OUTCOMES,
        errors=("method_not_allowed",),
    )
)
def delete_records(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Delete records, each independently."""
    wanted = NamedRecords(_batched_type(object_type), (), preconditions(request))
    return _each_named(request, session, body, wanted, deleted.delete_records)


@handles(
    Operation(
        name="restoreRecords",
        method="POST",
        path=f"{RECORDS}/batch/restore",
        tag="Records",
        scopes=(Scope.WRITE,),
        summary="Take the deletion of several records back",
        description=f"{_ITEMS} A record that is not deleted stays as it is; one whose key is taken is `key_taken`.",
        parameters=(ALLOW_TAKEN_KEY, *_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchIds,
        replies=_OUTCOMES,
        errors=("method_not_allowed",),
    )
)
def restore_records(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Restore deleted records, each independently."""
    wanted = NamedRecords(object_type_in_path(object_type), (), preconditions(request))
    restore = partial(deleted.restore_records, allow_taken_key=flag(request, "allow_taken_key"))
    return _each_named(request, session, body, wanted, restore)


@handles(
    Operation(
        name="purgeRecords",
        method="POST",
        path=f"{RECORDS}/batch/purge",
        tag="Records",
        scopes=(Scope.ADMIN,),
        summary="Remove several deleted records for good",
        description=f"{_ITEMS} Only deleted records are purged; nothing brings them back.",
        parameters=(*_CONDITIONS_OF_ITEMS, IDEMPOTENCY_KEY),
        body=BatchIds,
        replies=_OUTCOMES,
        errors=("method_not_allowed",),
    )
)
def purge_records(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Remove deleted records for good, each independently."""
    wanted = NamedRecords(object_type_in_path(object_type), (), preconditions(request))
    return _each_named(request, session, body, wanted, deleted.purge_records)


RECORD_BATCHES: Final = (update_records, delete_records, restore_records, purge_records)


def _each_named(
    request: Request[Any, Any, Any],
    session: Session,
    body: bytes,
    wanted: NamedRecords,
    do: Callable[[Transaction, NamedRecords], list[ItemOutcome]],
) -> Response[bytes]:
    """Do the same to each record that a body names; ``wanted`` has no items before the body is read."""

    def work(transaction: Transaction) -> Answer:
        items = read_ids(body, session.settings.batch_items_max)
        return _answer(do(transaction, replace(wanted, items=items)), session.settings)

    return write_once(request, session, body, work)


def _batched_type(part: str) -> str:
    object_type = object_type_in_path(part)
    if object_type not in IMPORTABLE_TYPES:
        known = ", ".join(IMPORTABLE_TYPES)
        message = f'Records of type "{object_type}" cannot be written in batches (can be: {known})'
        raise PrismdError("method_not_allowed", message)
    return object_type


def _answer(outcomes: Sequence[ItemOutcome], settings: Settings) -> Answer:
    results = entries(map(_shown, outcomes), settings, written=True)
    failed = sum(outcome.error is not None for outcome in outcomes)
    summary = BatchSummary(total=len(results), succeeded=len(results) - failed, failed=failed)
    return Answer(200, encode(BatchResult(results=results, summary=summary)), {})


def _shown(outcome: ItemOutcome) -> ItemResult:
    if outcome.error is not None:
        error = ItemError(code=outcome.error.code, message=outcome.error.message)
        return ItemResult(id=outcome.id, status="error", error=error)
    return ItemResult(id=outcome.id, status="ok", record=shown_record(outcome.record) if outcome.record else UNSET)
