"""Batches of updates: each item succeeds or fails by itself; the number of statements does not grow with the items."""

from __future__ import annotations

from collections.abc import Sequence

from prismd.core.records.batches import BatchItem
from prismd.core.records.preconditions import NOTHING, Preconditions
from prismd.core.records.rows import RefusedRow, Row
from prismd.services.records.batch_items import ItemError, ItemOutcome, failed, record_ids, unmet
from prismd.services.records.changes import read_changes
from prismd.services.records.writer import RecordWriter
from prismd.store.records.records import StoredRecord


def update_records(
    writer: RecordWriter, items: Sequence[BatchItem], conditions: Preconditions = NOTHING
) -> list[ItemOutcome]:
    """Update records; several items for one record apply in order (contract, section 11.11).

    Args:
        writer: The writer for the records' type.
        items: The records to update, with their bodies.
        conditions: Preconditions on each record's version before the batch.
    """
    held = writer.hold(record_ids(items))
    standing = {record_id: one.record for record_id, one in held.items() if not one.deleted}
    bodies = [(item.body, standing.get((item.id or "").lower())) for item in items if item.body is not None]
    rows = iter(read_changes(writer, [body for body, _ in bodies], [record for _, record in bodies]))
    refused = unmet(standing.values(), conditions)
    outcomes = []
    for item in items:
        row = RefusedRow() if item.body is None else next(rows)
        outcome = failed(writer.object_type, item, standing, refused)
        outcomes.append(_updated(writer, item, row, standing) if outcome is None else outcome)
    writer.write()
    return outcomes


def _updated(
    writer: RecordWriter, item: BatchItem, row: Row | RefusedRow, standing: dict[str, StoredRecord]
) -> ItemOutcome:
    record_id = (item.id or "").lower()
    planned = row.problems if isinstance(row, RefusedRow) else writer.change(standing[record_id], row)
    if isinstance(planned, list):
        return ItemOutcome(item.id, error=ItemError(planned[0].code, planned[0].message))
    standing[record_id] = planned
    return ItemOutcome(item.id, writer.view(planned))
