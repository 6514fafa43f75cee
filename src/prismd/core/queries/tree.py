"""A query after it was read."""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator
from dataclasses import dataclass

from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.paths import Path


class Deleted(enum.Enum):
    """Whether a query wants deleted records; the values are as clients write them."""

    LEFT_OUT = False
    TOO = True
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class SortKey:
    """One thing to sort by; records without a value come last, whatever the direction.

    Args:
        path: It leads to one value at most.
        descending: Greatest first.
        order: Ids of the options of a select property in the order of the page before; None for today's order.
    """

    path: Path
    descending: bool = False
    order: tuple[str, ...] | None = None

    def options(self) -> tuple[str, ...]:
        """Return the ids of the options of a select property, least first."""
        return tuple(option.id for option in self.path.leaf.options) if self.order is None else self.order


@dataclass(frozen=True, slots=True)
class Clause:
    """One entry of a filter: conditions that must all hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked of the records of one type; those with equal sort values come in the order in which they were made.

    Args:
        object_type: The type.
        select: Paths to show; None for all properties.
        clauses: The filter.
        any_clause: One entry of the filter is enough; otherwise all must hold.
        sort: The first key decides, and the next one where values of the first are equal.
        list_id: Only members of this list, whose own properties can be named.
        ids: Only these records.
        deleted: Whether deleted records are wanted.
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
        """Return the paths of all that is shown, filtered and sorted by."""
        yield from self.select or ()
        yield from (condition.path for condition in self.conditions())
        yield from (key.path for key in self.sort)

    def patterns(self) -> list[str]:
        """Return the regular expressions of the filter."""
        return [condition.values[0] for condition in self.conditions() if condition.operator is Operator.MATCHES]

    def identity(self) -> str:
        """Return a text that is the same for queries with the same answer in the same order."""
        clauses = [[_told(condition) for condition in clause.conditions] for clause in self.clauses]
        sort = [[key.path.text, key.descending] for key in self.sort]
        scope = [self.list_id, self.ids, self.deleted.value, self.pinned]
        return json.dumps([self.object_type, clauses, self.any_clause, sort, *scope])


def _told(condition: Condition) -> list[object]:
    return [condition.path.text, condition.operator.name, [str(value) for value in condition.values], condition.negated]
