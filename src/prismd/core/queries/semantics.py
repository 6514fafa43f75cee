"""The semantics of queries: matching records and their order, in plain Python; a test compares PostgreSQL with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.properties.schema import LISTS_KEY, Kind, Property
from prismd.core.queries.conditions import Condition, Operator, comparable
from prismd.core.queries.paths import DELETED_AT, IDENTIFIER, Path
from prismd.core.queries.tree import Clause, Deleted, Query, SortKey
from prismd.core.records.merging import Properties


@dataclass(frozen=True, slots=True)
class QueriedRecord:
    """A record as queries see it.

    Args:
        properties: Stored values by key, and the times of creation and last update, by slug.
        deleted_at: Time of deletion, as clients see it; None for a record that is not deleted.
    """

    id: str
    object_type: str
    properties: Properties
    deleted_at: str | None = None

    def stored(self, prop: Property) -> Any:  # noqa: ANN401 - any stored value
        """Return the stored value of a property, or None."""
        if prop is DELETED_AT:
            return self.deleted_at
        return self.id if prop is IDENTIFIER else self.properties.get(prop.key)


#: Returns the record with a type and an id; None if it is deleted or does not exist.
Find = Callable[[str, str], QueriedRecord | None]


def answer(query: Query, records: Iterable[QueriedRecord], find: Find) -> list[QueriedRecord]:
    """Return the records that match a query, in the query's order.

    Args:
        records: All records of the type.
        find: Finds the records behind references.
    """
    wanted = [record for record in records if is_wanted(query, record, find)]
    wanted.sort(key=lambda record: record.id)
    for key in reversed(query.sort):
        wanted = _sorted(wanted, key, find)
    pinned = {record_id: rank for rank, record_id in enumerate(query.pinned)}
    return sorted(wanted, key=lambda record: pinned.get(record.id, len(pinned)))


def is_wanted(query: Query, record: QueriedRecord, find: Find) -> bool:
    """Return whether a record matches a query."""
    if query.deleted is not Deleted.TOO and (record.deleted_at is None) is (query.deleted is Deleted.ONLY):
        return False
    if query.ids is not None and record.id not in query.ids:
        return False
    if query.list_id is not None and query.list_id not in record.properties.get(LISTS_KEY, ()):
        return False
    hold = [_holds(clause, record, find) for clause in query.clauses]
    return any(hold) if query.any_clause and hold else all(hold)


def _holds(clause: Clause, record: QueriedRecord, find: Find) -> bool:
    return all(_is_met(condition, record, find) for condition in clause.conditions)


def _is_met(condition: Condition, record: QueriedRecord, find: Find) -> bool:
    passes = _PASSES[condition.operator]
    values = values_at(condition.path, record, find)
    return any(passes(value, condition.values) for value in values) != condition.negated


def values_at(path: Path, record: QueriedRecord, find: Find) -> list[Any]:
    """Return a record's values at the end of a path, in comparable form."""
    if not path.is_kept:
        return []
    reached = [record]
    for step in path.steps:
        targets = (find(step.target or "", target) for one in reached for target in _stored(one, step))
        reached = [target for target in targets if target is not None]
    return [comparable(path.leaf, value) for one in reached for value in _stored(one, path.leaf)]


def _stored(record: QueriedRecord, prop: Property) -> Sequence[Any]:
    value = record.stored(prop)
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def _sorted(records: list[QueriedRecord], key: SortKey, find: Find) -> list[QueriedRecord]:
    ranked = [(sort_value(key, record, find), record) for record in records]
    there = [pair for pair in ranked if pair[0] is not None]
    missing = [record for value, record in ranked if value is None]
    there.sort(key=lambda pair: pair[0], reverse=key.descending)
    return [record for _, record in there] + missing


def sort_value(key: SortKey, record: QueriedRecord, find: Find) -> Any:  # noqa: ANN401 - a comparable value of any type
    """Return a record's sort value: its comparable value or, for a select property, the rank of its option."""
    values = values_at(key.path, record, find)
    if not values:
        return None
    return key.options().index(values[0]) if key.path.leaf.kind is Kind.SELECT else values[0]


_PASSES: Final[dict[Operator, Callable[[Any, Sequence[Any]], bool]]] = {
    Operator.EQUALS: lambda value, given: value in given,
    Operator.LESS: lambda value, given: value < given[0],
    Operator.AT_MOST: lambda value, given: value <= given[0],
    Operator.MORE: lambda value, given: value > given[0],
    Operator.AT_LEAST: lambda value, given: value >= given[0],
    Operator.BETWEEN: lambda value, given: given[0] <= value <= given[1],
    Operator.CONTAINS: lambda value, given: given[0] in value,
    Operator.BEGINS: lambda value, given: value.startswith(given[0]),
    Operator.ENDS: lambda value, given: value.endswith(given[0]),
    Operator.MATCHES: lambda value, given: re.search(given[0], value) is not None,
    Operator.PRESENT: lambda _value, _given: True,
}
