"""Whose turn it is: claiming the next job by its entry in the queue, and putting right what the queue says wrongly.

An entry is a hint. One whose job has ended is taken away by whoever claims it, a job without an entry gets a new one,
and one whose job cannot be reached waits while others go on. None of these comes about by itself on one PostgreSQL.
Where the data of teams stands on other nodes, a change there may be kept and that of the queue lost, or a node be away.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import psycopg
import structlog

from prismd.core.imports.job import Job
from prismd.services.runtime import SoleRuntime
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.imports import jobs, queue
from prismd.store.imports.queue import QueueEntry

_LOG: Final = structlog.get_logger()


class OutOfReachError(Exception):
    """The job of an entry cannot be held: the node with the data of its team is away, or somebody holds the job.

    Args:
        entry: Of the job.
        cause: What the database said.
    """

    def __init__(self, entry: QueueEntry, cause: psycopg.Error) -> None:
        super().__init__(f"import job {entry.job_id} cannot be reached: {cause}")
        self.entry, self.cause = entry, cause


def claim_job(connection: Connection, now: datetime, settings: Settings) -> Job | None:
    """Hold the job whose turn it is until the transaction ends, and return it; None if there is nothing to do.

    Args:
        connection: Inside a transaction.
        now: Jobs that wait for a later time are passed over.
        settings: For the number of a team's jobs that take turns.

    Raises:
        OutOfReachError: The transaction must be rolled back, and the entry put off.
    """
    while (entry := queue.claim_entry(connection, now, running_max=settings.running_jobs_per_team_max)) is not None:
        try:
            job = jobs.lock_job(connection, entry.team_id, entry.job_id)
        except psycopg.Error as error:
            raise OutOfReachError(entry, error) from error
        if job is not None and not job.ended:
            return job
        _LOG.warning("queue entry without a job removed", job=entry.job_id)
        queue.leave(connection, entry.team_id, entry.job_id)
    return None


def pass_over(runtime: SoleRuntime, error: OutOfReachError) -> None:
    """Put off a job that cannot be reached, so that others get their turns meanwhile.

    Args:
        runtime: Of the worker; its connection is not inside a transaction.
        error: Says which job.
    """
    wait_s = runtime.settings.step_backoff_s
    _LOG.warning("job out of reach", job=error.entry.job_id, wait_s=wait_s, error=str(error.cause))
    with runtime.of_all_teams() as connection:
        queue.skip_entry(connection, error.entry, runtime.now() + timedelta(seconds=wait_s))


def return_lost_jobs(runtime: SoleRuntime, team_id: int) -> int:
    """Give the jobs of a team that want a turn and have no entry in the queue one, and return how many they were.

    Args:
        runtime: Of the worker; its connection is in autocommit mode.
        team_id: Internal id of the team.
    """
    connection = runtime.connection
    lost = jobs.active_jobs(connection, team_id) - queue.jobs_of_team(connection, team_id)
    # Those that are left after a second look have not ended in between.
    if lost and (lost := lost & jobs.active_jobs(connection, team_id)):
        _LOG.warning("jobs returned to the queue", team_id=team_id, jobs=len(lost))
        queue.return_jobs(connection, team_id, sorted(lost), runtime.now())
    return len(lost)
