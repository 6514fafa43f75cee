"""What became of the items of a batch, and what all batches of single records judge alike."""

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
        code: Of a request or of a row.
        message: A sentence for people.
    """

    code: str
    message: str

    @classmethod
    def of(cls, error: PrismdError) -> ItemError:
        """Return what an error says to an item."""
        return cls(error.code, error.message)


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
Unmet = Mapping[str, ItemError]


def record_ids(items: Sequence[BatchItem]) -> list[str]:
    """Return the ids of the records that items mean, as they are stored."""
    return [item.id.lower() for item in items if item.id is not None and is_uuid(item.id)]


def unmet(records: Iterable[StoredRecord], conditions: Preconditions) -> Unmet:
    """Return why records cannot be written as they stand before the batch; each item is for itself."""
    found: dict[str, ItemError] = {}
    for record in records:
        try:
            conditions.check(record.version)
        except PrismdError as error:
            found[record.id] = ItemError.of(error)
    return found


def failed(object_type: str, item: BatchItem, there: Mapping[str, StoredRecord], unmet: Unmet) -> ItemOutcome | None:
    """Return what became of an item that cannot be read, means no record, or one in another version; None of others.

    Args:
        object_type: Type of the records.
        item: The item.
        there: The records that can be meant, by id.
        unmet: From :func:`unmet`.
    """
    record_id = (item.id or "").lower()
    if item.error is not None:
        return ItemOutcome(item.id, error=ItemError.of(item.error))
    if record_id not in there:
        return ItemOutcome(item.id, error=ItemError.of(no_record(object_type, item.id or "")))
    return ItemOutcome(item.id, error=unmet[record_id]) if record_id in unmet else None
