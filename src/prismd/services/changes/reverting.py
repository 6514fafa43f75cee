"""Holding the records of an undo, and writing them as its plan says, with their keys and the change set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from prismd.core.changes.changes import Moved, RecordChange
from prismd.core.changes.reversal import Reversal
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.merging import Rewritten, merged, rewritten
from prismd.core.records.reading_budget import ReadingBudget
from prismd.services.imports.chunk_writes import parts
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.records.keys import key_changes, key_rules
from prismd.store.changes.change_sets import insert_changes
from prismd.store.records import record_writes
from prismd.store.records.record_writes import HeldRecord, Updates

#: The most records that one statement reads or changes.
_RECORDS_PER_STATEMENT: Final = 1_000
#: An undo reads as many records at once as the import changed at once; there is no request to refuse.
_NO_LIMIT: Final = 2**62


class Reverting:
    """Reads and writes records of one type.

    Args:
        transaction: The open transaction of the undo's job, which holds the lock of the type.
        schema: The schema of the type.
    """

    def __init__(self, transaction: JobTransaction, schema: ObjectSchema) -> None:
        self._transaction = transaction
        self._schema = schema
        self._rules = key_rules(transaction, schema)

    def hold(self, changes: Mapping[str, RecordChange]) -> dict[str, HeldRecord]:
        """Return the records of some changes by id, as they are now; those removed for good are absent.

        Args:
            changes: The changes. Records that only moved are read with the values of their keys alone.
        """
        moved = [record_id for record_id, change in changes.items() if change.moved is not None]
        others = [record_id for record_id, change in changes.items() if change.moved is None]
        return self._hold(others, None) | self._hold(moved, [rule.key for rule in self._rules])

    def _hold(self, ids: list[str], keys: Collection[str] | None) -> dict[str, HeldRecord]:
        transaction, object_type = self._transaction, self._schema.object_type
        wanted = None if keys is None else {object_type: keys}
        held: dict[str, HeldRecord] = {}
        for some in parts(ids, _RECORDS_PER_STATEMENT):
            held |= record_writes.hold_records(
                transaction.connection,
                transaction.team_id,
                object_type,
                some,
                ReadingBudget(_NO_LIMIT),
                wanted=wanted,
            )
        return held

    def write(self, plans: Mapping[str, Reversal], held: Mapping[str, HeldRecord]) -> None:
        """Carry plans out, and keep what they change as the change set of the undo.

        Args:
            plans: The plans, by id.
            held: The records, by id.
        """
        rewrites = [_rewritten(held[record_id], plan) for record_id, plan in plans.items() if plan.values]
        self._update(rewrites)
        made = [RecordChange(one.id, one.version_before, one.version, one.before, one.after) for one in rewrites]
        made += self._move(plans, held)
        insert_changes(self._transaction.connection, self._transaction.job, made)

    def _update(self, rewrites: list[Rewritten]) -> None:
        transaction = self._transaction
        for some in parts(rewrites, _RECORDS_PER_STATEMENT):
            record_writes.update_records(
                transaction.connection, transaction.team_id, Updates.of(some), now=transaction.at
            )
        key_changes(self._rules, (), rewrites).write(transaction)

    def _move(self, plans: Mapping[str, Reversal], held: Mapping[str, HeldRecord]) -> list[RecordChange]:
        transaction, object_type = self._transaction, self._schema.object_type
        moved = {record_id: plan.move for record_id, plan in plans.items() if plan.move is not None}
        gone = [record_id for record_id, move in moved.items() if move is Moved.DELETED]
        back = [record_id for record_id, move in moved.items() if move is Moved.RESTORED]
        given = transaction.connection, transaction.team_id, object_type
        record_writes.delete_records(*given, gone, now=transaction.at)
        record_writes.restore_records(*given, back, now=transaction.at)
        versions = {record_id: held[record_id].record.version for record_id in moved}
        return [
            RecordChange(record_id, versions[record_id], versions[record_id] + 1, {}, {}, move)
            for record_id, move in moved.items()
        ]


def _rewritten(held: HeldRecord, plan: Reversal) -> Rewritten:
    record = held.record
    after = merged(record.properties, plan.values)
    return rewritten(record.id, (record.version, record.version + 1), record.properties, after, held.location)
