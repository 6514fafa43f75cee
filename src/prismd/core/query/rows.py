"""How selected values are shown: by slug, references as ``{id, properties}`` (contract, section 9.3).

What is selected by name is there in every row: null without a value, an empty array where there can be several
(contract, section 23, fact 107). Where nothing is selected all is shown, and what is empty is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prismd.core.errors import PrismdError
from prismd.core.query.meaning import QueriedRecord
from prismd.core.query.paths import DELETED_AT, IDENTIFIER, Path
from prismd.core.schema import OBJECT_TYPES, STATUS, Kind, ObjectSchema, Property
from prismd.core.values import render

#: Object type and id of a record.
Target = tuple[str, str]


@dataclass(slots=True)
class Shown:
    """A property to show.

    Args:
        prop: The property.
        inner: What to show of the records that it refers to, by slug.
    """

    prop: Property
    inner: dict[str, Shown] = field(default_factory=dict)

    @property
    def refers(self) -> bool:
        """Whether its values are references."""
        return self.prop.kind in (Kind.REF, Kind.MULTIREF)

    @property
    def is_followed(self) -> bool:
        """Whether records that it refers to have to be read."""
        return self.refers and bool(self.inner) and self.prop.target in OBJECT_TYPES


#: What to show of a record, by slug.
Selection = dict[str, Shown]


@dataclass(slots=True)
class References:
    """What was looked up to show references.

    Args:
        records: Records referred to, by type and id.
        inverses: Ids of the records that refer to one, by the id of the property that shows them and of that one.
        most: Rows that may be shown inside others. What stands behind several references in turn multiplies, and a
            record is shown again wherever it is referred to.
        shown: Rows shown inside others so far.
    """

    most: int
    records: dict[Target, QueriedRecord] = field(default_factory=dict)
    inverses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    shown: int = 0

    def check(self, rows: int) -> None:
        """See to it that no more rows are shown inside others than may be.

        Raises:
            PrismdError: ``invalid_request``.
        """
        if rows > self.most:
            message = f"the answer would show more than {self.most:,} records inside others"
            raise PrismdError(
                "invalid_request", f"{message}; ask for fewer rows, or select fewer paths through references"
            )

    def ids(self, record: QueriedRecord, prop: Property) -> Sequence[str]:
        """Return the ids that a record has in a reference."""
        if prop.inverse_of is not None:
            return self.inverses.get((prop.id, record.id), ())
        value = record.stored(prop)
        if value is None:
            return ()
        return value if isinstance(value, list) else (value,)


def selection(paths: Iterable[Path]) -> Selection:
    """Return what paths select, by the slugs with which they say it."""
    root: Selection = {}
    for path in paths:
        level = root
        for slug, prop in zip(path.text.split("."), (*path.steps, path.leaf), strict=True):
            if prop is not IDENTIFIER:
                level = level.setdefault(slug, Shown(prop)).inner
    return root


def whole_selection(schema: ObjectSchema, list_id: str | None) -> Selection:
    """Return what shows all properties: those of the type, and within a list those of the list before them."""
    visible = [prop for prop in schema if prop.list_id is None and prop.inverse_of is None]
    whole = {prop.slug: Shown(prop) for prop in (DELETED_AT, *visible)}
    if list_id is None:
        return whole
    own = {prop.slug: Shown(prop) for prop in schema if prop.list_id == list_id}
    stage = schema.own(STATUS, list_id)
    return {**whole, **({STATUS: Shown(stage)} if stage else {}), **own}


def row(record: QueriedRecord, shown: Selection, references: References, *, whole: bool = False) -> dict[str, Any]:
    """Return a record as a row of a query; one that is deleted says since when.

    Args:
        record: The record.
        shown: What to show of it.
        references: What its references lead to.
        whole: Nothing was selected by name, so what is empty is left out.
    """
    properties = shown_values(record, shown, references)
    if whole:
        properties = {slug: value for slug, value in properties.items() if value not in (None, [])}
    mark = {} if record.deleted_at is None else {"deleted_at": record.deleted_at}
    return {"id": record.id, "properties": properties, **mark}


def wanted_targets(records: Iterable[QueriedRecord], shown: Selection, references: References) -> set[Target]:
    """Return the records that must be read to show what records refer to."""
    followed = [one for one in shown.values() if one.is_followed]
    return {
        (one.prop.target or "", target)
        for record in records
        for one in followed
        for target in references.ids(record, one.prop)
    }


def shown_values(
    record: QueriedRecord, shown: Selection, references: References, *, bare_ids: bool = False
) -> dict[str, Any]:
    """Return what is shown of a record, by slug.

    Args:
        record: The record.
        shown: What to show of it.
        references: What its references lead to.
        bare_ids: References through which no path goes are shown as ids (contract, section 9.2).
    """
    return {slug: _value(record, one, references, bare_ids=bare_ids) for slug, one in shown.items()}


def _value(record: QueriedRecord, shown: Shown, references: References, *, bare_ids: bool) -> Any:  # noqa: ANN401 - any JSON
    prop = shown.prop
    if not shown.refers:
        value = render(prop, record.stored(prop))
        return [] if value is None and prop.holds_many else value
    ids = references.ids(record, prop)
    found = list(ids) if bare_ids and not shown.inner else [_referred(target, shown, references) for target in ids]
    if prop.holds_many:
        return found
    return found[0] if found else None


def _referred(target: str, shown: Shown, references: References) -> dict[str, Any]:
    if shown.inner:
        references.shown += 1
        references.check(references.shown)
    # A record that is deleted, or that prismd holds none of, has nothing to say.
    found = references.records.get((shown.prop.target or "", target)) or QueriedRecord(target, "", {})
    return row(found, shown.inner, references)
