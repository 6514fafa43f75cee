"""Chunks that failed: the next attempt waits, and after several attempts the job ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import structlog

from prismd.core.imports.job import Job
from prismd.services.audit import note_end
from prismd.services.realtime.notifications import import_moved
from prismd.services.runtime import SoleRuntime
from prismd.services.session import Session
from prismd.store.connections.faults import passes
from prismd.store.imports import jobs, queue
from prismd.store.imports.attempts import forget_attempts
from prismd.telemetry import metrics
from prismd.telemetry.declared import CHUNKS

_LOG: Final = structlog.get_logger()

_GAVE_UP: Final = "the server could not process a part of this import; rows done so far stay done, the log tells why"


def after_failure(runtime: SoleRuntime, job: Job, error: Exception, now: datetime) -> Job:
    """Note that a chunk failed, and return the job after that.

    Args:
        runtime: The worker's runtime; the transaction of the chunk is rolled back.
        job: The job before the chunk.
        error: The failure. A fault of the database does not count as an attempt.
        now: The time of the chunk.
    """
    settings = runtime.settings
    if passes(error):
        # The database is at fault and not the job, so this does not count as an attempt.
        after, wait_s = job, settings.step_backoff_s
        metrics.add(CHUNKS, 1, "waited")
        _LOG.warning("chunk must wait", wait_s=wait_s, error=str(error))
    else:
        after = job.after_failure(_GAVE_UP, now, attempts_max=settings.step_attempts_max)
        wait_s = settings.step_backoff_s * 2 ** (after.attempts - 1)
        metrics.add(CHUNKS, 1, "failed")
        _LOG.exception("chunk failed", attempts=after.attempts, state=after.state.value)
    with Session(runtime, job.team_id).transaction() as transaction:
        connection = transaction.connection
        queue.hold_entry(connection, job)
        forget_attempts(connection, job)
        # If another worker has continued the job since, this failure no longer matters.
        if jobs.record_failure(connection, after):
            if after.ended:
                queue.leave(connection, after.team_id, after.id)
            else:
                queue.put_off(connection, after, now + timedelta(seconds=wait_s))
            note_end(transaction, after)
            import_moved(transaction, after)
    return after
