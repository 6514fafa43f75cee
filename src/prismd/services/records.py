"""Reading records back: by id, by the value of a property, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.rows import Row
from prismd.core.keys import KeyRule
from prismd.core.quoting import nearest, quoted
from prismd.core.schema import ObjectSchema, Property
from prismd.core.values import InvalidValueError, ValueLimits, parser_for, render
from prismd.services.record_keys import ensure_key, find_by_key, key_property
from prismd.services.references import resolve_references
from prismd.settings import Settings
from prismd.store import properties, records
from prismd.store.postgres import Connection

#: Audit properties that come from columns of the record (contract, section 17).
_CREATED: Final = ("created_at",)
_UPDATED: Final = ("updated_at", "last_updated_at")


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as clients see it.

    Args:
        properties: Rendered values by slug; properties without a value are absent.
        version: Counts the record's changes from 1.
    """

    id: str
    properties: dict[str, Any]
    version: int


def get_record(
    connection: Connection, team_id: int, object_type: str, record_id: str, *, select: Sequence[str] | None = None
) -> RecordView:
    """Return a record (contract, section 11.4).

    Args:
        select: Slugs of the properties wanted; None for all.

    Raises:
        PrismdError: ``not_found``, also for deleted records and for ids that are none; ``invalid_request`` for an
            unknown slug.
    """
    schema = properties.load_schema(connection, team_id, object_type)
    _check_select(schema, select)
    record = records.get_record(connection, team_id, object_type, record_id) if is_uuid(record_id) else None
    if record is None:
        raise PrismdError("not_found", f"there is no {object_type} with the id {quoted(record_id)}")
    return _view(schema, record, select)


def find_record(
    connection: Connection,
    team_id: int,
    object_type: str,
    slug: str,
    value: str,
    *,
    settings: Settings,
    select: Sequence[str] | None = None,
) -> RecordView:
    """Return the one record whose property has a value, compared as imports compare (contract, section 11.7).

    Args:
        slug: A property by which records can be told apart.
        value: As text; for references to contacts, an id or an address.
        settings: For the limits of values.

    Raises:
        PrismdError: ``not_found``, ``multiple_matches``, or ``invalid_request`` for a slug that cannot be looked up.
    """
    schema = properties.load_schema(connection, team_id, object_type)
    _check_select(schema, select)
    prop = key_property(schema, slug, ".path.slug")
    wanted = _resolved(connection, team_id, schema, slug, _parsed(prop, value, settings))
    ensure_key(connection, team_id, object_type, prop)
    rule = KeyRule(object_type, prop, fold_case=True)
    found = find_by_key(connection, team_id, rule, object_type, wanted) if wanted is not None else []
    if not found:
        raise PrismdError("not_found", f"no {object_type} has the {slug} {quoted(value)}")
    if len(found) > 1:
        raise PrismdError(
            "multiple_matches", f"{len(found)} records have the {slug} {quoted(value)}; use an id instead"
        )
    return _view(schema, found[0], select)


def count_records(connection: Connection, team_id: int, object_type: str) -> int:
    """Return how many records of a type a team has, without the deleted ones (contract, section 11.9)."""
    return records.count_records(connection, team_id, object_type)


def _parsed(prop: Property, value: str, settings: Settings) -> object:
    # What is no value of the property is a value that no record has.
    try:
        return parser_for(prop, ValueLimits(settings.text_chars_max, settings.list_values_max))(value)
    except InvalidValueError:
        return None


def _resolved(connection: Connection, team_id: int, schema: ObjectSchema, slug: str, value: object) -> object:
    # A reference by address means the record that an import would take it for.
    [row] = resolve_references(connection, team_id, schema, [Row({slug: value})])
    if isinstance(row, Row):
        return row.values[slug]
    [problem] = row.problems
    if problem.code == "multiple_matches":
        raise PrismdError("multiple_matches", problem.message)
    return None


def _check_select(schema: ObjectSchema, select: Sequence[str] | None) -> None:
    for slug in select or ():
        if schema.get(slug) is None:
            hint = nearest(slug, schema.properties)
            message = f"{schema.object_type} has no property {quoted(slug)}{hint}"
            raise PrismdError.invalid(".query.select", message, "enum")


def _view(schema: ObjectSchema, record: records.StoredRecord, select: Sequence[str] | None) -> RecordView:
    values: dict[str, object] = {
        key: render(schema.properties[key], value) for key, value in record.properties.items() if "/" not in key
    }
    values |= dict.fromkeys(_CREATED, _timestamp(record.created_at))
    values |= dict.fromkeys(_UPDATED, _timestamp(record.updated_at))
    shown = values if select is None else {slug: values[slug] for slug in select if slug in values}
    return RecordView(record.id, shown, record.version)


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
