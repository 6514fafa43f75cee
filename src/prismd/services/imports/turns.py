"""Corrects entries in the queue of jobs: those of jobs that cannot be reached, and those that are missing.

An entry is a hint. A worker that claims an entry of an ended job removes the entry; a job without an entry gets a new
one; and if a job cannot be reached, its entry waits while other jobs go on. On a single PostgreSQL, none of these
happens by itself. If other nodes hold the data of teams, a change there can be kept while the change of the queue is
lost, or a node can be down.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import psycopg
import structlog

from prismd.services.runtime import SoleRuntime
from prismd.store.imports import jobs, queue
from prismd.store.imports.queue import QueueEntry

_LOG: Final = structlog.get_logger()


class OutOfReachError(Exception):
    """The job of an entry cannot be locked: the node with the team's data is down, or another transaction holds it.

    Args:
        entry: The entry of the job.
        cause: The error of the database.
    """

    def __init__(self, entry: QueueEntry, cause: psycopg.Error) -> None:
        super().__init__(f"import job {entry.job_id} cannot be reached: {cause}")
        self.entry, self.cause = entry, cause


def pass_over(runtime: SoleRuntime, error: OutOfReachError) -> None:
    """Delay a job that cannot be reached, so that other jobs get their turns.

    Args:
        runtime: The worker's runtime; its connection is outside of transactions.
        error: The error with the entry of the job.
    """
    wait_s = runtime.settings.step_backoff_s
    _LOG.warning("job out of reach", job=error.entry.job_id, wait_s=wait_s, error=str(error.cause))
    with runtime.of_all_teams() as connection:
        queue.skip_entry(connection, error.entry, runtime.now() + timedelta(seconds=wait_s))


def return_lost_jobs(runtime: SoleRuntime, team_id: int) -> int:
    """Give new entries to the active jobs of a team that have none in the queue, and return their number.

    Args:
        runtime: The worker's runtime; its connection is in autocommit mode.
        team_id: Internal id of the team.
    """
    connection = runtime.connection
    lost = jobs.active_jobs(connection, team_id) - queue.jobs_of_team(connection, team_id)
    # Look twice: a job that ended between the two statements is active only in the first look.
    if lost and (lost := lost & jobs.active_jobs(connection, team_id)):
        _LOG.warning("jobs returned to the queue", team_id=team_id, jobs=len(lost))
        queue.return_jobs(connection, team_id, sorted(lost), runtime.now())
    return len(lost)
