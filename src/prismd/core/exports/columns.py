"""The columns of an export as a table: where the value of each stands in a row, and its cell as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from prismd.core.exports.selection import Exported, is_refused
from prismd.core.json.text import encode
from prismd.core.properties.schema import Kind, Property


class Column(msgspec.Struct, frozen=True):
    """A column.

    Args:
        name: The name in the header.
        kind: The kind of its values: that of a property without the types of references, or ``json``.
        at: The names of the members that lead to the value in a row; one that leads to several values leads into each.
        to: Slug of the property that an import can write the column to; None if there is none.
    """

    name: str
    kind: str
    at: tuple[str, ...]
    to: str | None = None

    @property
    def holds_many(self) -> bool:
        """Whether its cells are arrays."""
        return self.kind in (Kind.MULTI_STR.value, Kind.MULTISELECT.value)


def columns_of(wanted: Exported, *, deleted: bool) -> list[Column]:
    """Return the columns of an export.

    Args:
        wanted: What the export shows of each record.
        deleted: Whether deleted records are exported.
    """
    columns = [] if wanted.importable else [Column("id", "str", ("id",))]
    if deleted and not wanted.importable:
        columns.append(Column("deleted_at", "date", ("deleted_at",)))
    for one in wanted.own.values():
        slug = one.prop.slug
        nested = bool(one.inner) and not wanted.importable
        to = None if is_refused(one.prop) else slug
        columns.append(Column(slug, _kind(one.prop), ("default", slug, *(["id"] if nested else [])), to))
        for inner, within in one.inner.items() if nested else ():
            kind = Kind.MULTI_STR.value if one.prop.holds_many else _kind(within.prop)
            columns.append(Column(f"{slug}.{inner}", kind, ("default", slug, inner)))
    columns += _of_lists(wanted)
    return columns


def mapping_of(object_type: str, columns: Sequence[Column]) -> dict[str, Any]:
    """Return the mapping document by which a table of an export is imported without a question.

    Args:
        object_type: The type of the records.
        columns: The columns of the table.
    """
    array = {"steps": [{"do": "json_array"}]}
    rules = [
        {"to": column.to, "from": [column.name], **(array if column.holds_many else {})}
        for column in columns
        if column.to is not None
    ]
    left_out = [column.name for column in columns if column.to is None]
    return {"version": 1, "type": object_type, "rules": rules, "leave_out": left_out}


def _of_lists(wanted: Exported) -> Iterator[Column]:
    if wanted.list_id is None:
        # Without a list, cells of a spreadsheet have no place for the values of any number of them.
        if wanted.shows_lists and wanted.of_lists:
            yield Column("list", "json", ("list",))
        return
    taken = {one.prop.slug for one in wanted.own.values()}
    for prop in wanted.of_lists.values():
        name = f"list.{prop.slug}" if prop.slug in taken else prop.slug
        yield Column(name, _kind(prop), ("list", wanted.list_id, prop.slug))


def _kind(prop: Property) -> str:
    if prop.kind in (Kind.REF, Kind.MULTIREF):
        return "multi_str" if prop.holds_many else "str"
    return str(prop.kind.value)


def value_at(row: Any, steps: Sequence[str]) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value in a row at the end of some steps; None where the row has none.

    Args:
        row: A row, or a part of it.
        steps: The names of members.
    """
    for index, step in enumerate(steps):
        if isinstance(row, list):
            return [value_at(item, steps[index:]) for item in row]
        row = row.get(step) if isinstance(row, dict) else None
    return row


def cell_text(value: Any) -> str:  # noqa: ANN401 - JSON is any value
    """Return the text of a cell: a text as it is, any other value as JSON, and nothing for no value.

    Args:
        value: The value.
    """
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else encode(value).decode()
