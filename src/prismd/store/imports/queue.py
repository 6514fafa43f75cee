"""The queue of import jobs: which jobs want a turn, and whose turn is next.

The queue is separate from the data of teams: its table stays on one node if those are distributed. It is written in the
transaction that changes the job, and does not say what is done: the job says that. A transaction that writes both takes
the entry before the job, so that two transactions never wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from prismd.core.imports.job import Job, State
from prismd.store.connections.postgres import Connection

#: The channel that tells workers about new jobs.
CHANNEL: Final = "prismd_jobs"

# PostgreSQL sends this notification to the workers with the commit.
_ENTER: Final = f"""
INSERT INTO import_queue (team_id, job_id, created_at, moved_at) VALUES (%s, %s, %s, %s)
RETURNING pg_notify('{CHANNEL}', '')
"""

# The row lock is the lease. It ends with the transaction, by a commit, an error, or the death of the worker. So no job
# is ever held without a worker. The same statement moves the job to the end of the queue, which holds if its chunk is
# committed.
_CLAIM: Final = """
WITH next AS MATERIALIZED (
    SELECT team_id, job_id FROM import_queue
    WHERE not_before <= %(now)s AND (running OR %(running_max)s > (
        SELECT count(*) FROM import_queue AS other WHERE other.team_id = import_queue.team_id AND other.running))
    ORDER BY turn
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE import_queue AS entry SET running = true, turn = nextval('import_turn'), moved_at = %(now)s
FROM next WHERE entry.team_id = next.team_id AND entry.job_id = next.job_id
RETURNING entry.team_id, entry.job_id::text
"""

_HOLD: Final = "SELECT FROM import_queue WHERE team_id = %s AND job_id = %s FOR NO KEY UPDATE"

_PUT_OFF: Final = """
UPDATE import_queue
SET running = %(running)s, turn = nextval('import_turn'), not_before = coalesce(%(until)s::timestamptz, '-infinity'),
    moved_at = %(moved_at)s
WHERE team_id = %(team)s AND job_id = %(job)s
"""

_SKIP: Final = """
UPDATE import_queue SET turn = nextval('import_turn'), not_before = %s WHERE team_id = %s AND job_id = %s
"""

_LEAVE: Final = "DELETE FROM import_queue WHERE team_id = %s AND job_id = %s"

_OF_TEAM: Final = "SELECT job_id::text FROM import_queue WHERE team_id = %s"

_RETURN: Final = f"""
INSERT INTO import_queue (team_id, job_id, created_at, moved_at)
SELECT %(team)s, lost.id, %(now)s, %(now)s FROM unnest(%(jobs)s::text[]::uuid[]) AS lost (id)
ON CONFLICT DO NOTHING
RETURNING pg_notify('{CHANNEL}', '')
"""


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """An entry in the queue.

    Args:
        job_id: UUID text.
    """

    team_id: int
    job_id: str


def enter(connection: Connection, job: Job) -> None:
    """Put a new job at the end of the queue, and wake the workers when the transaction commits."""
    connection.execute(_ENTER, (job.team_id, job.id, job.created_at, job.updated_at))


def claim_entry(connection: Connection, now: datetime, *, running_max: int) -> QueueEntry | None:
    """Hold the entry whose turn it is until the transaction ends, and move it to the end of the queue.

    Args:
        now: Jobs that wait for a later time are ignored.
        running_max: The most jobs of a team that take turns; a team's further jobs are ignored.

    Returns:
        The entry; None if no job waits.
    """
    cursor = connection.cursor(row_factory=class_row(QueueEntry))
    return cursor.execute(_CLAIM, {"now": now, "running_max": running_max}).fetchone()


def hold_entry(connection: Connection, job: Job) -> None:
    """Hold the entry of a job, if it has one, until the transaction ends; the caller takes the job itself next."""
    connection.execute(_HOLD, (job.team_id, job.id))


def put_off(connection: Connection, job: Job, until: datetime | None = None) -> None:
    """Move a job to the end of the queue.

    Args:
        connection: A connection inside a transaction that holds the job.
        job: The job in its new state.
        until: The earliest time of its next turn; None for no such time.
    """
    moved = {"team": job.team_id, "job": job.id, "until": until, "moved_at": job.updated_at}
    connection.execute(_PUT_OFF, {**moved, "running": job.state is State.RUNNING})


def skip_entry(connection: Connection, entry: QueueEntry, until: datetime) -> None:
    """Move an entry to the end of the queue, without reading its job.

    Args:
        until: The earliest time of its next turn.
    """
    connection.execute(_SKIP, (until, entry.team_id, entry.job_id))


def leave(connection: Connection, team_id: int, job_id: str) -> None:
    """Delete the entry of a job that has ended, or ends in this transaction, after waiting for a worker that holds it.

    Args:
        job_id: UUID text.
    """
    connection.execute(_LEAVE, (team_id, job_id))


def jobs_of_team(connection: Connection, team_id: int) -> set[str]:
    """Return the ids of a team's jobs that have an entry."""
    return {job_id for (job_id,) in connection.execute(_OF_TEAM, (team_id,))}


def return_jobs(connection: Connection, team_id: int, job_ids: Iterable[str], now: datetime) -> None:
    """Put jobs that lost their entry at the end of the queue, and wake the workers.

    Args:
        job_ids: UUID texts.
        now: The current time.
    """
    connection.execute(_RETURN, {"team": team_id, "jobs": list(job_ids), "now": now})
