"""Taking a turn: claim the job that waits longest, and do one chunk of it in one transaction."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from prismd.core.imports.job import Job
from prismd.services.audit import note_end
from prismd.services.imports.chunk import LostRaceError, run_chunk
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.lost_chunks import after_losses
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.turns import OutOfReachError, claim_job, pass_over
from prismd.services.realtime.notifications import import_moved
from prismd.services.runtime import SoleRuntime
from prismd.services.session import Session
from prismd.store.connections.faults import passes
from prismd.store.connections.postgres import Connection
from prismd.store.imports import chunks, jobs, queue
from prismd.store.imports.attempts import begin_attempt, forget_attempts
from prismd.telemetry import metrics, traces
from prismd.telemetry.declared import CHUNKS
from prismd.telemetry.phases import phase, phase_took

_LOG = structlog.get_logger()

_GAVE_UP = "the server could not process a part of this import; rows done so far stay done, the log tells why"


@dataclass(frozen=True, slots=True)
class Step:
    """The result of one turn.

    Args:
        job: The job after the turn.
        failed: Whether the chunk failed.
    """

    job: Job
    failed: bool = False


def step_next(
    runtime: SoleRuntime, *, pipeline: ImportPipeline | None = None, notes: Connection | None = None
) -> Step | None:
    """Do one chunk of the next job, and commit it.

    Args:
        runtime: The worker's runtime; its connection is outside of transactions.
        pipeline: The worker's pipeline; None to defer nothing and to read nothing ahead.
        notes: A second connection, which records the attempt: if this process or its connection is lost during the
            chunk, the next worker knows it. None records nothing.

    Returns:
        The result of the turn; None if no job is ready.

    Raises:
        OutOfReachError: The next job cannot be reached; it is delayed, so that another job gets the next turn.
        psycopg.OperationalError: The connection is lost; the turn is committed as a whole or not at all.
    """
    claimed: Job | None = None
    now, settings = runtime.now(), runtime.settings
    clear_contextvars()
    try:
        # The contexts entered below end after the commit, so they cover it.
        with ExitStack() as observed, runtime.of_all_teams() as connection:
            began = time.perf_counter()
            claimed = claim_job(connection, now, settings)
            if claimed is None:
                return None
            _name_in_log(claimed)
            lost = begin_attempt(notes, claimed, now=now) if notes else 0
            phase_took(claimed, "claim", time.perf_counter() - began)
            observed.enter_context(traces.chunk(claimed))
            transaction = JobTransaction(Session(runtime, claimed.team_id), connection, claimed, now)
            after = after_losses(transaction, lost) if lost else _stepped(transaction, pipeline)
            observed.enter_context(phase(claimed, "commit"))
    except OutOfReachError as error:
        if runtime.connection.broken or runtime.connection.closed:
            raise error.cause from None
        pass_over(runtime, error)
        raise
    except Exception as error:
        if claimed is None or runtime.connection.broken or runtime.connection.closed:
            raise
        return _after_failure(runtime, claimed, error, now)
    metrics.add(CHUNKS, 1, "lost" if lost else "done")
    metrics.rows_done(after.since(claimed), dry_run=after.options.dry_run)
    if not lost:
        _LOG.info("chunk done", rows=after.processed - claimed.processed, state=after.state.value)
    return Step(after, failed=bool(lost))


def _name_in_log(job: Job) -> None:
    # All later log lines of this turn belong to the chunk.
    made_by = {"request_id": job.request_id} if job.request_id else {}
    bind_contextvars(team=job.team, job=job.id, chunk=job.cursor, **made_by)


def _stepped(transaction: JobTransaction, pipeline: ImportPipeline | None) -> Job:
    job = transaction.job
    if job.crashes:
        # A row that ends workers can be in the next chunk; reading it ahead would count as a crash of this chunk.
        pipeline = None
    with phase(job, "read"):
        chunk = pipeline and pipeline.ahead.chunk(job)
        chunk = chunk or chunks.read_chunk(transaction.connection, job, job.cursor)
    apart = job.attempts + 1 >= transaction.settings.step_attempts_max
    after, _ = run_chunk(transaction, chunk, pipeline, apart=apart)
    return after


def _after_failure(runtime: SoleRuntime, job: Job, error: Exception, now: datetime) -> Step:
    settings = runtime.settings
    if isinstance(error, LostRaceError):
        return Step(job, failed=True)
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
        # If another worker has continued the job meanwhile, this failure no longer matters.
        if jobs.record_failure(connection, after):
            if after.ended:
                queue.leave(connection, after.team_id, after.id)
            else:
                queue.put_off(connection, after, now + timedelta(seconds=wait_s))
            note_end(transaction, after)
            import_moved(transaction, after)
    return Step(after, failed=True)
