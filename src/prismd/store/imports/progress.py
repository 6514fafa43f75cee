"""The progress of import jobs: the counts of each chunk."""

from __future__ import annotations

from typing import Final

from psycopg.rows import class_row

from prismd.core.imports.job import Counts
from prismd.store.connections.postgres import Connection

_COUNTS: Final = """
SELECT created, existing, updated, failed, partly_reverted, kept, gone
FROM import_result
WHERE team_id = %s AND job_id = %s AND number >= %s
ORDER BY number
"""


def counts_of_chunks(connection: Connection, team_id: int, job_id: str, *, first: int) -> list[Counts]:
    """Return the counts of each finished chunk of a job, in order.

    Args:
        job_id: UUID text.
        first: Number of the first chunk to return, from 0.
    """
    return connection.cursor(row_factory=class_row(Counts)).execute(_COUNTS, (team_id, job_id, first)).fetchall()
