"""Rows that contain values read from a record: reading them again without the values that the record shows already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.plan import find_keys, hashes_of
from prismd.core.properties.schema import ObjectSchema
from prismd.core.records.keys import KeyRule
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.records.rows import RefusedRow, Row, RowLimits, RowParser, Rows
from prismd.core.records.unchanged_values import may_be_unchanged, with_held, with_one, without_held, without_unchanged
from prismd.core.records.writes import RecordBody, read_record_body
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.records.keys import ensure_key
from prismd.services.records.shown import shown_whole
from prismd.store.records import record_writes, records
from prismd.store.records.records import StoredRecord

#: The start of a member that can be the id of a row's record.
_ID: Final = b'"id"'


@dataclass(frozen=True, slots=True)
class RowsSentBack:
    """Reads refused rows again, without the values that their records show already.

    Only rows refused for read-only values, or for references to deleted records, are read again.
    The number of statements does not grow with the rows.

    Args:
        transaction: The job's open transaction, which holds the lock of the object type.
        schema: The schema of the object type.
        rule: The key rule of the import; None for an import without keys, whose rows can give ids.
        limits: The limits of rows and values.
        parser: The parser of the import's rows.
        resolve: Returns rows with ids of records as references.
    """

    transaction: JobTransaction
    schema: ObjectSchema
    rule: KeyRule | None
    limits: RowLimits
    parser: RowParser
    resolve: Callable[[Rows], Rows]

    def mended(self, rows: Rows, sent: Sequence[bytes | msgspec.Raw]) -> Rows:
        """Return the rows, where some refused ones are now accepted.

        Args:
            rows: The rows, parsed and with references resolved.
            sent: The same rows as JSON.
        """
        bodies = {
            index: body
            for index, row in enumerate(rows)
            if isinstance(row, RefusedRow) and may_be_unchanged(row)
            # Without a key, only a row that gives an id is about a record.
            if (self.rule is not None or _ID in bytes(sent[index])) and (body := _body_of(sent[index])) is not None
        }
        if not bodies:
            return rows
        matched = self._matched(bodies)
        shorter = [self._without_unchanged(bodies[index], record) for index, record in matched.items()]
        mended = dict(zip(matched, self._read(shorter, list(matched.values())), strict=True))
        return [mended.get(index, row) for index, row in enumerate(rows)]

    def _matched(self, bodies: Mapping[int, RecordBody]) -> dict[int, StoredRecord]:
        """Return the records that rows match by ids or keys, regardless of other faults of the rows."""
        own = {index: body.id.lower() for index, body in bodies.items() if body.id is not None and is_uuid(body.id)}
        others = {index: body for index, body in bodies.items() if body.id is None}
        by_key = self._matched_by_key(others, self.rule) if others and self.rule is not None else {}
        return {**(self._owned(own) if own else {}), **by_key}

    def _owned(self, ids: Mapping[int, str]) -> dict[int, StoredRecord]:
        transaction, object_type = self.transaction, self.schema.object_type
        budget = ReadingBudget(transaction.settings.read_bytes_max)
        wanted = sorted(set(ids.values()))
        try:
            with transaction.savepoint():
                held = record_writes.hold_records(
                    transaction.connection, transaction.team_id, object_type, wanted, budget
                )
        except PrismdError:
            return {}
        return {
            index: held[record_id].record
            for index, record_id in ids.items()
            if record_id in held and not held[record_id].deleted
        }

    def _matched_by_key(self, bodies: Mapping[int, RecordBody], rule: KeyRule) -> dict[int, StoredRecord]:
        list_id = self.transaction.job.options.list_id
        reader = RowParser(self.schema, self.limits, list_id)
        keys = self.resolve([reader.parse(with_one(body, list_id, rule.prop).raw) for body in bodies.values()])
        find_keys(rule, keys)
        if not (hashes := hashes_of(keys)):
            return {}
        transaction, object_type = self.transaction, self.schema.object_type
        ensure_key(transaction, object_type, rule.prop, tells_apart=True)
        # If the matched records have more bytes than this, do not compare with them: the rows stay refused.
        budget = ReadingBudget(transaction.settings.read_bytes_max)
        owners: dict[str, dict[str, StoredRecord]] = {}
        try:
            with transaction.savepoint():
                holders = records.holders_of_keys(
                    transaction.connection, transaction.team_id, object_type, hashes, budget
                )
        except PrismdError:
            return {}
        for record in holders:
            for key in rule.keys(record.properties.get(rule.key)):
                owners.setdefault(key, {})[record.id] = record
        found = {
            index: {one.id: one for key in row.keys or () for one in owners.get(key, {}).values()}
            for index, row in zip(bodies, keys, strict=True)
            if isinstance(row, Row)
        }
        return {index: next(iter(those.values())) for index, those in found.items() if len(those) == 1}

    def _without_unchanged(self, body: RecordBody, record: StoredRecord) -> RecordBody:
        shown = shown_whole(self.schema, record)
        list_id = self.transaction.job.options.list_id
        kept = self.rule.prop if self.rule is not None else None
        return without_unchanged(body, self.schema, shown, list_id, kept) or body

    def _read(self, bodies: Sequence[RecordBody], matched: Sequence[StoredRecord]) -> Rows:
        written: Rows = [_with_id(self.parser.parse(body.raw), body) for body in bodies]
        held = [record.properties for record in matched]
        return with_held(self.resolve(without_held(written, held, self.schema)), written, held, self.schema)


def _with_id(row: Row | RefusedRow, body: RecordBody) -> Row | RefusedRow:
    if isinstance(row, Row) and body.id is not None:
        row.id = body.id.lower()
    return row


def _body_of(sent: bytes | msgspec.Raw) -> RecordBody | None:
    try:
        return read_record_body(sent)
    except PrismdError:
        return None
