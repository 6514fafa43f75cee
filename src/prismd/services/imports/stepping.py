"""A step of an import: a job is claimed, one chunk of it is done, and its cursor moves, in one transaction."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from prismd.core.imports.job import Job
from prismd.core.imports.request import Chunk
from prismd.core.imports.results import Report, report_of
from prismd.services.audit import note_end
from prismd.services.changes.undo_chunk import undo_chunk
from prismd.services.imports.failed_chunks import after_failure
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.lost_chunks import after_losses, after_losses_of_undo
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.row_importers import row_importer
from prismd.services.imports.relations import lock_types
from prismd.services.imports.rows_apart import RowsApart, refused_row
from prismd.services.imports.turns import OutOfReachError, pass_over
from prismd.services.realtime.notifications import import_moved, notices_of
from prismd.services.runtime import SoleRuntime
from prismd.services.session import Session
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.imports import chunks, jobs, queue, results
from prismd.store.imports.attempts import begin_attempt
from prismd.store.imports.results import ChunkPlace, place_of
from prismd.telemetry import metrics, traces
from prismd.telemetry.declared import CHUNKS
from prismd.telemetry.phases import phase, phase_took

_LOG: Final = structlog.get_logger()


class LostRaceError(Exception):
    """The job's cursor has moved since this worker claimed the job: another worker has done the chunk."""


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
            after = _after_losses(transaction, lost) if lost else _stepped(transaction, pipeline)
            observed.enter_context(phase(claimed, "commit"))
    except OutOfReachError as error:
        if runtime.connection.broken or runtime.connection.closed:
            raise error.cause from None
        pass_over(runtime, error)
        raise
    except Exception as error:
        if claimed is None or runtime.connection.broken or runtime.connection.closed:
            raise
        after = claimed if isinstance(error, LostRaceError) else after_failure(runtime, claimed, error, now)
        return Step(after, failed=True)
    metrics.add(CHUNKS, 1, "lost" if lost else "done")
    metrics.rows_done(after.since(claimed), dry_run=after.options.dry_run)
    if not lost:
        _LOG.info("chunk done", rows=after.processed - claimed.processed, state=after.state.value)
    return Step(after, failed=bool(lost))


def claim_job(connection: Connection, now: datetime, settings: Settings) -> Job | None:
    """Return the next job, locked until the transaction ends; None if no job is ready.

    Args:
        connection: A connection inside a transaction.
        now: The time; jobs that wait for a later time are skipped.
        settings: The settings in force; they limit the number of a team's jobs that take turns.

    Raises:
        OutOfReachError: The job cannot be locked; the caller must roll back the transaction and delay the entry.
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


def run_chunk(
    transaction: JobTransaction, chunk: Chunk, pipeline: ImportPipeline | None = None, *, apart: bool = False
) -> tuple[Job, bytes]:
    """Do one chunk of a job; records, results, effects, counters and cursor are committed together.

    Args:
        transaction: The job's open transaction, which holds the lock of the object type; the job's cursor is at this
            chunk.
        chunk: The chunk to do.
        pipeline: The worker's pipeline; None to defer nothing and to read nothing ahead.
        apart: Whether to halve the rows until each row that cannot be processed is alone, and to refuse only those.

    Returns:
        The job after the chunk, and the results as JSON without brackets.

    Raises:
        LostRaceError: Another worker has done the chunk; the caller must roll back the transaction.
    """
    job = transaction.job
    importer = row_importer(transaction, None if apart else pipeline)
    if apart:
        report = report_of(RowsApart(transaction, importer).run(chunk), chunk.origins)
    else:
        planned = importer.plan(chunk)
        with phase(job, "write"):
            importer.write(planned)
            report = planned.report()
    with phase(job, "finish"):
        return _finished(transaction, place_of(chunk), report), report.content


def _name_in_log(job: Job) -> None:
    # All later log lines of this turn belong to the chunk.
    made_by = {"request_id": job.request_id} if job.request_id else {}
    bind_contextvars(team=job.team, job=job.id, chunk=job.cursor, **made_by)


def _stepped(transaction: JobTransaction, pipeline: ImportPipeline | None) -> Job:
    job = transaction.job
    if job.undoes is not None:
        place, report = undo_chunk(transaction)
        return _finished(transaction, place, report)
    if job.crashes:
        # A row that ends workers can be in the next chunk; reading it ahead would count as a crash of this chunk.
        pipeline = None
    with phase(job, "read"):
        chunk = pipeline and pipeline.ahead.chunk(job)
        chunk = chunk or chunks.read_chunk(transaction.connection, job, job.cursor)
    with phase(job, "lock"):
        lock_types(transaction, job.object_type, job.options)
    apart = job.attempts + 1 >= transaction.settings.step_attempts_max
    after, _ = run_chunk(transaction, chunk, pipeline, apart=apart)
    return after


def _after_losses(transaction: JobTransaction, count: int) -> Job:
    job = transaction.job
    if job.undoes is not None:
        return after_losses_of_undo(transaction, count)
    chunk = chunks.read_chunk(transaction.connection, job, job.cursor)
    after = after_losses(transaction, chunk, count)
    return after or _finished(transaction, place_of(chunk), report_of([refused_row(chunk)], chunk.origins))


def _finished(transaction: JobTransaction, place: ChunkPlace, report: Report) -> Job:
    connection, job = transaction.connection, transaction.job
    after = job.after_chunk(report.counts, transaction.at)
    if not jobs.advance(connection, job, after):
        raise LostRaceError(job.id)
    if after.ended and not after.synchronous:
        queue.leave(connection, after.team_id, after.id)
    results.insert_results(connection, job, place, report.counts, report.content)
    changed = (report.counts.created or report.counts.updated) and not after.options.dry_run
    _tell(transaction, after, place.number if changed else None)
    return after


def _tell(transaction: JobTransaction, after: Job, changed: int | None) -> None:
    if after.synchronous and after.ended:  # nobody watches the job itself, so only changed records are told of
        note_end(transaction, after, notices_of(after, changed) if changed is not None else ())
        return
    note_end(transaction, after)
    if changed is not None or not after.synchronous:
        import_moved(transaction, after, changed)
