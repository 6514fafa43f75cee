"""The source of a query's records: ids that the query names, keys that find them, or all records of the type.

The statement fixes the order in which tables are read, instead of the planner (decision 0009): from keys to records if
a condition can be looked up, otherwise through all records of the type in order of creation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prismd.core.queries.tree import Query
from prismd.store.queries.parameters import Parameters

_ALL: Final = "(SELECT * FROM record WHERE team_id = %(team)s AND object_type = %(type)s) AS r"


class Source:
    """The tables that yield the records ``r``.

    Args:
        query: The query.
        hashes: Key hashes, of which every wanted record has one; None to search all records of the type.
        parameters: The parameters of the statement.
    """

    def __init__(self, query: Query, hashes: Sequence[int] | None, parameters: Parameters) -> None:
        self._ids = query.ids
        self._hashes = hashes
        self._parameters = parameters

    @property
    def record_id(self) -> str:
        """The expression of a record's id.

        If ids come first, they come in order. By the record's own id, the planner would sort the records again.
        """
        return "r.id" if self._ids is None and self._hashes is None else "found.id"

    def tables(self) -> str:
        """Return the part after FROM."""
        if self._ids is not None:
            ids = self._parameters.bound(list(self._ids))
            return _by_ids(f"SELECT id FROM unnest({ids}::text[]::uuid[]) AS given (id)")
        return _ALL if self._hashes is None else _by_ids(self._found_by(self._hashes))

    def _found_by(self, hashes: Sequence[int]) -> str:
        # The index yields the records of one key in order. Several keys can have the same records.
        wanted = f"{self._parameters.bound(list(hashes))}::bigint[]"
        if len(hashes) == 1:
            return f"SELECT record_id AS id FROM record_key WHERE team_id = %(team)s AND key_hash = ({wanted})[1]"
        return (
            f"SELECT DISTINCT key.record_id AS id FROM unnest({wanted}) AS wanted (key_hash) CROSS JOIN LATERAL "
            "(SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash OFFSET 0) AS key"
        )


def _by_ids(ids: str) -> str:
    return (
        f"({ids}) AS found CROSS JOIN LATERAL (SELECT * FROM record WHERE team_id = %(team)s"
        f" AND object_type = %(type)s AND id = found.id OFFSET 0) AS r"
    )
