"""Where a query reads its records from: the ids that it names, the keys that they are found by, or the whole type.

The statement says in which order tables are read and does not leave it to the planner (decision 0009): from keys to
records where a condition can be looked up, else through the records of the type in the order in which they were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prismd.core.queries.tree import Query
from prismd.store.queries.parameters import Parameters

_ALL: Final = "(SELECT * FROM record WHERE team_id = %(team)s AND object_type = %(type)s) AS r"


class Source:
    """The tables that give the records ``r``.

    Args:
        query: The query.
        hashes: Of keys of which every wanted record has one; None where the records of the type are gone through.
        parameters: Of the statement.
    """

    def __init__(self, query: Query, hashes: Sequence[int] | None, parameters: Parameters) -> None:
        self._ids = query.ids
        self._hashes = hashes
        self._parameters = parameters

    @property
    def record_id(self) -> str:
        """The id of a record.

        Where ids come first, they come in order; the planner would sort records again by an id of their own.
        """
        return "r.id" if self._ids is None and self._hashes is None else "found.id"

    def tables(self) -> str:
        """Return what stands behind FROM."""
        if self._ids is not None:
            ids = self._parameters.bound(list(self._ids))
            return _by_ids(f"SELECT id FROM unnest({ids}::text[]::uuid[]) AS given (id)")
        return _ALL if self._hashes is None else _by_ids(self._found_by(self._hashes))

    def _found_by(self, hashes: Sequence[int]) -> str:
        # The index has the records of one key in order; several keys may have the same records.
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
