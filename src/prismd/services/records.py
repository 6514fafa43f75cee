"""Reading records back: by id, by the value of a property, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.rows import RefusedRow, Row
from prismd.core.keys import KeyRule
from prismd.core.quoting import nearest, quoted
from prismd.core.record_writes import no_record
from prismd.core.schema import LISTS, LISTS_KEY, ObjectSchema, Property
from prismd.core.values import InvalidValueError, ValueLimits, parser_for, render
from prismd.services.lists import require_list
from prismd.services.query_references import ReferenceReader
from prismd.services.record_keys import ensure_key, find_by_key, key_property
from prismd.services.references import resolve_references
from prismd.settings import Settings
from prismd.store import properties, records
from prismd.store.postgres import Connection
from prismd.store.records import StoredRecord

#: Audit properties that come from columns of the record (contract, section 17).
_CREATED: Final = ("created_at",)
_UPDATED: Final = ("updated_at", "last_updated_at")


#: Most ids shown of a reference that is read from its other side, where the caller sets no other number.
REFERENCES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as clients see it.

    Args:
        properties: Rendered values by slug; properties without a value are absent.
        version: Counts the record's changes from 1.
        lists: Rendered values by list and slug, or by slug alone where the request names the list; None for a record
            that is in no list, or not in that one.
    """

    id: str
    properties: dict[str, Any]
    version: int
    lists: dict[str, Any] | None = None


def get_record(
    connection: Connection,
    team_id: int,
    object_type: str,
    record_id: str,
    *,
    select: Sequence[str] | None = None,
    list_id: str | None = None,
    references_max: int = REFERENCES_MAX,
) -> RecordView:
    """Return a record (contract, section 11.4).

    Args:
        select: Slugs of the properties wanted; None for all that records have values of.
        list_id: The list whose values are wanted besides; None for all lists.
        references_max: Most ids shown of a reference that is read from its other side.

    Raises:
        PrismdError: ``not_found``, also for deleted records, for ids that are none, and for an unknown list;
            ``invalid_request`` for an unknown slug.
    """
    scope = list_scope(connection, team_id, object_type, list_id)
    schema = properties.load_schema(connection, team_id, object_type)
    _check_select(schema, select, scope)
    record = records.get_record(connection, team_id, object_type, record_id) if is_uuid(record_id) else None
    if record is None:
        raise no_record(object_type, record_id)
    view = view_of(schema, record, select=select, list_id=scope)
    return _with_inverses(connection, team_id, schema, view, select, references_max)


def find_record(
    connection: Connection,
    team_id: int,
    object_type: str,
    slug: str,
    value: str,
    *,
    settings: Settings,
    select: Sequence[str] | None = None,
    list_id: str | None = None,
    references_max: int = REFERENCES_MAX,
) -> RecordView:
    """Return the one record whose property has a value, compared as imports compare (contract, section 11.7).

    Args:
        slug: A property by which records can be told apart.
        value: As text; for references to contacts, an id or an address.
        settings: For the limits of values.
        select: Slugs of the properties wanted; None for all that records have values of.
        list_id: The list whose own properties can be meant too.
        references_max: Most ids shown of a reference that is read from its other side.

    Raises:
        PrismdError: ``not_found``, ``multiple_matches``, or ``invalid_request`` for a slug that cannot be looked up.
    """
    scope = list_scope(connection, team_id, object_type, list_id)
    schema = properties.load_schema(connection, team_id, object_type)
    _check_select(schema, select, scope)
    prop = key_property(schema, slug, ".path.slug", scope)
    try:
        wanted = resolved_value(connection, team_id, schema, prop, parsed_value(prop, value, settings))
    except InvalidValueError:  # a value that no record has
        wanted = RefusedRow()
    found = [] if isinstance(wanted, RefusedRow) else records_with(connection, team_id, object_type, prop, wanted)
    if not found:
        raise PrismdError("not_found", f"no {object_type} has the {slug} {quoted(value)}")
    view = view_of(schema, the_one(found, slug, value), select=select, list_id=scope)
    return _with_inverses(connection, team_id, schema, view, select, references_max)


def count_records(connection: Connection, team_id: int, object_type: str, *, list_id: str | None = None) -> int:
    """Return how many records of a type a team has, without the deleted ones (contract, section 11.9).

    Args:
        list_id: Count only those in this list.

    Raises:
        PrismdError: ``not_found``: there is no such list of records of the type.
    """
    scope = list_scope(connection, team_id, object_type, list_id)
    if scope is None:
        return records.count_records(connection, team_id, object_type)
    ensure_key(connection, team_id, object_type, LISTS)
    hashes = KeyRule(object_type, LISTS, fold_case=True).hashes([scope])
    return records.count_by_key(connection, team_id, object_type, hashes, key=LISTS_KEY, value=scope)


def list_scope(connection: Connection, team_id: int, object_type: str, list_id: str | None) -> str | None:
    """Return the id of the list that a request names in its query, if it names one.

    Args:
        list_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``: the team has no such list of records of the type.
    """
    return None if list_id is None else require_list(connection, team_id, list_id, object_type).id


def parsed_value(prop: Property, value: str, settings: Settings) -> object:
    """Return what is stored for a value that stands in a path.

    Raises:
        InvalidValueError: The property cannot have that value.
    """
    return parser_for(prop, ValueLimits(settings.text_chars_max, settings.list_values_max))(value)


def resolved_value(
    connection: Connection, team_id: int, schema: ObjectSchema, prop: Property, value: object
) -> object | RefusedRow:
    """Return a value with the ids of records in place of addresses, as an import would take them.

    Raises:
        PrismdError: ``multiple_matches``: several records have the address.
    """
    [row] = resolve_references(connection, team_id, schema, [Row({prop.key: value})])
    if isinstance(row, Row):
        resolved: object = row.values[prop.key]
        return resolved
    if row.problems[0].code == "multiple_matches":
        raise PrismdError("multiple_matches", row.problems[0].message)
    return row


def records_with(
    connection: Connection, team_id: int, object_type: str, prop: Property, value: object
) -> list[StoredRecord]:
    """Return the records whose property has a value, or one in common, as keys are compared.

    Args:
        value: As stored.
    """
    ensure_key(connection, team_id, object_type, prop)
    return find_by_key(connection, team_id, KeyRule(object_type, prop, fold_case=True), object_type, value)


def the_one(found: Sequence[StoredRecord], slug: str, value: str) -> StoredRecord:
    """Return the record that a value means.

    Args:
        found: The records that have it, one at least.

    Raises:
        PrismdError: ``multiple_matches``.
    """
    if len(found) > 1:
        raise PrismdError(
            "multiple_matches", f"{len(found)} records have the {slug} {quoted(value)}; use an id instead"
        )
    return found[0]


def view_of(
    schema: ObjectSchema, record: StoredRecord, *, select: Sequence[str] | None = None, list_id: str | None = None
) -> RecordView:
    """Return a record as clients see it.

    Args:
        schema: Of the record.
        select: Slugs of the properties wanted; None for all.
        list_id: The list whose values are shown by slug alone; None for all lists, by their ids.
    """
    values: dict[str, object] = {
        key: render(schema.properties[key], value) for key, value in record.properties.items() if "/" not in key
    }
    values |= dict.fromkeys(_CREATED, _timestamp(record.created_at))
    values |= dict.fromkeys(_UPDATED, _timestamp(record.updated_at))
    lists = _lists(schema, record)
    if select is None:
        return RecordView(record.id, values, record.version, _shown_lists(lists, list_id))
    wanted = {prop.key for slug in select if (prop := schema.get(slug, list_id)) is not None}
    shown = {slug: value for slug, value in values.items() if slug in wanted}
    own = lists.get(list_id) if list_id else None
    picked = own and {slug: value for slug, value in own.items() if f"{list_id}/{slug}" in wanted}
    return RecordView(record.id, shown, record.version, picked)


def _with_inverses(  # noqa: PLR0917 - what is shown, and of what
    connection: Connection,
    team_id: int,
    schema: ObjectSchema,
    view: RecordView,
    select: Sequence[str] | None,
    most: int,
) -> RecordView:
    # They can be many, so they are read only for those who ask for them by name.
    wanted = {prop.slug: prop for slug in select or () if (prop := schema.get(slug)) is not None and prop.inverse_of}
    if not wanted:
        return view
    others = properties.load_schemas(
        connection, team_id, [prop.inverse_of[0] for prop in wanted.values() if prop.inverse_of]
    )
    reader = ReferenceReader(connection, team_id, others, most=most)
    shown = {slug: reader.referring(prop, [view.id]).get(view.id, []) for slug, prop in wanted.items()}
    return replace(view, properties=view.properties | {slug: ids for slug, ids in shown.items() if ids})


def _shown_lists(lists: dict[str, dict[str, object]], list_id: str | None) -> dict[str, Any] | None:
    return (lists or None) if list_id is None else lists.get(list_id)


def _lists(schema: ObjectSchema, record: StoredRecord) -> dict[str, dict[str, object]]:
    shown: dict[str, dict[str, object]] = {list_id: {} for list_id in record.properties.get(LISTS_KEY, ())}
    for key, value in record.properties.items():
        list_id, _, slug = key.rpartition("/")
        if list_id in shown and (prop := schema.properties.get(key)) is not None:
            shown[list_id][slug] = render(prop, value)
    return shown


def _check_select(schema: ObjectSchema, select: Sequence[str] | None, list_id: str | None) -> None:
    for slug in select or ():
        if schema.get(slug, list_id) is None:
            hint = nearest(slug, schema.slugs(list_id))
            message = f"{schema.object_type} has no property {quoted(slug)}{hint}"
            raise PrismdError.invalid(".query.select", message, "enum")


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
