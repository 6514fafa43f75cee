"""The queue of import jobs: which of them want a turn, and whose turn it is.

It stands apart from the data of teams, in a table that stays on one node where those are distributed. It is written in
the transaction that changes the job, and says nothing of what is done: that stands with the job. Whoever writes both
takes the entry before the job, so that no two wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from prismd.core.imports.job import Job, State
from prismd.store.connections.postgres import Connection

#: The channel on which workers hear that a job is there.
CHANNEL: Final = "prismd_jobs"

# The word to the workers leaves with the commit.
_ENTER: Final = f"""
INSERT INTO import_queue (team_id, job_id, created_at, moved_at) VALUES (%s, %s, %s, %s)
RETURNING pg_notify('{CHANNEL}', '')
"""

# The row lock is the lease. It ends with the transaction, whatever ends that: a commit, an error, or the death of the
# worker; so a job is never held with nobody at work on it. The job goes to the end of the queue in the same statement,
# which holds if its chunk is committed.
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
    """Give a new job the last entry, and wake the workers when the transaction commits."""
    connection.execute(_ENTER, (job.team_id, job.id, job.created_at, job.updated_at))


def claim_entry(connection: Connection, now: datetime, *, running_max: int) -> QueueEntry | None:
    """Hold the entry whose turn it is until the transaction ends, and move it to the end of the queue.

    Args:
        now: Jobs that wait for a later time are passed over.
        running_max: Jobs of a team that take turns; where so many do, its others are passed over.

    Returns:
        The entry; None if there is nothing to do.
    """
    cursor = connection.cursor(row_factory=class_row(QueueEntry))
    return cursor.execute(_CLAIM, {"now": now, "running_max": running_max}).fetchone()


def hold_entry(connection: Connection, job: Job) -> None:
    """Hold the entry of a job until the transaction ends, if it has one, to go on to the job itself."""
    connection.execute(_HOLD, (job.team_id, job.id))


def put_off(connection: Connection, job: Job, until: datetime | None = None) -> None:
    """Move a job to the end of the queue.

    Args:
        connection: Inside a transaction that holds the job.
        job: The job as it is then.
        until: When it gets its next turn at the earliest; None for no such time.
    """
    moved = {"team": job.team_id, "job": job.id, "until": until, "moved_at": job.updated_at}
    connection.execute(_PUT_OFF, {**moved, "running": job.state is State.RUNNING})


def skip_entry(connection: Connection, entry: QueueEntry, until: datetime) -> None:
    """Move an entry to the end of the queue, without a look at its job.

    Args:
        until: When it gets its next turn at the earliest.
    """
    connection.execute(_SKIP, (until, entry.team_id, entry.job_id))


def leave(connection: Connection, team_id: int, job_id: str) -> None:
    """Take the entry of a job that has ended, or ends in this transaction, once no worker is at it.

    Args:
        job_id: UUID text.
    """
    connection.execute(_LEAVE, (team_id, job_id))


def jobs_of_team(connection: Connection, team_id: int) -> set[str]:
    """Return the ids of a team's jobs that have an entry."""
    return {job_id for (job_id,) in connection.execute(_OF_TEAM, (team_id,))}


def return_jobs(connection: Connection, team_id: int, job_ids: Iterable[str], now: datetime) -> None:
    """Give jobs that lost their entry the last ones, and wake the workers.

    Args:
        job_ids: UUID text, each.
        now: The time.
    """
    connection.execute(_RETURN, {"team": team_id, "jobs": list(job_ids), "now": now})
