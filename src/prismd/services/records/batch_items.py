"""The outcome of one item of a batch, and the checks that every kind of batch makes for its items."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.records.batches import BatchItem
from prismd.core.records.preconditions import Preconditions
from prismd.core.records.writes import no_record
from prismd.services.records.shown import RecordView
from prismd.store.records.records import StoredRecord


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why an item failed.

    Args:
        code: Error code of a request or of a row.
        message: A sentence for people.
    """

    code: str
    message: str

    @classmethod
    def of(cls, error: PrismdError) -> ItemError:
        """Return the error of an item for an error of a request."""
        return cls(error.code, error.message)


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """The outcome of one item.

    Args:
        id: The record's id, exactly as the caller sent it; None if the item has no readable id.
        record: The record after the item; None if the item failed or removed it.
        error: The reason for a failure; None if the item succeeded.
    """

    id: str | None
    record: RecordView | None = None
    error: ItemError | None = None


#: Errors of the records that do not meet the request's conditions, by id.
Unmet = Mapping[str, ItemError]


def record_ids(items: Sequence[BatchItem]) -> list[str]:
    """Return the ids of the records that items name, spelled as they are stored."""
    return [item.id.lower() for item in items if item.id is not None and is_uuid(item.id)]


def unmet(records: Iterable[StoredRecord], conditions: Preconditions) -> Unmet:
    """Return the errors of records that do not meet the conditions, judged by their versions before the batch."""
    found: dict[str, ItemError] = {}
    for record in records:
        try:
            conditions.check(record.version)
        except PrismdError as error:
            found[record.id] = ItemError.of(error)
    return found


def failed(object_type: str, item: BatchItem, there: Mapping[str, StoredRecord], unmet: Unmet) -> ItemOutcome | None:
    """Return the failure of an item that is unreadable, names no record, or does not meet the conditions; else None.

    Args:
        object_type: Type of the records.
        item: The item to check.
        there: The records that items can name, by id.
        unmet: The result of :func:`unmet`.
    """
    record_id = (item.id or "").lower()
    if item.error is not None:
        return ItemOutcome(item.id, error=ItemError.of(item.error))
    if record_id not in there:
        return ItemOutcome(item.id, error=ItemError.of(no_record(object_type, item.id or "")))
    return ItemOutcome(item.id, error=unmet[record_id]) if record_id in unmet else None
