"""The results of import jobs in PostgreSQL: written once per chunk as JSON, and read unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from psycopg.rows import class_row, scalar_row

from prismd.core.imports.job import Counts, Job
from prismd.core.imports.request import Chunk
from prismd.store.connections.postgres import Connection

_INSERT_RESULT: Final = """
INSERT INTO import_result (team_id, job_id, number, first_row, row_count, created, existing, updated, failed,
                           partly_reverted, kept, gone, verdicts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

_NEXT: Final = """
SELECT number, first_row, row_count, octet_length(verdicts) AS length
FROM import_result
WHERE team_id = %(team)s AND job_id = %(job)s AND first_row + row_count > %(after)s + 1
  AND CASE %(outcome)s::text WHEN 'created' THEN created WHEN 'existing' THEN existing - updated
                             WHEN 'updated' THEN updated WHEN 'failed' THEN failed
                             WHEN 'reverted' THEN updated - partly_reverted WHEN 'partly_reverted' THEN partly_reverted
                             WHEN 'kept' THEN kept WHEN 'gone' THEN gone ELSE row_count END > 0
ORDER BY number
LIMIT 1
"""

_POSITION: Final = """
SELECT position(%(start)s::bytea IN verdicts) FROM import_result
WHERE team_id = %(team)s AND job_id = %(job)s AND number = %(number)s
"""

# The column is stored uncompressed, so PostgreSQL reads only the requested part.
_PART: Final = """
SELECT substring(verdicts FROM %(position)s::integer FOR %(bytes)s::integer), octet_length(verdicts)
FROM import_result
WHERE team_id = %(team)s AND job_id = %(job)s AND number = %(number)s
"""


@dataclass(frozen=True, slots=True)
class ResultsOfChunk:
    """The chunk that has some results, which are JSON without brackets.

    Args:
        number: Number of the chunk.
        first_row: Index of the chunk's first row.
        row_count: Number of the chunk's rows.
        length: Size of the results, in bytes.
    """

    number: int
    first_row: int
    row_count: int
    length: int

    @property
    def last_row(self) -> int:
        """Index of the chunk's last row."""
        return self.first_row + self.row_count - 1


class ChunkPlace(NamedTuple):
    """The place of a chunk in its job.

    Args:
        number: Number of the chunk, from 0.
        first_row: Index of its first row, from 0.
        rows: Number of its rows; of an undo, of its records.
    """

    number: int
    first_row: int
    rows: int


def place_of(chunk: Chunk) -> ChunkPlace:
    """Return the place of a chunk."""
    return ChunkPlace(chunk.number, chunk.first_row, len(chunk.rows))


def insert_results(connection: Connection, job: Job, place: ChunkPlace, counts: Counts, content: bytes) -> None:
    """Write the results of the rows of a chunk.

    Args:
        place: The place of the chunk.
        content: JSON of the results, without brackets.
    """
    row = (
        job.team_id, job.id, *place,
        counts.created, counts.existing, counts.updated, counts.failed,
        counts.partly_reverted, counts.kept, counts.gone, content,
    )  # fmt: skip
    connection.execute(_INSERT_RESULT, row)


def next_results(
    connection: Connection, team_id: int, job_id: str, *, after: int, outcome: str | None
) -> ResultsOfChunk | None:
    """Return the first chunk that has results after a row; None if no chunk has any.

    Args:
        after: Index of the last row that is not wanted; -1 for none.
        outcome: Chunks without a result of this outcome are ignored; None for all outcomes.
    """
    wanted = {"team": team_id, "job": job_id, "after": after, "outcome": outcome}
    return connection.cursor(row_factory=class_row(ResultsOfChunk)).execute(_NEXT, wanted).fetchone()


def position_of_result(connection: Connection, team_id: int, job_id: str, number: int, start: bytes) -> int:
    """Return the position of a result in those of its chunk, counted from 1; 0 if it does not occur.

    Args:
        number: Number of the chunk.
        start: The first bytes of the result.
    """
    wanted = {"team": team_id, "job": job_id, "number": number, "start": start}
    return connection.cursor(row_factory=scalar_row).execute(_POSITION, wanted).fetchone() or 0


def part_of_results(
    connection: Connection, team_id: int, job_id: str, number: int, *, position: int, bytes_max: int
) -> tuple[bytes, int] | None:
    """Return a part of the JSON of a chunk's results, without brackets, and the length of the whole.

    Args:
        number: Number of the chunk.
        position: Position of the first byte, counted from 1.
        bytes_max: Length of the part in bytes, unless it is the last.

    Returns:
        The part and the length; None if the chunk has no results.
    """
    wanted = {"team": team_id, "job": job_id, "number": number, "position": position, "bytes": bytes_max}
    row = connection.execute(_PART, wanted, binary=True).fetchone()
    if row is None:
        return None
    part, length = row
    return bytes(part), int(length)
