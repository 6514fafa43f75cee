"""Batches of writes to single records: each item for itself, all in one transaction and so many statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prismd.core.changes import Change
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.rows import RefusedRow, Row
from prismd.core.preconditions import NOTHING, Preconditions
from prismd.core.record_batches import BatchItem
from prismd.core.record_writes import no_record
from prismd.services.changes import record_changed
from prismd.services.changes_of_records import read_changes
from prismd.services.record_writer import RecordWriter
from prismd.services.records import RecordView
from prismd.services.runtime import Runtime
from prismd.store import record_keys, record_writes
from prismd.store.postgres import Connection
from prismd.store.records import StoredRecord


@dataclass(frozen=True, slots=True)
class MarkedBatch:
    """Records of one type to which the same happens, each for itself.

    Args:
        team_id: The team.
        object_type: Type of the records.
        items: Which ones.
        conditions: What must be so of each record's version.
    """

    team_id: int
    object_type: str
    items: Sequence[BatchItem]
    conditions: Preconditions = NOTHING


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why an item failed.

    Args:
        code: Of a request or of a row.
        message: A sentence for people.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of one item.

    Args:
        id: As the caller wrote it; None where it could not be read.
        record: After the item, if it was changed.
        error: Why the item failed; None if it succeeded.
    """

    id: str | None
    record: RecordView | None = None
    error: ItemError | None = None


#: Why records cannot be written as they stand, by id.
_Unmet = Mapping[str, ItemError]


def update_records(
    writer: RecordWriter, items: Sequence[BatchItem], conditions: Preconditions = NOTHING
) -> list[ItemOutcome]:
    """Change records, those of several items in the order of the items (contract, section 11.11).

    Args:
        writer: Of their type.
        items: What to write to which.
        conditions: What must be so of each record's version before the batch.
    """
    held = writer.hold(_ids(items))
    standing = {record_id: one.record for record_id, one in held.items() if not one.deleted}
    bodies = [(item.body, standing.get((item.id or "").lower())) for item in items if item.body is not None]
    rows = iter(read_changes(writer, [body for body, _ in bodies], [record for _, record in bodies]))
    unmet = _unmet(standing, conditions)
    outcomes = [_updated(writer, item, rows, standing, unmet) for item in items]
    writer.write()
    return outcomes


def delete_records(connection: Connection, runtime: Runtime, batch: MarkedBatch) -> list[ItemOutcome]:
    """Delete records, so that they can be restored (contract, section 11.11).

    Args:
        connection: Inside a transaction.
        runtime: For the time.
        batch: Which ones.
    """
    team_id, object_type = batch.team_id, batch.object_type
    record_keys.lock_type(connection, team_id, object_type)
    held = record_writes.hold_records(connection, team_id, object_type, _ids(batch.items))
    standing = {record_id: one.record for record_id, one in held.items() if not one.deleted}
    unmet, deleted = _unmet(standing, batch.conditions), sorted(standing)
    outcomes = [_deleted(object_type, item, standing, unmet) for item in batch.items]
    gone = [record_id for record_id in deleted if record_id not in standing]
    record_writes.delete_records(connection, team_id, object_type, gone, now=runtime.now())
    record_changed(connection, team_id, object_type, gone, Change.DELETED)
    return outcomes


def _ids(items: Sequence[BatchItem]) -> list[str]:
    return [item.id.lower() for item in items if item.id is not None and is_uuid(item.id)]


def _unmet(records: Mapping[str, StoredRecord], conditions: Preconditions) -> _Unmet:
    """Return why records cannot be written as they stand before the batch; each item is for itself."""
    found: dict[str, ItemError] = {}
    for record_id, record in records.items():
        try:
            conditions.check(record.version)
        except PrismdError as error:
            found[record_id] = ItemError(error.code, error.message)
    return found


def _updated(
    writer: RecordWriter,
    item: BatchItem,
    rows: Iterator[Row | RefusedRow],
    standing: dict[str, StoredRecord],
    unmet: _Unmet,
) -> ItemOutcome:
    if item.error is not None:
        return _failed(item)
    row = next(rows)
    record_id = (item.id or "").lower()
    if record_id not in standing:
        return _missing(writer.object_type, item)
    if record_id in unmet:
        return ItemOutcome(item.id, error=unmet[record_id])
    planned = row.problems if isinstance(row, RefusedRow) else writer.change(standing[record_id], row)
    if isinstance(planned, list):
        return ItemOutcome(item.id, error=ItemError(planned[0].code, planned[0].message))
    standing[record_id] = planned
    return ItemOutcome(item.id, writer.view(planned))


def _deleted(object_type: str, item: BatchItem, standing: dict[str, StoredRecord], unmet: _Unmet) -> ItemOutcome:
    if item.error is not None:
        return _failed(item)
    record_id = (item.id or "").lower()
    if record_id not in standing:
        return _missing(object_type, item)
    if record_id in unmet:
        return ItemOutcome(item.id, error=unmet[record_id])
    del standing[record_id]
    return ItemOutcome(item.id)


def _failed(item: BatchItem) -> ItemOutcome:
    assert item.error is not None  # noqa: S101 - asked by both callers
    return ItemOutcome(item.id, error=ItemError(item.error.code, item.error.message))


def _missing(object_type: str, item: BatchItem) -> ItemOutcome:
    error = no_record(object_type, item.id or "")
    return ItemOutcome(item.id, error=ItemError(error.code, error.message))
