"""Rows of queries: selected values by slug, and references as ``{id, properties}`` (contract, section 9.3).

Every row has each selected property: null if it has no value, an empty array if it could have several (contract,
section 23, fact 107). Without a selection, a row has all properties that are not empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import Raw

from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.properties.schema import OBJECT_TYPES, STATUS, Kind, ObjectSchema, Property
from prismd.core.queries.paths import DELETED_AT, IDENTIFIER, Path
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.values.property_values import render

#: Object type and id of a record that a reference leads to.
Target = tuple[str, str]


@dataclass(slots=True)
class Shown:
    """A property to show.

    Args:
        prop: The property.
        inner: The properties to show of the records that it refers to, by slug.
    """

    prop: Property
    inner: dict[str, Shown] = field(default_factory=dict)

    @property
    def refers(self) -> bool:
        """Whether the property's values are references."""
        return self.prop.kind in (Kind.REF, Kind.MULTIREF)

    @property
    def is_followed(self) -> bool:
        """Whether to read the records that the property refers to."""
        return self.refers and bool(self.inner) and self.prop.target in OBJECT_TYPES


#: The properties to show of a record, by slug.
Selection = dict[str, Shown]


class ShownRow(NamedTuple):
    """The JSON of a record; a record that appears in several places is encoded once.

    Args:
        text: The row as JSON.
        rows: Number of rows nested in this one.
    """

    text: Raw
    rows: int


@dataclass(slots=True)
class References:
    """The records behind references, and the size of the answer so far.

    Args:
        rows_max: Maximum number of nested rows. A record is nested again wherever a reference leads to it, so a chain
            of references multiplies rows.
        bytes_max: Maximum size of all rows together, in bytes of JSON.
        records: The records behind references, by type and id.
        inverses: Ids of the records that refer to a record, by the inverse property's id and the record's id.
        shown: Number of nested rows so far.
        written: Bytes of JSON so far, by depth of nesting. Each row counts once, so no number exceeds the size of the
            answer.
        rows: Encoded nested rows, by the ``id()`` of their selection and the record's id.
    """

    rows_max: int
    bytes_max: int
    records: dict[Target, QueriedRecord] = field(default_factory=dict)
    inverses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    shown: int = 0
    written: dict[int, int] = field(default_factory=dict)
    rows: dict[tuple[int, str], ShownRow] = field(default_factory=dict)

    def check(self, rows: int) -> None:
        """Check a number of nested rows against the limit.

        Args:
            rows: Number of nested rows.

        Raises:
            PrismdError: ``invalid_request``: the limit is exceeded.
        """
        if rows > self.rows_max:
            message = f"the answer would show more than {self.rows_max:,} records inside others"
            raise PrismdError(
                "invalid_request", f"{message}; ask for fewer rows, or select fewer paths through references"
            )

    def check_bytes(self, taken: int) -> None:
        """Check a size of the answer against the limit.

        Args:
            taken: Size in bytes of JSON.

        Raises:
            PrismdError: ``invalid_request``: the limit is exceeded.
        """
        if taken > self.bytes_max:
            message = f"the answer would take more than {self.bytes_max:,} bytes (PRISMD_ANSWER_BYTES_MAX)"
            raise PrismdError("invalid_request", f"{message}; ask for fewer rows, or select fewer properties")

    def ids(self, record: QueriedRecord, prop: Property) -> Sequence[str]:
        """Return the ids in a record's reference."""
        if prop.inverse_of is not None:
            return self.inverses.get((prop.id, record.id), ())
        value = record.stored(prop)
        if value is None:
            return ()
        return value if isinstance(value, list) else (value,)


def selection(paths: Iterable[Path]) -> Selection:
    """Return the selection of some paths, by slug."""
    root: Selection = {}
    for path in paths:
        level = root
        for slug, prop in zip(path.text.split("."), (*path.steps, path.leaf), strict=True):
            if prop is not IDENTIFIER:
                level = level.setdefault(slug, Shown(prop)).inner
    return root


def whole_selection(schema: ObjectSchema, list_id: str | None) -> Selection:
    """Return the selection of all properties; within a list, its own properties take precedence."""
    visible = [prop for prop in schema if prop.list_id is None and prop.inverse_of is None]
    whole = {prop.slug: Shown(prop) for prop in (DELETED_AT, *visible)}
    if list_id is None:
        return whole
    own = {prop.slug: Shown(prop) for prop in schema if prop.list_id == list_id}
    stage = schema.own(STATUS, list_id)
    return {**whole, **({STATUS: Shown(stage)} if stage else {}), **own}


def row(
    record: QueriedRecord, shown: Selection, references: References, *, whole: bool = False, depth: int = 0
) -> ShownRow:
    """Return the row of a record; the row of a deleted record has the time of its deletion.

    Args:
        record: The record.
        shown: The properties to show.
        references: The records behind the record's references.
        whole: Whether to leave out empty properties, because the query has no selection.
        depth: Number of references that lead to the record.

    Raises:
        PrismdError: ``invalid_request``: the answer has too many rows or bytes.
    """
    properties, rows = _shown(record, shown, references, depth=depth)
    if whole:
        properties = {slug: value for slug, value in properties.items() if value not in (None, [])}
    mark = {} if record.deleted_at is None else {"deleted_at": record.deleted_at}
    text = encode({"id": record.id, "properties": properties, **mark})
    references.written[depth] = references.written.get(depth, 0) + len(text)
    references.check_bytes(references.written[depth])
    if not depth:
        references.shown += rows
        references.check(references.shown)
    return ShownRow(Raw(text), rows)


def wanted_targets(records: Iterable[QueriedRecord], shown: Selection, references: References) -> set[Target]:
    """Return the records behind references that must be read to show some records."""
    followed = [one for one in shown.values() if one.is_followed]
    return {
        (one.prop.target or "", target)
        for record in records
        for one in followed
        for target in references.ids(record, one.prop)
    }


def keys_of(shown: Selection) -> set[str]:
    """Return the keys of the stored values that a selection shows."""
    return {one.prop.key for one in shown.values() if one.prop.inverse_of is None}


def inverses_in(shown: Selection) -> Iterator[Property]:
    """Return the inverse properties of a selection, at any depth."""
    for one in shown.values():
        if one.prop.inverse_of is not None:
            yield one.prop
        yield from inverses_in(one.inner)


def keys_behind(shown: Selection) -> dict[str, set[str]]:
    """Return the keys of the values to read of the records behind references, by type.

    Args:
        shown: The selection for the records that have the references.
    """
    wanted: dict[str, set[str]] = {}
    for one in shown.values():
        if one.is_followed:
            wanted.setdefault(one.prop.target or "", set()).update(keys_of(one.inner))
            for name, keys in keys_behind(one.inner).items():
                wanted.setdefault(name, set()).update(keys)
    return wanted


def shown_values(record: QueriedRecord, shown: Selection, references: References) -> dict[str, Any]:
    """Return the shown values of a single record, by slug.

    A reference that no path follows is shown as ids (contract, section 9.2).

    Args:
        record: The record.
        shown: The properties to show.
        references: The records behind the record's references.

    Raises:
        PrismdError: The same errors as :func:`row`.
    """
    return _shown(record, shown, references, depth=0, bare_ids=True)[0]


def _shown(
    record: QueriedRecord, shown: Selection, references: References, *, depth: int, bare_ids: bool = False
) -> tuple[dict[str, Any], int]:
    """Return the shown values of a record by slug, and the number of rows nested in it."""
    properties: dict[str, Any] = {}
    rows = taken = 0
    for slug, one in shown.items():
        if not one.refers or (bare_ids and not one.inner):
            properties[slug] = _plain(record, one.prop, references)
            continue
        found = [_referred(target, one, references, depth + 1) for target in references.ids(record, one.prop)]
        rows += sum(inside.rows for inside in found)
        references.check(rows)
        # Check before joining: together, the nested rows can be many times as large as one.
        taken += sum(len(inside.text) for inside in found)
        references.check_bytes(taken)
        texts = [inside.text for inside in found]
        properties[slug] = texts if one.prop.holds_many else next(iter(texts), None)
    return properties, rows


def _plain(record: QueriedRecord, prop: Property, references: References) -> Any:  # noqa: ANN401 - any JSON
    if prop.kind not in (Kind.REF, Kind.MULTIREF):
        value = render(prop, record.stored(prop))
        return [] if value is None and prop.holds_many else value
    ids = list(references.ids(record, prop))
    return ids if prop.holds_many else next(iter(ids), None)


def _referred(target: str, shown: Shown, references: References, depth: int) -> ShownRow:
    key = id(shown), target
    found = references.rows.get(key)
    if found is None:
        # For a deleted record, or one that prismd does not store, show only the id.
        record = references.records.get((shown.prop.target or "", target)) or QueriedRecord(target, "", {})
        found = row(record, shown.inner, references, depth=depth)
        if shown.inner:
            found = found._replace(rows=found.rows + 1)
        references.rows[key] = found
    return found
