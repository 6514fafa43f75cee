"""The state of the workers and of the queue, as the database shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from prismd.store.connections.postgres import WORKER, Connection

_WORKERS: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s
"""

# All teams share one queue. Jobs that workers pass over are passed over here too.
_NEXT: Final = """
SELECT turn, moved_at FROM import_queue
WHERE not_before <= %(now)s AND (running OR %(running_max)s > (
        SELECT count(*) FROM import_queue AS other WHERE other.team_id = import_queue.team_id AND other.running))
ORDER BY turn
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class NextJob:
    """The import job whose turn it is.

    Args:
        turn: Position in the queue; every step gives the job another.
        moved_at: The time at which the job was made, or last got a turn.
    """

    turn: int
    moved_at: datetime


def count_workers(connection: Connection) -> int:
    """Return the number of workers that are connected to the database, from any machine."""
    [(count,)] = connection.execute(_WORKERS, (WORKER,))
    return int(count)


def next_job(connection: Connection, now: datetime, *, running_max: int) -> NextJob | None:
    """Return the import job whose turn it is, even if a worker is doing it; None if no job waits.

    Args:
        now: Jobs that wait for a later time are ignored.
        running_max: The most jobs of a team that take turns; a team's further jobs are ignored.
    """
    cursor = connection.cursor(row_factory=class_row(NextJob))
    return cursor.execute(_NEXT, {"now": now, "running_max": running_max}).fetchone()
