"""A team's properties and options in PostgreSQL; native ones come from the core and are only added to here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from prismd.core.native import native_schema
from prismd.core.schema import ObjectSchema, Option, Property
from prismd.store.postgres import Connection

# One row per custom property, and one per native property that the team gave options (slug NULL).
_SELECT: Final = """
WITH added AS (
    SELECT object_type, property_id,
           jsonb_agg(
               jsonb_build_array(id, slug, value, color_scheme, description, icon, option_group, sort_index)
               ORDER BY sort_index NULLS LAST, slug
           ) AS options
    FROM property_option
    WHERE team_id = %(team_id)s AND object_type = ANY(%(object_types)s)
    GROUP BY object_type, property_id
), custom AS (
    SELECT object_type, id, slug, type, name, icon, role_id, enabled, required, created_at
    FROM property
    WHERE team_id = %(team_id)s AND object_type = ANY(%(object_types)s)
)
SELECT coalesce(custom.object_type, added.object_type), coalesce(custom.id, added.property_id)::text,
       slug, type, name, icon, role_id::text, enabled, required, options
FROM custom FULL JOIN added ON added.object_type = custom.object_type AND added.property_id = custom.id
ORDER BY custom.created_at, custom.id
"""

_ADD_OPTION: Final = """
INSERT INTO property_option
    (team_id, object_type, property_id, id, slug, value, color_scheme, description, icon, option_group, sort_index)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""


def load_schema(connection: Connection, team_id: int, object_type: str) -> ObjectSchema:
    """Return all properties of an object type in a team: native, then custom by age, with their options.

    Args:
        connection: An open connection.
        team_id: The team.
        object_type: One of the types whose records prismd keeps.
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
    for object_type, property_id, slug, wire_type, name, icon, role_id, enabled, required, options in rows:
        properties = schemas[object_type]
        added = tuple(Option(*columns) for columns in options or ())
        if slug is not None:
            properties[slug] = Property(
                id=property_id,
                slug=slug,
                type=wire_type,
                name=name,
                required=required,
                enabled=enabled,
                icon=icon,
                role_id=role_id,
                options=added,
            )
        elif property_id in native_slugs:
            native = properties[native_slugs[property_id]]
            properties[native.slug] = replace(native, options=(*native.options, *added))
    return {name: ObjectSchema(name, MappingProxyType(properties)) for name, properties in schemas.items()}


def add_options(
    connection: Connection, team_id: int, object_type: str, property_id: str, options: Sequence[Option]
) -> None:
    """Add options to a select property, native or custom; those whose slug or id is there already are left alone.

    Args:
        connection: A connection inside a transaction.
        team_id: The team.
        object_type: The type that has the property.
        property_id: The property.
        options: The options, with ids of their own.
    """
    with connection.cursor() as cursor:
        cursor.executemany(_ADD_OPTION, [_option_row(team_id, object_type, property_id, option) for option in options])


def _option_row(team_id: int, object_type: str, property_id: str, option: Option) -> tuple[Any, ...]:
    return (
        team_id, object_type, property_id, option.id, option.slug, option.value, option.color_scheme,
        option.description, option.icon, option.option_group, option.sort_index,
    )  # fmt: skip
