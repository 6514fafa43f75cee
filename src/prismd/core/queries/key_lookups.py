"""Finding a query's records by record keys: the usable conditions, and their hashes (decision 0011)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.properties.schema import LISTS, Kind, Property
from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.paths import IDENTIFIER
from prismd.core.queries.tree import Query
from prismd.core.records.keys import KeyRule

#: Ranks of the kinds whose values many records share; conditions on other kinds are looked up first.
_SHARED: Final = {Kind.SELECT: 1, Kind.MULTISELECT: 1, Kind.BOOL: 2}


@dataclass(frozen=True, slots=True)
class KeyLookup:
    """An equality condition, in the form for looking records up by it.

    Args:
        steps: The properties of its path with the object types that have them, from the end to the start: a value of
            the first property finds records, the next property finds the records that refer to them, and so on.
        values: The values to compare with, in comparable form.
    """

    steps: tuple[tuple[str, Property], ...]
    values: tuple[Any, ...]


def key_lookups(query: Query) -> list[list[KeyLookup]]:
    """Return the look-ups that find a query's records.

    Each inner list is a choice: any one of its look-ups finds the records of that list, and the best one comes first.
    All inner lists together find all matching records. An empty inner list means that only a scan of the type finds
    them.
    """
    if query.ids is not None:
        return [[]]
    if query.any_clause and query.clauses:
        return [_lookups(query.object_type, clause.conditions) for clause in query.clauses]
    found = _lookups(query.object_type, query.conditions())
    if query.list_id is not None:
        found.append(KeyLookup(((query.object_type, LISTS),), (query.list_id,)))
    return [found]


def key_hashes(object_type: str, prop: Property, values: Iterable[Any]) -> list[int] | None:
    """Return the hashes of keys of records that have one of the given values.

    Args:
        object_type: The type that has the property.
        prop: The property that the values belong to.
        values: The values in comparable form.

    Returns:
        The hashes; None if a value is blank, because blank values have no keys.
    """
    rule = KeyRule(object_type, prop, fold_case=True)
    found: dict[int, None] = {}
    for value in values:
        hashes = rule.hashes(_as_stored(prop, value))
        if not hashes:
            return None
        found |= dict.fromkeys(hashes)
    return list(found)


def _lookups(object_type: str, conditions: Iterable[Condition]) -> list[KeyLookup]:
    usable = sorted(filter(_is_usable, conditions), key=_rank)
    return [KeyLookup(_steps(object_type, condition), condition.values) for condition in usable]


def _steps(object_type: str, condition: Condition) -> tuple[tuple[str, Property], ...]:
    path = condition.path
    types: Sequence[str] = [object_type, *(step.target or "" for step in path.steps)]
    return tuple(zip(types, (*path.steps, path.leaf), strict=True))[::-1]


def _is_usable(condition: Condition) -> bool:
    leaf = condition.path.leaf
    # Values that only the server sets are stored outside of the record's properties, and have no keys.
    can_be_keys = condition.path.is_kept and leaf is not IDENTIFIER and not leaf.read_only
    return condition.operator is Operator.EQUALS and not condition.negated and can_be_keys


def _rank(condition: Condition) -> int:
    return _SHARED.get(condition.path.leaf.kind, 0)


def _as_stored(prop: Property, value: Any) -> Any:  # noqa: ANN401 - a comparable value of any type
    if prop.kind is Kind.DATE:
        return value + "Z"
    return [value] if prop.holds_many else value
