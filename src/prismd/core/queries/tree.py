"""The parts of a query, after it was read."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass

from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.paths import Path


class Deleted(enum.Enum):
    """Whether a query returns deleted records; the values are those of requests."""

    LEFT_OUT = False
    TOO = True
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class SortKey:
    """A sort key; records without a value come last in either direction.

    Args:
        path: A path to at most one value.
        descending: Whether the greatest value comes first.
        order: Ids of a select property's options in the order of an earlier page; None for the present order.
    """

    path: Path
    descending: bool = False
    order: tuple[str, ...] | None = None

    def options(self) -> tuple[str, ...]:
        """Return the ids of a select property's options, in ascending order."""
        return tuple(option.id for option in self.path.leaf.options) if self.order is None else self.order


@dataclass(frozen=True, slots=True)
class Clause:
    """One entry of a filter: conditions that must all hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query for records of one type; records with equal sort values come in the order of their creation.

    Args:
        object_type: The type of the records.
        select: The paths to show; None for all properties.
        clauses: The filter.
        any_clause: Whether one entry of the filter has to hold; otherwise all have to.
        sort: The sort keys; each one decides between records that are equal by the keys before it.
        list_id: Only records of this list, whose own properties can be named; None for all records.
        ids: Only these records; None for all.
        deleted: Whether to return deleted records too, or alone.
        pinned: Ids of the records that come first, in this order.
    """

    object_type: str
    select: tuple[Path, ...] | None = None
    clauses: tuple[Clause, ...] = ()
    any_clause: bool = False
    sort: tuple[SortKey, ...] = ()
    list_id: str | None = None
    ids: tuple[str, ...] | None = None
    deleted: Deleted = Deleted.LEFT_OUT
    pinned: tuple[str, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """Return the conditions of all entries of the filter."""
        return (condition for clause in self.clauses for condition in clause.conditions)

    def paths(self) -> Iterator[Path]:
        """Return all paths to show, to filter by and to sort by."""
        yield from self.select or ()
        yield from (condition.path for condition in self.conditions())
        yield from (key.path for key in self.sort)

    def patterns(self) -> list[str]:
        """Return the regular expressions of the filter."""
        return [condition.values[0] for condition in self.conditions() if condition.operator is Operator.MATCHES]

    def identity(self) -> str:
        """Return a text that is equal for queries with the same records in the same order."""
        clauses = [[_told(condition) for condition in clause.conditions] for clause in self.clauses]
        sort = [[key.path.text, key.descending] for key in self.sort]
        scope = [self.list_id, self.ids, self.deleted.value, self.pinned]
        return json.dumps([self.object_type, clauses, self.any_clause, sort, *scope])


def _told(condition: Condition) -> list[object]:
    return [condition.path.text, condition.operator.name, [str(value) for value in condition.values], condition.negated]
