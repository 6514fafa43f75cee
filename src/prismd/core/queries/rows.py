"""How selected values are shown: by slug, references as ``{id, properties}`` (contract, section 9.3).

Every row has each property that is selected by name: null where it has no value, an empty array where it could have
several (contract, section 23, fact 107). Without a selection a row has all properties but the empty ones.
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

#: Object type and id of a record.
Target = tuple[str, str]


@dataclass(slots=True)
class Shown:
    """A property to show.

    Args:
        prop: The property.
        inner: What to show of the records to which it refers, by slug.
    """

    prop: Property
    inner: dict[str, Shown] = field(default_factory=dict)

    @property
    def refers(self) -> bool:
        """Whether its values are references."""
        return self.prop.kind in (Kind.REF, Kind.MULTIREF)

    @property
    def is_followed(self) -> bool:
        """Whether the records to which it refers have to be read."""
        return self.refers and bool(self.inner) and self.prop.target in OBJECT_TYPES


#: What to show of a record, by slug.
Selection = dict[str, Shown]


class ShownRow(NamedTuple):
    """A record as it is shown; one that is shown in several places is encoded once.

    Args:
        text: Its JSON.
        rows: The number of rows shown inside it.
    """

    text: Raw
    rows: int


@dataclass(slots=True)
class References:
    """The records that references lead to, and how much of the answer they have taken so far.

    Args:
        rows_max: Most rows that are shown inside others. A record is shown again wherever a reference leads to it, so
            behind several references in turn rows multiply.
        bytes_max: Most bytes of JSON of all rows.
        records: The records that references lead to, by type and id.
        inverses: Ids of the records that refer to a record, by the id of the property that shows them and its own id.
        shown: The number of rows shown inside others so far.
        written: Bytes of JSON so far, by the number of references that lead there. Each row counts once, so it is never
            more than the answer takes.
        rows: Rows inside others, by the identity of their selection and their id.
    """

    rows_max: int
    bytes_max: int
    records: dict[Target, QueriedRecord] = field(default_factory=dict)
    inverses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    shown: int = 0
    written: dict[int, int] = field(default_factory=dict)
    rows: dict[tuple[int, str], ShownRow] = field(default_factory=dict)

    def check(self, rows: int) -> None:
        """Check how many rows are shown inside others.

        Args:
            rows: Their number.

        Raises:
            PrismdError: ``invalid_request``: there are too many.
        """
        if rows > self.rows_max:
            message = f"the answer would show more than {self.rows_max:,} records inside others"
            raise PrismdError(
                "invalid_request", f"{message}; ask for fewer rows, or select fewer paths through references"
            )

    def check_bytes(self, taken: int) -> None:
        """Check how much the answer takes.

        Args:
            taken: Bytes of JSON.

        Raises:
            PrismdError: ``invalid_request``: it is too much.
        """
        if taken > self.bytes_max:
            message = f"the answer would take more than {self.bytes_max:,} bytes (PRISMD_ANSWER_BYTES_MAX)"
            raise PrismdError("invalid_request", f"{message}; ask for fewer rows, or select fewer properties")

    def ids(self, record: QueriedRecord, prop: Property) -> Sequence[str]:
        """Return the ids that a record has in a reference."""
        if prop.inverse_of is not None:
            return self.inverses.get((prop.id, record.id), ())
        value = record.stored(prop)
        if value is None:
            return ()
        return value if isinstance(value, list) else (value,)


def selection(paths: Iterable[Path]) -> Selection:
    """Return what paths select, by their slugs."""
    root: Selection = {}
    for path in paths:
        level = root
        for slug, prop in zip(path.text.split("."), (*path.steps, path.leaf), strict=True):
            if prop is not IDENTIFIER:
                level = level.setdefault(slug, Shown(prop)).inner
    return root


def whole_selection(schema: ObjectSchema, list_id: str | None) -> Selection:
    """Return the selection of all properties: those of the type and, within a list, those of the list, which win."""
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
    """Return a record as a row of a query; the row of a deleted record says when it was deleted.

    Args:
        record: The record.
        shown: What to show of it.
        references: The records that its references lead to.
        whole: Whether to leave empty properties out, as nothing was selected by name.
        depth: The number of references that lead there.

    Raises:
        PrismdError: ``invalid_request``: the answer would show or take more than it may.
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
    """Return the records that must be read to show what records refer to."""
    followed = [one for one in shown.values() if one.is_followed]
    return {
        (one.prop.target or "", target)
        for record in records
        for one in followed
        for target in references.ids(record, one.prop)
    }


def keys_of(shown: Selection) -> set[str]:
    """Return the keys of the stored values that must be read to show what is selected."""
    return {one.prop.key for one in shown.values() if one.prop.inverse_of is None}


def inverses_in(shown: Selection) -> Iterator[Property]:
    """Return the properties of a selection that show a reference from its other side, at any depth."""
    for one in shown.values():
        if one.prop.inverse_of is not None:
            yield one.prop
        yield from inverses_in(one.inner)


def keys_behind(shown: Selection) -> dict[str, set[str]]:
    """Return the keys of the values that must be read of the records behind references, by type.

    Args:
        shown: What is selected of the records that have the references.
    """
    wanted: dict[str, set[str]] = {}
    for one in shown.values():
        if one.is_followed:
            wanted.setdefault(one.prop.target or "", set()).update(keys_of(one.inner))
            for name, keys in keys_behind(one.inner).items():
                wanted.setdefault(name, set()).update(keys)
    return wanted


def shown_values(record: QueriedRecord, shown: Selection, references: References) -> dict[str, Any]:
    """Return the shown values of a record that is read by itself, by slug.

    A reference is shown as its ids where no path goes through it (contract, section 9.2).

    Args:
        record: The record.
        shown: What to show of it.
        references: The records that its references lead to.

    Raises:
        PrismdError: As :func:`row`.
    """
    return _shown(record, shown, references, depth=0, bare_ids=True)[0]


def _shown(
    record: QueriedRecord, shown: Selection, references: References, *, depth: int, bare_ids: bool = False
) -> tuple[dict[str, Any], int]:
    """Return what is shown of a record by slug, and the number of rows shown in it."""
    properties: dict[str, Any] = {}
    rows = taken = 0
    for slug, one in shown.items():
        if not one.refers or (bare_ids and not one.inner):
            properties[slug] = _plain(record, one.prop, references)
            continue
        found = [_referred(target, one, references, depth + 1) for target in references.ids(record, one.prop)]
        rows += sum(inside.rows for inside in found)
        references.check(rows)
        # Checked before they are joined: together they may take many times what one of them takes.
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
        # Of a deleted record, and of one that prismd does not keep, only the id is shown.
        record = references.records.get((shown.prop.target or "", target)) or QueriedRecord(target, "", {})
        found = row(record, shown.inner, references, depth=depth)
        if shown.inner:
            found = found._replace(rows=found.rows + 1)
        references.rows[key] = found
    return found
