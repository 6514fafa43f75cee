"""Values in statements of queries: the type as which PostgreSQL compares them, and their text."""

from __future__ import annotations

from typing import Final

from prismd.core.properties.schema import Kind, Property
from prismd.core.queries.paths import IDENTIFIER
from prismd.core.queries.tree import SortKey

#: Properties whose values are columns of the record, with their columns (contract, section 17).
MOMENTS: Final = {
    "created_at": "created_at", "updated_at": "updated_at", "last_updated_at": "updated_at", "deleted_at": "deleted_at",
}  # fmt: skip


def sort_type(key: SortKey) -> str:
    """Return the type as which PostgreSQL sorts by a key."""
    return "integer" if key.path.leaf.kind is Kind.SELECT else type_of(key.path.leaf)


def type_of(prop: Property) -> str:
    """Return the type as which PostgreSQL compares a property's values."""
    if prop is IDENTIFIER:
        return "uuid"
    if prop.read_only and prop.key in MOMENTS:
        return "timestamptz"
    return {Kind.NUM: "numeric", Kind.BOOL: "boolean"}.get(prop.kind, "text")


def written(value: object, kind: str) -> str:
    """Return a value as text that PostgreSQL reads as a type."""
    if isinstance(value, bool):
        return "true" if value else "false"
    # Comparable moments have no zone, because it is always UTC.
    return f"{value}Z" if kind == "timestamptz" else str(value)


def as_text(key: str, kind: str) -> str:
    """Return SQL that turns an expression of a type into the text that :func:`written` makes of a value."""
    if kind == "timestamptz":
        return f"to_char({key} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    return f"({key})::text"


def begin_of(text: str) -> str:
    """Return SQL that turns a date into a moment; a day becomes the moment at which it begins."""
    return f"CASE length({text}) WHEN 10 THEN {text} || 'T00:00:00' ELSE rtrim({text}, 'Z') END"
