"""Which conditions of a query can be looked up by keys, and under which hashes (decision 0011)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.properties.schema import LISTS, Kind, Property
from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.paths import IDENTIFIER
from prismd.core.queries.tree import Query
from prismd.core.records.keys import KeyRule

#: Many records share a value of these kinds as a rule, so a condition on another kind is looked up first.
_SHARED: Final = {Kind.SELECT: 1, Kind.MULTISELECT: 1, Kind.BOOL: 2}


@dataclass(frozen=True, slots=True)
class KeyLookup:
    """A condition of equality, as records are found by it.

    Args:
        steps: The properties of its path, each with the object type that has it, from the far end on: records are found
            by a value of the first one, then those that refer to them by the next one, and so on.
        values: What the condition compares with, in comparable form.
    """

    steps: tuple[tuple[str, Property], ...]
    values: tuple[Any, ...]


def key_lookups(query: Query) -> list[list[KeyLookup]]:
    """Return the look-ups among which a query can choose.

    Every wanted record is found by one of the lists; of each list, one look-up finds all that the others find. A list
    comes with the best look-up first. An empty one says that the records of the type have to be gone through.
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
    """Return the hashes of the keys of records that have one of some values.

    Args:
        object_type: The type that has the property.
        prop: Whose values they are.
        values: In comparable form.

    Returns:
        None where one of the values is blank, because no key is made of that.
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
    # What the server alone sets is no part of the record's values, and no key is made of it.
    can_be_keys = condition.path.is_kept and leaf is not IDENTIFIER and not leaf.read_only
    return condition.operator is Operator.EQUALS and not condition.negated and can_be_keys


def _rank(condition: Condition) -> int:
    return _SHARED.get(condition.path.leaf.kind, 0)


def _as_stored(prop: Property, value: Any) -> Any:  # noqa: ANN401 - a comparable value of any type
    if prop.kind is Kind.DATE:
        return value + "Z"
    return [value] if prop.holds_many else value
