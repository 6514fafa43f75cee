"""Attempts at chunks, noted outside the chunk's own transaction, so that a note survives if the transaction is lost."""

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
    """Note that an attempt at the chunk at a job's cursor begins; return the number of earlier attempts without an end.

    Args:
        connection: A connection other than the chunk's, so that the note stays even if the chunk is lost.
        job: The job; the caller holds it, so nobody else works on it.
        now: The current time.
    """
    wanted = {"team": job.team_id, "job": job.id, "number": job.cursor, "now": now}
    [(attempt,)] = connection.execute(_BEGIN, wanted)
    return int(attempt)


def forget_attempts(connection: Connection, job: Job) -> None:
    """Forget the attempts at the chunk at a job's cursor, because they ended or were counted.

    Args:
        connection: A connection inside the transaction that writes their outcome.
        job: The job as it was when they began.
    """
    connection.execute(_FORGET, (job.team_id, job.id, job.cursor))
