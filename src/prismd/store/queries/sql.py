"""Queries as SQL: statements that agree with :mod:`prismd.core.queries.semantics` on the records that a query finds.

A statement has a source, a filter and an order. :mod:`source <prismd.store.queries.source>` says from where records
are read, :mod:`filters <prismd.store.queries.filters>` which of them are wanted, and
:mod:`order <prismd.store.queries.order>` in which order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prismd.core.queries.cursors import PageEnd
from prismd.core.queries.tree import Query
from prismd.store.queries.filters import Filter
from prismd.store.queries.order import Order
from prismd.store.queries.parameters import Parameters
from prismd.store.queries.paths import Paths
from prismd.store.queries.source import Source


class QuerySql:
    """Writes the statements of one query.

    Args:
        query: The query; ids have replaced its references to contacts.
        team_id: The team whose records are searched.
        hashes: Key hashes, of which every wanted record has one; None to search all records of the type.
    """

    def __init__(self, query: Query, team_id: int, hashes: Sequence[int] | None) -> None:
        self._query = query
        self._parameters = Parameters(team_id, query.object_type)
        self._source = Source(query, hashes, self._parameters)
        self._paths = Paths(self._parameters, self._source.record_id)
        self._filter = Filter(query, self._parameters, self._paths)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of all statements written so far, by name."""
        return self._parameters.values

    def page(self, columns: str, *, after: PageEnd | None, limit: int, offset: int = 0) -> str:
        """Return the statement that finds a page: the columns, followed by each record's sort keys as text.

        Args:
            columns: The columns to read of the record ``r``.
            after: The end of the page before.
            limit: The largest number of rows.
            offset: Number of rows to skip.
        """
        order = Order(self._query, self._source.record_id, self._parameters, self._paths)
        wanted = self._filter.conditions()
        if after is not None:
            wanted.append(order.after(after))
        bound = self._parameters.bound
        return (
            f"SELECT {', '.join([columns, *order.columns()])} "
            f"FROM {self._source.tables()} {' '.join(order.joins)} WHERE {' AND '.join(wanted)} "
            f"ORDER BY {order.by()} LIMIT {bound(limit)} OFFSET {bound(offset)}"
        )

    def total(self) -> str:
        """Return the statement that counts all records that the query finds."""
        return f"SELECT count(*) FROM {self._source.tables()} WHERE {' AND '.join(self._filter.conditions())}"
