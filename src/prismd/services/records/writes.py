"""Writes of single records as use cases: create, change, upsert, duplicate (contract, section 11)."""

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
    """What an upsert goes by.

    Args:
        slug: Of a property by which records can be told apart.
        value: As it stands in the path.
    """

    slug: str
    value: str


def create_record(writer: RecordWriter, body: RecordBody, conditions: Preconditions = NOTHING) -> RecordView:
    """Make a record (contract, section 11.2).

    Args:
        writer: Of its type.
        body: Its values.
        conditions: Of the request, which there is no record to meet.

    Raises:
        PrismdError: ``precondition_failed``, or ``invalid_request`` with the path of each field at fault.
    """
    conditions.check(None)
    check_id(body, None)
    return _written(writer, writer.make(_row(writer, body)), body.place_of)


def update_record(
    writer: RecordWriter, record_id: str, body: RecordBody, conditions: Preconditions = NOTHING
) -> RecordView:
    """Change a record (contract, section 11.5).

    Args:
        writer: Of its type.
        record_id: As the caller wrote it.
        body: What is written over its values.
        conditions: What must be so of the record's version.

    Raises:
        PrismdError: ``not_found``, ``precondition_failed``, or ``invalid_request`` with the path of each bad field.
    """
    held = writer.hold([record_id.lower()] if is_uuid(record_id) else [])
    record = _standing(held, writer.object_type, record_id)
    conditions.check(record.version)
    check_id(body, record.id)
    return _written(writer, writer.change(record, _row(writer, body, record)), body.place_of)


def upsert_record(
    writer: RecordWriter, lookup: LookedUp, body: RecordBody, conditions: Preconditions = NOTHING
) -> tuple[RecordView, bool]:
    """Change the one record that has a value, or make it where there is none (contract, section 11.8).

    Args:
        writer: Of its type.
        lookup: The value.
        body: What is written.
        conditions: What must be so of the version of the record that there is; that there is one, or none.

    Returns:
        The record, and whether it was made.

    Raises:
        PrismdError: ``multiple_matches``, ``precondition_failed``, or ``invalid_request`` with the path of each field
            at fault.
    """
    prop = key_property(writer.schema, lookup.slug, ".path.slug", writer.list_id)
    value = _sought(writer, prop, lookup)
    found = records_with(writer.transaction, writer.object_type, prop, value)
    if found:
        record_id = the_one(found, lookup.slug, lookup.value)
        record = writer.hold([record_id])[record_id].record
        conditions.check(record.version)
        check_id(body, record_id)
        return _written(writer, writer.change(record, _row(writer, body, record)), body.place_of), False
    conditions.check(None)
    check_id(body, None)
    _parsed(writer, prop, lookup, written=True)
    planned = writer.make(_with_value(_row(writer, body), prop, value))
    if isinstance(planned, StoredRecord):
        planned = _not_found_again(writer, prop, planned, value) or planned
    return _written(writer, planned, body.place_of), True


def duplicate_record(writer: RecordWriter, record_id: str, conditions: Preconditions = NOTHING) -> RecordView:
    """Make a record with the values and lists of another (contract, section 11.10).

    Args:
        writer: Of its type.
        record_id: Of the other one, as the caller wrote it.
        conditions: What must be so of its version.

    Raises:
        PrismdError: ``not_found``; ``precondition_failed``; ``invalid_request`` where the other one lacks a required
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
        raise refusal_of(row.problems, body.place_of)
    return row


def _written(
    writer: RecordWriter, planned: StoredRecord | Sequence[Problem], place_of: Callable[[Problem], str]
) -> RecordView:
    if not isinstance(planned, StoredRecord):
        raise refusal_of(planned, place_of)
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
    """Return why a record cannot be made that the same upsert does not find, as it would make another each time."""
    rule = KeyRule(writer.object_type, prop, fold_case=True)
    if not set(rule.keys(value)).isdisjoint(rule.keys(made.properties.get(prop.key))):
        return []
    message = (
        f"`{prop.slug}` must have the value by which the path looks the record up, or be left out: by what the body "
        "says the next upsert would not find it, and make another"
    )
    return [Problem("invalid_value", message, prop.slug, list_id=prop.list_id)]


def _with_value(row: Row, prop: Property, value: object) -> Row:
    # Null is no value either: without the one looked up, the next upsert would make the record again.
    given = row.values.get(prop.key)
    if isinstance(given, ArrayChange) and isinstance(value, list):
        row = Row({**row.values, prop.key: given.applied_to(value)})
    elif given in (None, []):
        row = Row({**row.values, prop.key: value})
    if prop.list_id is None:
        return row
    return Row({**row.values, LISTS_KEY: ArrayChange(ArrayOperation.APPEND, [prop.list_id])})
