"""Use cases that write single records: create, update, upsert, duplicate (contract, section 11)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.properties.schema import LISTS_KEY, Property
from prismd.core.records.keys import KeyRule
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.records.preconditions import NOTHING, Preconditions
from prismd.core.records.rows import Problem, RefusedRow, Row
from prismd.core.records.writes import RecordBody, check_id, no_record, refusal_of
from prismd.core.values.property_values import InvalidValueError
from prismd.services.records.changes import read_changes
from prismd.services.records.keys import key_property
from prismd.services.records.reading import parsed_value, records_with, sought_value, the_one
from prismd.services.records.shown import RecordView
from prismd.services.records.writer import RecordWriter
from prismd.store.records.record_writes import HeldRecord
from prismd.store.records.records import StoredRecord

_VALUE: Final = ".path.value"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The property and value by which an upsert looks its record up.

    Args:
        slug: Slug of a property that can identify records.
        value: The value, exactly as the path of the request gives it.
    """

    slug: str
    value: str


def create_record(writer: RecordWriter, body: RecordBody, conditions: Preconditions = NOTHING) -> RecordView:
    """Create a record (contract, section 11.2).

    Args:
        writer: The writer for the record's type.
        body: The record's values.
        conditions: Preconditions of the request; a new record can meet none that asks for an existing one.

    Raises:
        PrismdError: ``precondition_failed``, or ``invalid_request`` with the path of each wrong field.
    """
    conditions.check(None)
    check_id(body, None)
    return _written(writer, writer.make(_row(writer, body)), body.path_of)


def update_record(
    writer: RecordWriter, record_id: str, body: RecordBody, conditions: Preconditions = NOTHING
) -> RecordView:
    """Update a record (contract, section 11.5).

    Args:
        writer: The writer for the record's type.
        record_id: The record's id, exactly as the caller sent it.
        body: The values to write.
        conditions: Preconditions on the record's version.

    Raises:
        PrismdError: ``not_found``, ``precondition_failed``, or ``invalid_request`` with the path of each wrong field.
    """
    held = writer.hold([record_id.lower()] if is_uuid(record_id) else [])
    record = _standing(held, writer.object_type, record_id)
    conditions.check(record.version)
    check_id(body, record.id)
    return _written(writer, writer.change(record, _row(writer, body, record)), body.path_of)


def upsert_record(
    writer: RecordWriter, lookup: LookedUp, body: RecordBody, conditions: Preconditions = NOTHING
) -> tuple[RecordView, bool]:
    """Update the one record that has a value, or create it if no record has the value (contract, section 11.8).

    Args:
        writer: The writer for the record's type.
        lookup: The property and the value.
        body: The values to write.
        conditions: Preconditions on the version of the record, or on whether it exists.

    Returns:
        The record, and whether this call created it.

    Raises:
        PrismdError: ``multiple_matches``, ``precondition_failed``, or ``invalid_request`` with the path of each wrong
            field.
    """
    prop = key_property(writer.schema, lookup.slug, ".path.slug", writer.list_id)
    value = _sought(writer, prop, lookup)
    found = records_with(writer.transaction, writer.object_type, prop, value)
    if found:
        record_id = the_one(found, lookup.slug, lookup.value)
        record = writer.hold([record_id])[record_id].record
        conditions.check(record.version)
        check_id(body, record_id)
        return _written(writer, writer.change(record, _row(writer, body, record)), body.path_of), False
    conditions.check(None)
    check_id(body, None)
    _parsed(writer, prop, lookup, written=True)
    planned = writer.make(_with_value(_row(writer, body), prop, value))
    if isinstance(planned, StoredRecord):
        planned = _not_found_again(writer, prop, planned, value) or planned
    return _written(writer, planned, body.path_of), True


def duplicate_record(writer: RecordWriter, record_id: str, conditions: Preconditions = NOTHING) -> RecordView:
    """Create a record with the values and lists of another one (contract, section 11.10).

    Args:
        writer: The writer for the records' type.
        record_id: Id of the record to copy, exactly as the caller sent it.
        conditions: Preconditions on the version of the record to copy.

    Raises:
        PrismdError: ``not_found``; ``precondition_failed``; ``invalid_request`` if the record to copy lacks a required
            value.
    """
    held = writer.hold([record_id.lower()] if is_uuid(record_id) else [])
    source = _standing(held, writer.object_type, record_id)
    conditions.check(source.version)
    return _written(writer, writer.make(Row(dict(source.properties))), lambda _: ".path.recordId")


def _standing(held: dict[str, HeldRecord], object_type: str, record_id: str) -> StoredRecord:
    found = held.get(record_id.lower())
    if found is None or found.deleted:
        raise no_record(object_type, record_id)
    return found.record


def _row(writer: RecordWriter, body: RecordBody, record: StoredRecord | None = None) -> Row:
    [row] = read_changes(writer, [body], [record])
    if isinstance(row, RefusedRow):
        raise refusal_of(row.problems, body.path_of)
    return row


def _written(
    writer: RecordWriter, planned: StoredRecord | Sequence[Problem], path_of: Callable[[Problem], str]
) -> RecordView:
    if not isinstance(planned, StoredRecord):
        raise refusal_of(planned, path_of)
    writer.write()
    return writer.view(planned)


def _sought(writer: RecordWriter, prop: Property, lookup: LookedUp) -> object:
    value = _parsed(writer, prop, lookup)
    wanted = sought_value(writer.resolved([Row({prop.key: value})]), prop)
    if isinstance(wanted, RefusedRow):
        raise refusal_of(wanted.problems, lambda _: _VALUE)
    if not KeyRule(writer.object_type, prop, fold_case=True).keys(wanted):
        raise PrismdError.invalid(_VALUE, f"expected a value of {prop.slug}, found a blank one", "minLength")
    return wanted


def _parsed(writer: RecordWriter, prop: Property, lookup: LookedUp, *, written: bool = False) -> object:
    try:
        return parsed_value(prop, lookup.value, writer.transaction.settings, written=written)
    except InvalidValueError as error:
        raise refusal_of([Problem(error.code, error.message)], lambda _: _VALUE) from None


def _not_found_again(writer: RecordWriter, prop: Property, made: StoredRecord, value: object) -> list[Problem]:
    """Return the problem of a new record that the same upsert would not find, and would therefore create each time."""
    rule = KeyRule(writer.object_type, prop, fold_case=True)
    if not set(rule.keys(value)).isdisjoint(rule.keys(made.properties.get(prop.key))):
        return []
    message = (
        f"`{prop.slug}` must have the value by which the path looks the record up, or be left out: by what the body "
        "says the next upsert would not find it, and make another"
    )
    return [Problem("invalid_value", message, prop.slug, list_id=prop.list_id)]


def _with_value(row: Row, prop: Property, value: object) -> Row:
    # A null does not override the looked-up value: otherwise the next upsert would create the record again.
    given = row.values.get(prop.key)
    if isinstance(given, ArrayChange) and isinstance(value, list):
        row = Row({**row.values, prop.key: given.applied_to(value)})
    elif given in (None, []):
        row = Row({**row.values, prop.key: value})
    if prop.list_id is None:
        return row
    return Row({**row.values, LISTS_KEY: ArrayChange(ArrayOperation.APPEND, [prop.list_id])})
