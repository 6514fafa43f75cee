"""The rows of import jobs in PostgreSQL: stored in packed chunks; a lost chunk is cut into smaller ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from prismd.core.imports.job import Job
from prismd.core.imports.request import Chunk
from prismd.core.json.split import split_items
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.packed import packed, unpacked

_COPY_CHUNKS: Final = """
COPY import_chunk (team_id, job_id, number, first_row, row_count, rows, origins) FROM STDIN (FORMAT binary)
"""

_CHUNK: Final = "SELECT first_row, rows, origins FROM import_chunk WHERE team_id = %s AND job_id = %s AND number = %s"

# Later chunks get negative numbers first, because PostgreSQL checks row by row that numbers are unique.
_REMOVE_CHUNK: Final = """
WITH moved AS (
    UPDATE import_chunk SET number = -number - %(more)s
    WHERE team_id = %(team)s AND job_id = %(job)s AND number > %(number)s)
DELETE FROM import_chunk WHERE team_id = %(team)s AND job_id = %(job)s AND number = %(number)s
"""
_RETURN_CHUNKS: Final = """
UPDATE import_chunk SET number = -number WHERE team_id = %s AND job_id = %s AND number < 0
"""
_CUT: Final = """
UPDATE import_job
SET chunks = %s, attempts = %s, crashes = %s, updated_at = %s WHERE team_id = %s AND id = %s
"""


def insert_chunks(connection: Connection, job: Job, chunks: Iterable[Chunk]) -> None:
    """Write the rows of a job as they were sent."""
    _copy_chunks(connection, job, chunks)


def replace_chunk(connection: Connection, job: Job, parts: Sequence[Chunk]) -> None:
    """Replace the chunk at a job's cursor by smaller ones, and renumber the later chunks.

    Args:
        connection: A connection inside a transaction that holds the job.
        job: The job after the cut.
        parts: The smaller chunks, numbered from the cursor on.
    """
    named = {"team": job.team_id, "job": job.id, "number": job.cursor, "more": len(parts) - 1}
    connection.execute(_REMOVE_CHUNK, named)
    connection.execute(_RETURN_CHUNKS, (job.team_id, job.id))
    _copy_chunks(connection, job, parts)
    connection.execute(_CUT, (job.chunks, job.attempts, job.crashes, job.updated_at, job.team_id, job.id))


def read_chunk(connection: Connection, job: Job, number: int) -> Chunk:
    """Return a chunk of a job's rows.

    Args:
        number: Number of the chunk, from 0; it must exist.
    """
    row = connection.execute(_CHUNK, (job.team_id, job.id, number), binary=True).fetchone()
    assert row is not None, job  # noqa: S101 - chunks are committed with their job
    first_row, rows, origins = row
    return Chunk(number, first_row, split_items(unpacked(rows)), origins)


def _copy_chunks(connection: Connection, job: Job, chunks: Iterable[Chunk]) -> None:
    with connection.cursor().copy(_COPY_CHUNKS) as copy:
        copy.set_types(["int8", "uuid", "int4", "int4", "int4", "bytea", "int4[]"])
        for chunk in chunks:
            rows = packed(b"[" + b",".join(chunk.rows) + b"]")
            origins = list(chunk.origins)
            copy.write_row((job.team_id, UUID(job.id), chunk.number, chunk.first_row, len(chunk.rows), rows, origins))
