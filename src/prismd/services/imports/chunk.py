"""Doing one chunk of an import in the caller's transaction: rows, results, and the job's counters and cursor."""

from __future__ import annotations

from typing import Final

import structlog

from prismd.core.imports.job import Counts, Job
from prismd.core.imports.plan import RowResult
from prismd.core.imports.request import Chunk
from prismd.core.imports.results import Report, report_of
from prismd.core.records.rows import Problem
from prismd.services.audit import note_end
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.row_importers import row_importer
from prismd.services.imports.rows import RowImporter
from prismd.services.realtime.notifications import import_moved
from prismd.store.connections.faults import passes
from prismd.store.imports import jobs, queue, results
from prismd.store.records import record_keys
from prismd.telemetry.phases import phase

_LOG: Final = structlog.get_logger()


class LostRaceError(Exception):
    """The job's cursor has moved since this worker claimed the job: another worker has done the chunk."""


def run_chunk(
    transaction: JobTransaction, chunk: Chunk, pipeline: ImportPipeline | None = None, *, apart: bool = False
) -> tuple[Job, bytes]:
    """Do one chunk of a job; records, results, effects, counters and cursor are committed together.

    Args:
        transaction: The job's open transaction; the job's cursor is at this chunk.
        chunk: The chunk to do.
        pipeline: The worker's pipeline; None to defer nothing and to read nothing ahead.
        apart: Whether to halve the rows until each row that cannot be processed is alone, and to refuse only those.

    Returns:
        The job after the chunk, and the results as JSON without brackets.

    Raises:
        LostRaceError: Another worker has done the chunk; the caller must roll back the transaction.
    """
    job = transaction.job
    with phase(job, "lock"):
        record_keys.lock_type(transaction.connection, job.team_id, job.object_type)
    importer = row_importer(transaction, None if apart else pipeline)
    if apart:
        report = report_of(_Apart(transaction, importer).run(chunk), chunk.origins)
    else:
        planned = importer.plan(chunk)
        with phase(job, "write"):
            importer.write(planned)
            report = planned.report()
    with phase(job, "finish"):
        return _finished(transaction, chunk, report), report.content


def refuse_row(transaction: JobTransaction, chunk: Chunk) -> Job:
    """Refuse the only row of a chunk without reading it, and return the job after the chunk.

    Args:
        transaction: The job's open transaction; the job's cursor is at this chunk.
        chunk: The chunk with the row.

    Raises:
        LostRaceError: Another worker has done the chunk; the caller must roll back the transaction.
    """
    return _finished(transaction, chunk, report_of([_refused(chunk)], chunk.origins))


def _finished(transaction: JobTransaction, chunk: Chunk, report: Report) -> Job:
    connection, job = transaction.connection, transaction.job
    after = job.after_chunk(report.counts, transaction.at)
    if not jobs.advance(connection, job, after):
        raise LostRaceError(job.id)
    if after.ended and not after.synchronous:
        queue.leave(connection, after.team_id, after.id)
    results.insert_results(connection, job, chunk, report.counts, report.content)
    note_end(transaction, after)
    _tell(transaction, after, chunk, report.counts)
    return after


def _refused(chunk: Chunk) -> RowResult:
    message = "the server could not process this row, and this row alone; its log tells why"
    return RowResult(chunk.first_row, problems=[Problem("internal_error", message)])


def _tell(transaction: JobTransaction, after: Job, chunk: Chunk, counts: Counts) -> None:
    changed = (counts.created or counts.updated) and not after.options.dry_run
    if changed or not after.synchronous:
        import_moved(transaction, after, chunk.number if changed else None)


class _Apart:
    """Halves the rows of a chunk until each part that fails is a single row.

    Args:
        transaction: The job's open transaction; each part gets its own savepoint.
        importer: The importer of the rows.
    """

    def __init__(self, transaction: JobTransaction, importer: RowImporter) -> None:
        self._transaction = transaction
        self._importer = importer
        # After more faults than this, the rows are hardly to blame, so the next fault is raised.
        self._faults_left = transaction.settings.row_faults_max

    def run(self, chunk: Chunk) -> list[RowResult]:
        """Return the results of the rows; a row that cannot be processed has the problem ``internal_error``."""
        try:
            with self._transaction.savepoint():
                planned = self._importer.plan(chunk)
                self._importer.write(planned)
                return planned.plan.results
        except Exception as error:
            if passes(error):
                raise
            if len(chunk.rows) > 1:
                return [result for half in chunk.halves() for result in self.run(half)]
            self._faults_left -= 1
            if self._faults_left < 0:
                raise
            _LOG.exception("row failed", row=chunk.first_row, error=str(error))
            return [_refused(chunk)]
