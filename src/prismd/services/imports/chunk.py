"""One chunk of an import, in its caller's transaction: its rows, their results, the job's counters and its cursor."""

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
    """The job no longer stands where this worker found it: somebody else has done the chunk."""


def run_chunk(
    transaction: JobTransaction, chunk: Chunk, pipeline: ImportPipeline | None = None, *, apart: bool = False
) -> tuple[Job, bytes]:
    """Do one chunk of a job: records, results, effects, counters and cursor are committed together.

    Args:
        transaction: Of the job, which stands at this chunk.
        chunk: Its rows.
        pipeline: Of the worker; None where nothing is deferred or read ahead.
        apart: Part the rows until those that cannot be processed stand alone, and refuse just them.

    Returns:
        The job after the chunk, and the results as JSON without brackets.

    Raises:
        LostRaceError: Nothing of this transaction may be committed.
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
    """End a chunk of one row that cannot be processed, without looking at the row, and return the job after it.

    Args:
        transaction: Of the job, which stands at this chunk.
        chunk: The row.

    Raises:
        LostRaceError: Nothing of this transaction may be committed.
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
    """Halves rows until each part that fails is one row.

    Args:
        transaction: Of the job; every part has a savepoint of its own.
        importer: Does rows.
    """

    def __init__(self, transaction: JobTransaction, importer: RowImporter) -> None:
        self._transaction = transaction
        self._importer = importer
        # So many rows cannot all be to blame, so the fault of the next one is raised.
        self._faults_left = transaction.settings.row_faults_max

    def run(self, chunk: Chunk) -> list[RowResult]:
        """Return what became of the rows, ``internal_error`` for those that cannot be processed."""
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
