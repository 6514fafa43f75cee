"""Writing records of one type in one transaction: the common part of single writes, batches and find-or-create."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from prismd.core.api_keys.scopes import Scope
from prismd.core.changes.changes import ChangesMade, Kind, Moved, RecordChange
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Properties, merged, rewritten
from prismd.core.records.new_contacts import NewContact, NewContacts
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.records.rows import Problem, Row, RowLimits, RowParser, Rows
from prismd.core.records.unchanged_values import with_held_options
from prismd.core.records.writes import RecordBody, write_problems
from prismd.core.values.property_values import ValueLimits
from prismd.services.realtime.notifications import record_changed
from prismd.services.records.keys import key_changes, key_rules
from prismd.services.records.reading import list_scope
from prismd.services.records.references import CONTACT, keys_of_new, resolve_to_write
from prismd.services.records.shown import RecordView, view_of
from prismd.services.session import Transaction
from prismd.store import properties
from prismd.store.records import record_writes, records
from prismd.store.records.record_writes import HeldRecord, Updates
from prismd.store.records.records import StoredRecord


class RecordWriter:
    """Plans new and changed records, then writes all of them together, under the lock of the type.

    Args:
        transaction: The team's open transaction.
        object_type: The records' type.
        list_id: The list that the request names in its query; None if it names none.

    Raises:
        PrismdError: ``not_found``: the team has no such list for this type.
    """

    def __init__(self, transaction: Transaction, object_type: str, list_id: str | None = None) -> None:
        transaction.lock_type(object_type)
        self.transaction = transaction
        self.object_type = object_type
        self.list_id = list_scope(transaction, object_type, list_id)
        self.schema = properties.load_schema(transaction.connection, transaction.team_id, object_type)
        self.budget = ReadingBudget(transaction.settings.read_bytes_max)
        self._now = transaction.now()
        self._locations: dict[str, str] = {}
        self._made: dict[str, StoredRecord] = {}
        self._before: dict[str, StoredRecord] = {}
        self._after: dict[str, StoredRecord] = {}
        self._contacts = NewContacts(self.schema, transaction.new_id)
        self._made_contacts: list[NewContact] = []

    def read(self, bodies: Sequence[RecordBody]) -> Rows:
        """Return the values of bodies as an import would read them: references are ids of records.

        Args:
            bodies: The bodies; the number of statements does not grow with them.
        """
        return self.resolved(self.parsed(bodies))

    def parsed(self, bodies: Sequence[RecordBody], held: Sequence[Properties] = ()) -> Rows:
        """Return the values of bodies, with references exactly as the caller sent them.

        Args:
            bodies: The bodies.
            held: The present values of each body's record; empty if the bodies are for new records.
        """
        settings = self.transaction.settings
        values = ValueLimits(settings.text_chars_max, settings.list_values_max)
        limits = RowLimits(values, settings.row_bytes_max, settings.row_errors_max)
        plain = RowParser(self.schema, limits, self.list_id)
        schemas = [with_held_options(self.schema, before) for before in held] or [self.schema] * len(bodies)
        parsers = (plain if schema is self.schema else RowParser(schema, limits, self.list_id) for schema in schemas)
        return [parser.parse(body.raw) for parser, body in zip(parsers, bodies, strict=True)]

    def resolved(self, rows: Rows) -> Rows:
        """Return rows whose references are ids of existing records, or of contacts that the writer will create.

        Args:
            rows: The rows; the number of statements does not grow with them.
        """
        return resolve_to_write(self.transaction, rows, self._contacts)

    def hold(self, record_ids: Sequence[str]) -> dict[str, HeldRecord]:
        """Hold records until the transaction ends; return the existing ones by id, deleted ones included."""
        held = record_writes.hold_records(
            self.transaction.connection, self.transaction.team_id, self.object_type, record_ids, self.budget
        )
        self._locations |= {record_id: one.location for record_id, one in held.items()}
        return held

    def make(self, row: Row) -> StoredRecord | list[Problem]:
        """Plan a new record.

        Args:
            row: The record's values.

        Returns:
            The record, or the reasons why it cannot be created.
        """
        after = merged({}, row.values)
        problems = self._problems(None, after, row)
        if problems:
            return problems
        record = StoredRecord(self.transaction.new_id(), 1, self._now, self._now, after)
        self._made[record.id] = record
        self._made_contacts += self._contacts.link(row, after)
        return record

    def change(self, record: StoredRecord, row: Row) -> StoredRecord | list[Problem]:
        """Plan an update of a held record; an update without any change keeps the version.

        Args:
            record: The record's present state, with changes planned earlier.
            row: The values to write.

        Returns:
            The record after the update, or the reasons why it cannot be changed.
        """
        after = merged(record.properties, row.values)
        problems = self._problems(record.properties, after, row)
        if problems:
            return problems
        if after is record.properties:
            return record
        self._before.setdefault(record.id, record)
        changed = replace(record, properties=after, version=record.version + 1, updated_at=self._now)
        self._after[record.id] = changed
        self._made_contacts += self._contacts.link(row, after)
        return changed

    def write(self) -> None:
        """Write the planned records with their keys, and notify of them."""
        transaction, object_type = self.transaction, self.object_type
        connection, team_id = transaction.connection, transaction.team_id
        if not self._made and not self._after:
            return
        record_writes.insert_new(connection, team_id, object_type, list(self._made.values()), now=self._now)
        changed = [(self._before[record_id], record) for record_id, record in self._after.items()]
        rewrites = [
            rewritten(
                after.id,
                (before.version, after.version),
                before.properties,
                after.properties,
                self._locations[after.id],
            )
            for before, after in changed
        ]
        record_writes.update_records(connection, team_id, Updates.of(rewrites), now=self._now)
        made = [KnownRecord(record.id, record.version, record.properties) for record in self._made.values()]
        key_changes(key_rules(transaction, self.schema), made, rewrites).write(transaction)
        change_set = transaction.new_id()
        self._write_contacts(change_set)
        record_changed(transaction, object_type, _created(change_set, self._made))
        updated = [RecordChange(one.id, one.version_before, one.version, one.before, one.after) for one in rewrites]
        record_changed(transaction, object_type, ChangesMade(change_set, Kind.WRITE, updated))

    def _write_contacts(self, change_set: str) -> None:
        if not self._made_contacts:
            return
        self.transaction.scopes.require(
            (Scope.WRITE,), CONTACT, ": the address is nobody's yet, and would make a contact"
        )
        now = self._now
        made = [StoredRecord(one.id, 1, now, now, {"email": one.email}) for one in self._made_contacts]
        record_writes.insert_new(self.transaction.connection, self.transaction.team_id, CONTACT, made, now=now)
        known = [KnownRecord(record.id, record.version, record.properties) for record in made]
        keys_of_new(self.transaction, CONTACT, known).write(self.transaction)
        record_changed(self.transaction, CONTACT, _created(change_set, [record.id for record in made]))

    def view(self, record: StoredRecord) -> RecordView:
        """Return a record as clients see it."""
        return view_of(self.schema, record, list_id=self.list_id)

    def view_of_one(self, record_id: str) -> RecordView:
        """Return an existing record as clients see it.

        Args:
            record_id: Id of a record that this transaction has found, as UUID text.
        """
        found = records.get_record(
            self.transaction.connection, self.transaction.team_id, self.object_type, record_id, self.budget
        )
        assert found is not None  # noqa: S101 - nobody deletes it while the lock of the type is held
        return self.view(found)

    def _problems(self, before: Properties | None, after: Properties, row: Row) -> list[Problem]:
        return write_problems(self.schema, before, after, row.values, self.transaction.settings.list_values_max)


def _created(change_set: str, record_ids: Iterable[str]) -> ChangesMade:
    changes = [RecordChange(record_id, 0, 1, {}, {}, Moved.CREATED) for record_id in record_ids]
    return ChangesMade(change_set, Kind.WRITE, changes)
