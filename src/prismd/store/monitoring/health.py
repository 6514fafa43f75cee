"""What the database tells of the workers and of the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from prismd.store.connections.postgres import WORKER, Connection

_WORKERS: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s
"""

# Of all teams, as the queue is one; those that workers pass over are passed over here.
_NEXT: Final = """
SELECT turn, updated_at AS moved_at FROM import_job
WHERE state IN ('queued', 'running') AND not_before <= %(now)s
  AND (state = 'running' OR %(running_max)s > (
        SELECT count(*) FROM import_job AS other WHERE other.team_id = import_job.team_id AND other.state = 'running'))
ORDER BY turn
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class NextJob:
    """The import job whose turn it is.

    Args:
        turn: Its place in the queue; each step gives it another.
        moved_at: When it was made or last did a step.
    """

    turn: int
    moved_at: datetime


def count_workers(connection: Connection) -> int:
    """Return how many workers are connected to the database, on whatever machine."""
    [(count,)] = connection.execute(_WORKERS, (WORKER,))
    return int(count)


def next_job(connection: Connection, now: datetime, *, running_max: int) -> NextJob | None:
    """Return the import job whose turn it is, whether or not a worker is at it; None if there is nothing to do.

    Args:
        now: Jobs that wait for a later time are passed over.
        running_max: Jobs of a team that take turns; where so many do, its others are passed over.
    """
    cursor = connection.cursor(row_factory=class_row(NextJob))
    return cursor.execute(_NEXT, {"now": now, "running_max": running_max}).fetchone()
