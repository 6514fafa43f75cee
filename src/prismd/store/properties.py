"""A team's properties and options in PostgreSQL; the core defines native ones, teams add options to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import ObjectSchema, Option, Property
from prismd.core.values.blanks import UNSEEN
from prismd.store.connections.postgres import Connection

# One row per custom property, and one per native property to which the team added options (slug NULL).
_SELECT: Final = """
WITH added AS (
    SELECT object_type, property_id,
           jsonb_agg(
               jsonb_build_array(id, slug, value, color_scheme, description, icon, option_group, sort_index, enabled)
               ORDER BY sort_index NULLS LAST, slug
           ) AS options
    FROM property_option
    WHERE team_id = %(team_id)s AND object_type = ANY(%(object_types)s)
    GROUP BY object_type, property_id
), custom AS (
    SELECT object_type, id, slug, type, name, icon, role_id, enabled, required, list_id, alias, created_at
    FROM property
    WHERE team_id = %(team_id)s AND object_type = ANY(%(object_types)s)
)
SELECT coalesce(custom.object_type, added.object_type), coalesce(custom.id, added.property_id)::text,
       slug, type, name, icon, role_id::text, enabled, required, list_id::text, alias, options
FROM custom FULL JOIN added ON added.object_type = custom.object_type AND added.property_id = custom.id
ORDER BY custom.created_at, custom.id
"""

_ADD_OPTION: Final = """
INSERT INTO property_option
    (team_id, object_type, property_id, id, slug, value, color_scheme, description, icon, option_group, sort_index,
     enabled)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""

_INSERT: Final = """
INSERT INTO property
    (team_id, object_type, id, slug, type, name, icon, role_id, enabled, required, list_id, alias, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_UPDATE: Final = """
UPDATE property SET name = %s, icon = %s, enabled = %s, required = %s
WHERE team_id = %s AND object_type = %s AND id = %s
"""

_UPDATE_OPTION: Final = """
UPDATE property_option
SET slug = %s, value = %s, color_scheme = %s, description = %s, icon = %s, option_group = %s, sort_index = %s,
    enabled = %s
WHERE team_id = %s AND object_type = %s AND property_id = %s AND id = %s
"""

_DELETE_OPTION: Final = """
DELETE FROM property_option WHERE team_id = %s AND object_type = %s AND property_id = %s AND id = %s
"""

# Deletes the property with everything that belongs to it. Its keys in record_key are gone already, because no record
# has a value of it.
_DELETE: Final = """
WITH options AS (
    DELETE FROM property_option WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND property_id = %(id)s
), keys AS (
    DELETE FROM key_property WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND key = %(key)s
)
DELETE FROM property WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND id = %(id)s
"""

# Deleted records count, because they can be restored. Queued and running imports count if they look records up by the
# property.
_IN_USE: Final = """
SELECT EXISTS (
    SELECT FROM record WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND properties ? %(key)s
) OR EXISTS (
    SELECT FROM import_job
    WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND state IN ('queued', 'running')
        AND coalesce(options ->> 'key', options ->> 'dedupe_by') = %(key)s
)
"""

# Whether a record that is not deleted has no value, or a blank one. The search ends at the first.
_LACKED: Final = """
SELECT EXISTS (
    SELECT FROM record
    WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND deleted_at IS NULL
        AND btrim(coalesce(properties ->> %(key)s, ''), %(unseen)s) = ''
)
"""
_LACKED_IN_LIST: Final = """
SELECT EXISTS (
    SELECT FROM record_key AS k
    CROSS JOIN LATERAL (
        SELECT FROM record
        WHERE team_id = %(team_id)s AND object_type = %(object_type)s AND id = k.record_id AND deleted_at IS NULL
            AND properties -> '/lists' ? %(list_id)s AND btrim(coalesce(properties ->> %(key)s, ''), %(unseen)s) = ''
        OFFSET 0
    ) AS member
    WHERE k.team_id = %(team_id)s AND k.key_hash = ANY(%(hashes)b::bigint[])
)
"""

# Containment is true of an array that has the option, and of a single value that equals it.
_OPTION_IN_USE: Final = """
SELECT EXISTS (
    SELECT FROM record
    WHERE team_id = %s AND object_type = %s AND properties -> %s @> to_jsonb(%s::text)
)
"""


def load_schema(connection: Connection, team_id: int, object_type: str) -> ObjectSchema:
    """Return all properties of an object type in a team with their options: native, then custom, oldest first.

    Args:
        connection: An open connection.
        team_id: The team.
        object_type: A type whose records prismd keeps.
    """
    return load_schemas(connection, team_id, (object_type,))[object_type]


def load_schemas(connection: Connection, team_id: int, object_types: Sequence[str]) -> dict[str, ObjectSchema]:
    """Return all properties of several object types in a team, in one statement.

    Args:
        connection: An open connection.
        team_id: The team.
        object_types: Types whose records prismd keeps.
    """
    schemas = {object_type: dict(native_schema(object_type).properties) for object_type in object_types}
    native_slugs = {prop.id: prop.slug for properties in schemas.values() for prop in properties.values()}
    rows = connection.execute(_SELECT, {"team_id": team_id, "object_types": list(object_types)})
    for object_type, property_id, slug, *columns, options in rows:
        properties = schemas[object_type]
        added = tuple(Option(*columns) for columns in options or ())
        if slug is not None:
            custom = _custom(property_id, slug, columns, added)
            properties[custom.key] = custom
        elif property_id in native_slugs:
            native = properties[native_slugs[property_id]]
            properties[native.slug] = replace(native, options=(*native.options, *added))
    return {name: ObjectSchema(name, MappingProxyType(properties)) for name, properties in schemas.items()}


def add_options(
    connection: Connection, team_id: int, object_type: str, property_id: str, options: Sequence[Option]
) -> None:
    """Add options to a select property, native or custom; an option whose slug or id exists is left unchanged.

    Args:
        connection: A connection inside a transaction.
        team_id: The team.
        object_type: The type that has the property.
        property_id: The property.
        options: The options, with their ids.
    """
    with connection.cursor() as cursor:
        cursor.executemany(_ADD_OPTION, [_option_row(team_id, object_type, property_id, option) for option in options])


def insert_property(connection: Connection, team_id: int, object_type: str, prop: Property, *, now: datetime) -> None:
    """Add a custom property with its options.

    Args:
        connection: A connection inside a transaction.
        team_id: The team.
        object_type: The type that gets the property.
        prop: The property; its slug is free.
        now: The current time.
    """
    row = (team_id, object_type, prop.id, prop.slug, prop.type, prop.name, prop.icon, prop.role_id)
    connection.execute(_INSERT, (*row, prop.enabled, prop.required, prop.list_id, prop.alias, now))
    add_options(connection, team_id, object_type, prop.id, prop.options)


def update_property(connection: Connection, team_id: int, object_type: str, prop: Property) -> None:
    """Write the fields of a custom property that can change."""
    changed = (prop.name, prop.icon, prop.enabled, prop.required)
    connection.execute(_UPDATE, (*changed, team_id, object_type, prop.id))


def delete_property(connection: Connection, team_id: int, object_type: str, prop: Property) -> None:
    """Delete an unused custom property, with its options."""
    named = {"team_id": team_id, "object_type": object_type, "id": prop.id, "key": prop.key}
    connection.execute(_DELETE, named)


def is_in_use(connection: Connection, team_id: int, object_type: str, prop: Property) -> bool:
    """Tell whether a record has a value of a property, or an unfinished import looks records up by it."""
    named = {"team_id": team_id, "object_type": object_type, "key": prop.key}
    return bool(connection.execute(_IN_USE, named).fetchone() == (True,))


def is_lacked(
    connection: Connection, team_id: int, object_type: str, prop: Property, list_hashes: Sequence[int]
) -> bool:
    """Tell whether a record that is not deleted, in the property's list if it has one, lacks a value of a property.

    Args:
        list_hashes: Key hashes of membership in that list, if the property belongs to one.
    """
    named: dict[str, Any] = {"team_id": team_id, "object_type": object_type, "key": prop.key, "unseen": UNSEEN}
    if prop.list_id is None:
        return bool(connection.execute(_LACKED, named).fetchone() == (True,))
    named |= {"list_id": prop.list_id, "hashes": list(list_hashes)}
    return bool(connection.execute(_LACKED_IN_LIST, named).fetchone() == (True,))


def update_option(connection: Connection, team_id: int, object_type: str, property_id: str, option: Option) -> None:
    """Write the fields of a team's option that can change."""
    texts = (option.slug, option.value, option.color_scheme, option.description, option.icon, option.option_group)
    connection.execute(
        _UPDATE_OPTION, (*texts, option.sort_index, option.enabled, team_id, object_type, property_id, option.id)
    )


def delete_option(connection: Connection, team_id: int, object_type: str, property_id: str, option_id: str) -> None:
    """Delete an option that no record has."""
    connection.execute(_DELETE_OPTION, (team_id, object_type, property_id, option_id))


def is_option_in_use(connection: Connection, team_id: int, object_type: str, key: str, option_id: str) -> bool:
    """Tell whether a record has an option of a select property."""
    return bool(connection.execute(_OPTION_IN_USE, (team_id, object_type, key, option_id)).fetchone() == (True,))


def _custom(property_id: str, slug: str, columns: Sequence[Any], options: tuple[Option, ...]) -> Property:
    wire_type, name, icon, role_id, enabled, required, list_id, alias = columns
    return Property(
        id=property_id,
        slug=slug,
        type=wire_type,
        name=name,
        required=required,
        enabled=enabled,
        icon=icon,
        role_id=role_id,
        options=options,
        list_id=list_id,
        alias=alias,
    )


def _option_row(team_id: int, object_type: str, property_id: str, option: Option) -> tuple[Any, ...]:
    return (
        team_id, object_type, property_id, option.id, option.slug, option.value, option.color_scheme,
        option.description, option.icon, option.option_group, option.sort_index, option.enabled,
    )  # fmt: skip
