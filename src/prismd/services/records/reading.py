"""Reading records: one by id, one by the value of a property, and the number of records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.properties.schema import LISTS, Property
from prismd.core.queries.tree import Deleted, Query
from prismd.core.records.keys import KeyRule
from prismd.core.records.rows import RefusedRow, Row, Rows
from prismd.core.records.writes import no_record
from prismd.core.values.property_values import InvalidValueError, ValueLimits, parser_for, writer_for
from prismd.core.wording.quoting import quoted
from prismd.services.lists import require_list
from prismd.services.records.findable import make_findable
from prismd.services.records.keys import FOUND_MAX, ensure_key, find_by_key, key_property
from prismd.services.records.references import resolve_references
from prismd.services.records.shown import RecordView, Showing
from prismd.services.session import Transaction
from prismd.settings import Settings
from prismd.store.queries import pages


@dataclass(frozen=True, slots=True)
class ValuesWanted:
    """The selection of a record's values to return.

    Args:
        select: Paths of the properties; None for all properties with values.
        list_id: The list whose values to return beside the record's own; None for all lists.
    """

    select: Sequence[str] | None = None
    list_id: str | None = None


#: All values of a record.
EVERYTHING: Final = ValuesWanted()


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A value that identifies a record.

    Args:
        slug: Slug of a property that can identify records.
        value: The value as text; for a reference to contacts, an id or an e-mail address.
    """

    slug: str
    value: str


def get_record(
    transaction: Transaction,
    object_type: str,
    record_id: str,
    wanted: ValuesWanted = EVERYTHING,
) -> RecordView:
    """Return a record (contract, section 11.4).

    Args:
        transaction: The team's open transaction.
        object_type: The type of the record.
        record_id: The record's id, exactly as the caller sent it.
        wanted: The values to return.

    Raises:
        PrismdError: ``not_found``, also for deleted records, malformed ids and an unknown list; ``invalid_request`` for
            an unknown slug.
    """
    scope = list_scope(transaction, object_type, wanted.list_id)
    showing = Showing(transaction, object_type, select=wanted.select, list_id=scope)
    showing.make_findable()
    record = showing.read(record_id) if is_uuid(record_id) else None
    if record is None:
        raise no_record(object_type, record_id)
    return showing.view(record)


def find_record(
    transaction: Transaction,
    object_type: str,
    sought: KeyValue,
    wanted: ValuesWanted = EVERYTHING,
) -> RecordView:
    """Return the one record whose property has a value, compared as imports compare keys (contract, section 11.7).

    Args:
        transaction: The team's open transaction.
        object_type: The type of the record.
        sought: The value; the property can be one of the list's own.
        wanted: The values to return.

    Raises:
        PrismdError: ``not_found``, ``multiple_matches``, ``missing_scope``, or ``invalid_request`` for a property that
            cannot identify records.
    """
    scope = list_scope(transaction, object_type, wanted.list_id)
    showing = Showing(transaction, object_type, select=wanted.select, list_id=scope)
    schema, slug, value = showing.schema, sought.slug, sought.value
    prop = key_property(schema, slug, ".path.slug", scope)
    make_findable(transaction, object_type, prop, tells_apart=True)
    showing.make_findable()
    try:
        row = Row({prop.key: parsed_value(prop, value, transaction.settings)})
        stored = sought_value(resolve_references(transaction, schema, [row]), prop)
    except InvalidValueError:  # a value that no record has
        stored = RefusedRow()
    found = [] if isinstance(stored, RefusedRow) else _found(transaction, object_type, prop, stored)
    record = showing.read(the_one(found, slug, value)) if found else None
    if record is None:
        raise PrismdError("not_found", f"no {object_type} has the {slug} {quoted(value)}")
    return showing.view(record)


def count_records(
    transaction: Transaction,
    object_type: str,
    *,
    list_id: str | None = None,
    deleted: Deleted = Deleted.LEFT_OUT,
) -> int:
    """Return the number of a team's records of one type (contract, section 11.9).

    Args:
        list_id: Count only the records of this list.
        deleted: Whether to count deleted records too, or alone.

    Raises:
        PrismdError: ``not_found``: the team has no such list for this type; ``query_timeout``.
    """
    scope = list_scope(transaction, object_type, list_id)
    hashes = None
    if scope is not None:
        make_findable(transaction, object_type, LISTS)
        hashes = KeyRule(object_type, LISTS, fold_case=True).hashes([scope])
    query = Query(object_type=object_type, list_id=scope, deleted=deleted)
    pages.limit_time(transaction.connection, transaction.settings.query_timeout_s)
    return pages.query_total(transaction.connection, query, transaction.team_id, hashes)


def list_scope(transaction: Transaction, object_type: str, list_id: str | None) -> str | None:
    """Return the id of the list that a request names in its query; None if it names none.

    Args:
        list_id: The list's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``: the team has no such list for this type.
    """
    return None if list_id is None else require_list(transaction, list_id, object_type).id


def parsed_value(prop: Property, value: str, settings: Settings, *, written: bool = False) -> object:
    """Return the stored form of a value that the path of a request gives as text.

    Args:
        prop: The property that the value belongs to.
        value: The text in the path.
        written: Whether a record will get the value: an archived option can be looked up, but not written.

    Raises:
        InvalidValueError: The property cannot have the value.
    """
    limits = ValueLimits(settings.text_chars_max, settings.list_values_max)
    return (writer_for if written else parser_for)(prop, limits)(value)


def sought_value(resolved: Rows, prop: Property) -> object | RefusedRow:
    """Return the value to look up, or the refused row if no record can have it.

    Args:
        resolved: One row with the value; addresses are replaced by record ids.
        prop: The property to look the value up by.

    Raises:
        PrismdError: ``multiple_matches``: several records have the address.
    """
    [row] = resolved
    if isinstance(row, Row):
        value: object = row.values[prop.key]
        return value
    if row.problems[0].code == "multiple_matches":
        raise PrismdError("multiple_matches", row.problems[0].message)
    return row


def records_with(transaction: Transaction, object_type: str, prop: Property, value: object) -> list[str]:
    """Return ids of the records that share a value of a property with a given value, compared as keys are.

    Args:
        transaction: The transaction of a write; it makes records findable by the property first, if necessary.
        value: The value in stored form.
    """
    ensure_key(transaction, object_type, prop, tells_apart=True)
    return _found(transaction, object_type, prop, value)


def the_one(found: Sequence[str], slug: str, value: str) -> str:
    """Return the only id of a look-up's result.

    Args:
        found: Ids of the records that have the value; at least one.

    Raises:
        PrismdError: ``multiple_matches``.
    """
    if len(found) > 1:
        many = f"more than {FOUND_MAX}" if len(found) > FOUND_MAX else str(len(found))
        raise PrismdError("multiple_matches", f"{many} records have the {slug} {quoted(value)}; use an id instead")
    return found[0]


def _found(transaction: Transaction, object_type: str, prop: Property, value: object) -> list[str]:
    rule = KeyRule(object_type, prop, fold_case=True)
    return find_by_key(transaction, object_type, rule, value)
