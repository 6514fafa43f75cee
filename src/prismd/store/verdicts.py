"""What became of the rows of import jobs, in PostgreSQL: written once per chunk as JSON, read as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from prismd.core.imports.job import Counts, Job
from prismd.core.imports.request import Chunk
from prismd.store.postgres import Connection

_INSERT_RESULT: Final = """
INSERT INTO import_result (team_id, job_id, number, first_row, row_count, created, existing, updated, failed, verdicts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_VERDICTS: Final = """
SELECT number, first_row, row_count, verdicts
FROM import_result
WHERE team_id = %(team)s AND job_id = %(job)s AND first_row + row_count > %(after)s + 1
  AND CASE %(outcome)s::text WHEN 'created' THEN created WHEN 'existing' THEN existing - updated
                             WHEN 'updated' THEN updated WHEN 'failed' THEN failed ELSE row_count END > 0
ORDER BY number
LIMIT 1
"""

_VERDICTS_OF_CHUNK: Final = "SELECT verdicts FROM import_result WHERE team_id = %s AND job_id = %s AND number = %s"


@dataclass(frozen=True, slots=True)
class StoredVerdicts:
    """The verdicts of one chunk, as JSON without brackets."""

    number: int
    first_row: int
    row_count: int
    content: bytes


def insert_verdicts(connection: Connection, job: Job, chunk: Chunk, counts: Counts, content: bytes) -> None:
    """Write the verdicts of a chunk.

    Args:
        content: JSON of the verdicts, without brackets.
    """
    row = (
        job.team_id, job.id, chunk.number, chunk.first_row, len(chunk.rows),
        counts.created, counts.existing, counts.updated, counts.failed, content,
    )  # fmt: skip
    connection.execute(_INSERT_RESULT, row)


def next_verdicts(
    connection: Connection, team_id: int, job_id: str, *, after: int, outcome: str | None
) -> StoredVerdicts | None:
    """Return the verdicts of the first chunk that has any beyond a row, or None.

    Args:
        after: Index of the last row that is not wanted; -1 for all.
        outcome: Pass over chunks without such a verdict.
    """
    wanted = {"team": team_id, "job": job_id, "after": after, "outcome": outcome}
    row = connection.execute(_VERDICTS, wanted, binary=True).fetchone()
    return StoredVerdicts(*row) if row else None


def verdicts_of_chunk(connection: Connection, team_id: int, job_id: str, number: int) -> bytes | None:
    """Return the JSON of a chunk's verdicts, without brackets, or None."""
    row = connection.execute(_VERDICTS_OF_CHUNK, (team_id, job_id, number), binary=True).fetchone()
    return bytes(row[0]) if row else None
