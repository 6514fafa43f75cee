"""How the records of a query are shown: values by slug, references as ``{id, properties}`` (contract, 9.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from prismd.core.query.meaning import QueriedRecord
from prismd.core.query.paths import IDENTIFIER, Path
from prismd.core.schema import Kind, ObjectSchema, Property
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


#: What to show of a record, by slug.
Selection = dict[str, Shown]


@dataclass(slots=True)
class References:
    """What was looked up to show references.

    Args:
        records: Records referred to, by type and id.
        inverses: Ids of the records that refer to one, by the id of the property that shows them and of that one.
    """

    records: dict[Target, QueriedRecord] = field(default_factory=dict)
    inverses: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def ids(self, record: QueriedRecord, prop: Property) -> Sequence[str]:
        """Return the ids that a record has in a reference."""
        if prop.inverse_of is not None:
            return self.inverses.get((prop.id, record.id), ())
        value = record.properties.get(prop.key)
        if value is None:
            return ()
        return value if isinstance(value, list) else (value,)


def selection(paths: Iterable[Path]) -> Selection:
    """Return what paths select."""
    root: Selection = {}
    for path in paths:
        level = root
        for prop in (*path.steps, path.leaf):
            if prop is not IDENTIFIER:
                level = level.setdefault(prop.slug, Shown(prop)).inner
    return root


def whole_selection(schema: ObjectSchema, list_id: str | None) -> Selection:
    """Return what shows all properties: those of the type, and within a list those of the list before them."""
    visible = [prop for prop in schema if prop.list_id is None and prop.inverse_of is None]
    own = [prop for prop in schema if list_id is not None and prop.list_id == list_id]
    return {prop.slug: Shown(prop) for prop in (*visible, *own)}


def row(record: QueriedRecord, shown: Selection, references: References) -> dict[str, Any]:
    """Return a record as a row of a query.

    Args:
        record: The record.
        shown: What to show of it.
        references: What its references lead to.
    """
    return {"id": record.id, "properties": _properties(record, shown, references)}


def wanted_targets(records: Iterable[QueriedRecord], shown: Selection, references: References) -> set[Target]:
    """Return the records that must be read to show what records refer to."""
    followed = [one for one in shown.values() if one.refers and one.inner and one.prop.target]
    return {
        (one.prop.target or "", target)
        for record in records
        for one in followed
        for target in references.ids(record, one.prop)
    }


def _properties(record: QueriedRecord, shown: Selection, references: References) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for slug, one in shown.items():
        if one.refers:
            value = _reference(record, one, references)
        else:
            value = render(one.prop, record.properties.get(one.prop.key))
        if value is not None:
            properties[slug] = value
    return properties


def _reference(record: QueriedRecord, shown: Shown, references: References) -> Any:  # noqa: ANN401 - one, several or none
    ids = references.ids(record, shown.prop)
    if not ids:
        return None
    found = [_referred(target, shown, references) for target in ids]
    return found if shown.prop.holds_many else found[0]


def _referred(target: str, shown: Shown, references: References) -> dict[str, Any]:
    record = references.records.get((shown.prop.target or "", target))
    return {"id": target, "properties": {}} if record is None else row(record, shown.inner, references)
