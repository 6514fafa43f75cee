"""The order of a query as SQL: the sort keys, and the condition that a record comes after the end of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from prismd.core.properties.schema import Kind
from prismd.core.queries.cursors import PageEnd
from prismd.core.queries.tree import Query, SortKey
from prismd.store.queries.parameters import Parameters
from prismd.store.queries.paths import Paths
from prismd.store.queries.values import as_text, sort_type, written


class _SortedBy(NamedTuple):
    """A sort key: its expression, its direction, and the type as which PostgreSQL compares it."""

    expression: str
    descending: bool
    kind: str


class Order:
    """Writes the order of one statement.

    Args:
        query: The query.
        record_id: The expression of a record's id, which decides between records that are equal otherwise.
        parameters: The parameters of the statement.
        paths: The paths of the statement.
    """

    def __init__(self, query: Query, record_id: str, parameters: Parameters, paths: Paths) -> None:
        self._record_id = record_id
        self._parameters = parameters
        self._paths = paths
        #: Joins that lead to values behind references.
        self.joins: list[str] = []
        self._keys = [self._pinned(query.pinned)] if query.pinned else []
        self._keys += [self._sorted_by(key) for key in query.sort]

    def columns(self) -> list[str]:
        """Return the values of the sort keys, as text."""
        return [as_text(key.expression, key.kind) for key in self._keys]

    def by(self) -> str:
        """Return the part after ORDER BY."""
        return ", ".join([*map(self._directed, self._keys), self._record_id])

    def after(self, end: PageEnd) -> str:
        """Return the condition that a record comes after the end of a page."""
        beyond = f"{self._record_id} > {self._parameters.bound(end.after)}::uuid"
        for key, value in reversed(list(zip(self._keys, end.values, strict=True))):
            beyond = self._after_value(key, value, beyond)
        return beyond

    def _after_value(self, key: _SortedBy, value: object, beyond: str) -> str:
        """Return the condition, extended by one more key.

        Args:
            key: The key.
            value: The value of the last record on the page.
            beyond: The condition for records with the same value.
        """
        if value is None:
            return f"({key.expression} IS NULL AND {beyond})"
        end = f"{self._parameters.bound(written(value, key.kind))}::{key.kind}"
        later = f"{key.expression} {'<' if key.descending else '>'} {end}"
        if key.expression == self._record_id:  # every record has an id, and ids are unique
            return later
        return f"({later} OR {key.expression} IS NULL OR ({key.expression} = {end} AND {beyond}))"

    def _directed(self, key: _SortedBy) -> str:
        # Every record has an id, and with NULLS LAST PostgreSQL would not read its index backwards.
        nulls = "" if key.expression == self._record_id else " NULLS LAST"
        return f"{key.expression} {'DESC' if key.descending else 'ASC'}{nulls}"

    def _pinned(self, pinned: Sequence[str]) -> _SortedBy:
        ids = self._parameters.bound(list(pinned))
        rank = f"coalesce(array_position({ids}::text[]::uuid[], r.id), {len(pinned) + 1})"
        return _SortedBy(rank, descending=False, kind="integer")

    def _sorted_by(self, key: SortKey) -> _SortedBy:
        kind = sort_type(key)
        if not key.path.is_kept:
            return _SortedBy(f"NULL::{kind}", key.descending, kind)
        joins, value = self._paths.one_value(key.path)
        self.joins += joins
        if key.path.leaf.kind is Kind.SELECT:
            options = self._parameters.bound(list(key.options()))
            value = f"array_position({options}::text[], {value})"
        return _SortedBy(value, key.descending, kind)
