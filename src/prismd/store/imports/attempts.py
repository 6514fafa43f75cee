"""Attempts at chunks that were begun: noted beside the chunk's own transaction, so that they outlive its loss."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from prismd.core.imports.job import Job
from prismd.store.connections.postgres import Connection

_BEGIN: Final = """
INSERT INTO import_attempt (team_id, job_id, number, attempt, begun_at)
SELECT %(team)s, %(job)s, %(number)s, count(*), %(now)s
FROM import_attempt WHERE team_id = %(team)s AND job_id = %(job)s AND number = %(number)s
RETURNING attempt
"""
_FORGET: Final = "DELETE FROM import_attempt WHERE team_id = %s AND job_id = %s AND number = %s"


def begin_attempt(connection: Connection, job: Job, *, now: datetime) -> int:
    """Note that the chunk at a job's cursor is begun, and return how many attempts were begun before and not ended.

    Args:
        connection: Another one than the chunk's, so that the note stays whatever becomes of the chunk.
        job: The job, which the caller holds: nobody else is at work on it.
        now: The time.
    """
    wanted = {"team": job.team_id, "job": job.id, "number": job.cursor, "now": now}
    [(attempt,)] = connection.execute(_BEGIN, wanted)
    return int(attempt)


def forget_attempts(connection: Connection, job: Job) -> None:
    """Forget the attempts at the chunk at a job's cursor: they ended, or were counted.

    Args:
        connection: Inside the transaction that says what became of them.
        job: The job as it was when they were begun.
    """
    connection.execute(_FORGET, (job.team_id, job.id, job.cursor))
