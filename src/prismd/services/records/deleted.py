"""Deleting, restoring and purging records, singly or in batches whose items succeed or fail by themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from prismd.core.changes.changes import ChangesMade, Kind, Moved, RecordChange
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.notifications import Change, RecordsChanged
from prismd.core.records.batches import BatchItem
from prismd.core.records.keys import KeyRule
from prismd.core.records.preconditions import NOTHING, Preconditions
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.records.writes import no_record
from prismd.services.realtime.notifications import record_changed, tell_of
from prismd.services.records.batch_items import ItemError, ItemOutcome, failed, record_ids, unmet
from prismd.services.records.keys import key_rules
from prismd.services.records.shown import RecordView, view_of
from prismd.services.records.taken_keys import TakenKeys
from prismd.services.session import Transaction
from prismd.store import properties, views
from prismd.store.changes.change_sets import forget_values
from prismd.store.records import record_keys, record_writes
from prismd.store.records.record_writes import HeldRecord
from prismd.store.records.records import StoredRecord

_KINDS: Final = {Moved.DELETED: Kind.DELETE, Moved.RESTORED: Kind.RESTORE}

#: Keys to read if a use case needs no values, as deletion does.
_NOTHING: Final[Collection[str]] = ()


@dataclass(frozen=True, slots=True)
class NamedRecord:
    """The record that a request names.

    Args:
        object_type: The record's type.
        record_id: The record's id, exactly as the caller sent it.
    """

    object_type: str
    record_id: str


@dataclass(frozen=True, slots=True)
class NamedRecords:
    """A batch that does the same to several records of one type.

    Args:
        object_type: The records' type.
        items: The items that name the records.
        conditions: Preconditions on each record's version.
    """

    object_type: str
    items: Sequence[BatchItem]
    conditions: Preconditions = NOTHING


def delete_record(transaction: Transaction, named: NamedRecord, conditions: Preconditions = NOTHING) -> None:
    """Delete a record; it can be restored later (contract, section 11.6).

    Args:
        transaction: The team's open transaction.
        named: The record.
        conditions: Preconditions on the record's version.

    Raises:
        PrismdError: ``not_found`` or ``precondition_failed``.
    """
    held = _held(transaction, named, _NOTHING)
    if held.deleted:
        raise no_record(named.object_type, named.record_id)
    conditions.check(held.record.version)
    record_writes.delete_records(
        transaction.connection, transaction.team_id, named.object_type, [held.record.id], now=transaction.now()
    )
    record_changed(transaction, named.object_type, _moved(transaction, [held.record], Moved.DELETED))


def restore_record(
    transaction: Transaction,
    named: NamedRecord,
    conditions: Preconditions = NOTHING,
    *,
    allow_taken_key: bool = False,
) -> RecordView:
    """Restore a deleted record; a record that is not deleted stays unchanged (contract, section 11.10).

    Args:
        transaction: The team's open transaction.
        named: The record.
        conditions: Preconditions on the record's version.
        allow_taken_key: Restore the record even if another record has taken one of its key values.

    Raises:
        PrismdError: ``not_found``, ``precondition_failed`` or ``key_taken``.
    """
    held = _held(transaction, named)
    conditions.check(held.record.version)
    restoring = _Restoring(transaction, named.object_type, [held], allow_taken_key)
    view = restoring.restored(held.record)
    restoring.write()
    return view


def delete_records(transaction: Transaction, named: NamedRecords) -> list[ItemOutcome]:
    """Delete records; they can be restored later (contract, section 11.11).

    Args:
        transaction: The team's open transaction.
        named: The batch.
    """
    held = _held_all(transaction, named, _NOTHING)
    standing = {record_id: one.record for record_id, one in held.items() if not one.deleted}
    gone: list[StoredRecord] = []

    def delete(record: StoredRecord) -> None:
        gone.append(standing.pop(record.id))

    outcomes = _each(named, standing, delete)
    ids = [record.id for record in gone]
    record_writes.delete_records(
        transaction.connection, transaction.team_id, named.object_type, ids, now=transaction.now()
    )
    record_changed(transaction, named.object_type, _moved(transaction, gone, Moved.DELETED))
    return outcomes


def restore_records(
    transaction: Transaction, named: NamedRecords, *, allow_taken_key: bool = False
) -> list[ItemOutcome]:
    """Restore deleted records; records that are not deleted stay unchanged.

    Args:
        transaction: The team's open transaction.
        named: The batch.
        allow_taken_key: Restore records even if other records have taken some of their key values.
    """
    held = _held_all(transaction, named)
    restoring = _Restoring(transaction, named.object_type, list(held.values()), allow_taken_key)
    outcomes = _each(named, {record_id: one.record for record_id, one in held.items()}, restoring.restored)
    restoring.write()
    return outcomes


def purge_records(transaction: Transaction, named: NamedRecords) -> list[ItemOutcome]:
    """Remove deleted records for good, with keys, grants and pins; import results about them stay until they expire.

    Args:
        transaction: The team's open transaction.
        named: The batch.
    """
    schema = properties.load_schema(transaction.connection, transaction.team_id, named.object_type)
    rules = key_rules(transaction, schema)
    held = _held_all(transaction, named, [rule.key for rule in rules])
    there = {record_id: one.record for record_id, one in held.items()}
    purged: list[StoredRecord] = []

    def purge(record: StoredRecord) -> None:
        if not held[record.id].deleted:
            raise PrismdError(
                "not_deleted", "the record is not deleted, and only deleted ones can be purged; delete it first"
            )
        purged.append(there.pop(record.id))

    outcomes = _each(named, there, purge)
    if purged:
        _purge(transaction, named, purged, rules)
    return outcomes


def _purge(
    transaction: Transaction,
    named: NamedRecords,
    purged: Sequence[StoredRecord],
    rules: Sequence[KeyRule],
) -> None:
    team_id, object_type = transaction.team_id, named.object_type
    keys = [
        (key_hash, record.id)
        for record in purged
        for rule in rules
        for key_hash in set(rule.hashes(record.properties.get(rule.key)))
    ]
    ids = [record.id for record in purged]
    record_keys.delete_keys(transaction.connection, team_id, keys)
    views.unpin_records(transaction.connection, team_id, object_type, ids)
    record_writes.purge_records(transaction.connection, team_id, object_type, ids)
    forget_values(transaction.connection, team_id, ids)
    tell_of(transaction, RecordsChanged(team_id, object_type, Change.PURGED, ids))


def _held(transaction: Transaction, named: NamedRecord, keys: Collection[str] | None = None) -> HeldRecord:
    ids = [named.record_id.lower()] if is_uuid(named.record_id) else []
    held = _hold(transaction, named.object_type, ids, keys)
    if not held:
        raise no_record(named.object_type, named.record_id)
    return held[ids[0]]


def _held_all(
    transaction: Transaction, named: NamedRecords, keys: Collection[str] | None = None
) -> dict[str, HeldRecord]:
    return _hold(transaction, named.object_type, record_ids(named.items), keys)


def _hold(
    transaction: Transaction,
    object_type: str,
    ids: Sequence[str],
    keys: Collection[str] | None,
) -> dict[str, HeldRecord]:
    """Hold records until the transaction ends, and read the values of some keys; None reads all values."""
    transaction.lock_type(object_type)
    wanted = None if keys is None else {object_type: keys}
    budget = ReadingBudget(transaction.settings.read_bytes_max)
    return record_writes.hold_records(
        transaction.connection, transaction.team_id, object_type, ids, budget, wanted=wanted
    )


def _each(
    named: NamedRecords, there: Mapping[str, StoredRecord], do: Callable[[StoredRecord], RecordView | None]
) -> list[ItemOutcome]:
    """Apply an action to the record of each item, in order, and return the outcomes.

    Args:
        named: The batch.
        there: The records that items can name, by id; the action can remove records from it.
        do: The action; returns the record's new state, or None if it is gone, or raises PrismdError.
    """
    refused = unmet(there.values(), named.conditions)

    def outcome(item: BatchItem) -> ItemOutcome:
        try:
            return failed(named.object_type, item, there, refused) or ItemOutcome(
                item.id, do(there[(item.id or "").lower()])
            )
        except PrismdError as error:
            return ItemOutcome(item.id, error=ItemError.of(error))

    return [outcome(item) for item in named.items]


class _Restoring:
    """Plans the restoration of records, then writes all of it together.

    Args:
        transaction: The transaction that holds the records.
        object_type: The records' type.
        held: The records that items can name.
        allow_taken_key: Restore records even if other records have taken some of their key values.
    """

    def __init__(
        self,
        transaction: Transaction,
        object_type: str,
        held: Sequence[HeldRecord],
        allow_taken_key: bool,  # noqa: FBT001 - by name wherever it begins
    ) -> None:
        self._transaction = transaction
        self._object_type = object_type
        self._now = transaction.now()
        self._schema = properties.load_schema(transaction.connection, transaction.team_id, object_type)
        self._deleted = {one.record.id: one.record for one in held if one.deleted}
        self._restored: dict[str, StoredRecord] = {}
        self._taken = None
        if self._deleted and not allow_taken_key:
            self._taken = TakenKeys(
                transaction,
                self._schema,
                list(self._deleted.values()),
                ReadingBudget(transaction.settings.read_bytes_max),
            )

    def restored(self, record: StoredRecord) -> RecordView:
        """Plan a restoration and return the record after it; a second call for the same record changes nothing.

        Raises:
            PrismdError: ``key_taken``.
        """
        if record.id in self._deleted and record.id not in self._restored:
            if self._taken is not None:
                self._taken.check(record)
                self._taken.restored(record)
            self._restored[record.id] = replace(record, version=record.version + 1, updated_at=self._now)
        return view_of(self._schema, self._restored.get(record.id, record))

    def write(self) -> None:
        """Write the restorations, and notify of them."""
        ids, transaction = list(self._restored), self._transaction
        record_writes.restore_records(
            transaction.connection, transaction.team_id, self._object_type, ids, now=self._now
        )
        made = _moved(transaction, [self._deleted[record_id] for record_id in ids], Moved.RESTORED)
        record_changed(transaction, self._object_type, made)


def _moved(transaction: Transaction, records: Sequence[StoredRecord], moved: Moved) -> ChangesMade:
    changes = [RecordChange(one.id, one.version, one.version + 1, {}, {}, moved) for one in records]
    return ChangesMade(transaction.new_id(), _KINDS[moved], changes)
