"""One chunk of an import, in its caller's transaction: its rows, their results, the job's counters and its cursor."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from prismd.core.ids import NewId
from prismd.core.imports.job import Counts, Job
from prismd.core.imports.plan import RowResult
from prismd.core.imports.request import Chunk
from prismd.core.imports.results import Report, report_of
from prismd.core.records.rows import Problem
from prismd.services.audit import note_end
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.row_importers import row_importer
from prismd.services.imports.rows import RowImporter
from prismd.services.realtime.notifications import import_moved
from prismd.settings import Settings
from prismd.store.connections.faults import passes
from prismd.store.connections.postgres import Connection
from prismd.store.imports import jobs, results
from prismd.store.records import record_keys
from prismd.telemetry.phases import phase

_LOG: Final = structlog.get_logger()


class LostRaceError(Exception):
    """The job no longer stands where this worker found it: somebody else has done the chunk."""


def run_chunk(
    connection: Connection,
    job: Job,
    chunk: Chunk,
    *,
    now: datetime,
    new_id: NewId,
    settings: Settings,
    pipeline: ImportPipeline | None = None,
    apart: bool = False,
) -> tuple[Job, bytes]:
    """Do one chunk of a job: records, results, effects, counters and cursor are committed together.

    Args:
        connection: Inside a transaction that holds the job.
        job: The job, standing at this chunk.
        chunk: Its rows.
        now: The time of everything written.
        new_id: Makes ids of records and options.
        settings: For the limits of rows.
        pipeline: Of the worker; None where nothing is deferred or read ahead.
        apart: Part the rows until those that cannot be processed stand alone, and refuse just them.

    Returns:
        The job after the chunk, and the results as JSON without brackets.

    Raises:
        LostRaceError: Nothing of this transaction may be committed.
    """
    with phase(job, "lock"):
        record_keys.lock_type(connection, job.team_id, job.object_type)
    importer = row_importer(connection, job, None if apart else pipeline, now=now, new_id=new_id, settings=settings)
    if apart:
        report = report_of(_Apart(connection, importer, settings.row_faults_max).run(chunk), chunk.origins)
    else:
        planned = importer.plan(chunk)
        with phase(job, "write"):
            importer.write(planned)
            report = planned.report()
    with phase(job, "finish"):
        return _finished(connection, job, chunk, report, now=now), report.content


def refuse_row(connection: Connection, job: Job, chunk: Chunk, *, now: datetime) -> Job:
    """End a chunk of one row that cannot be processed, without looking at the row, and return the job after it.

    Args:
        connection: Inside a transaction that holds the job.
        job: The job, standing at this chunk.
        chunk: The row.
        now: The time of everything written.

    Raises:
        LostRaceError: Nothing of this transaction may be committed.
    """
    return _finished(connection, job, chunk, report_of([_refused(chunk)], chunk.origins), now=now)


def _finished(connection: Connection, job: Job, chunk: Chunk, report: Report, *, now: datetime) -> Job:
    after = job.after_chunk(report.counts, now)
    if not jobs.advance(connection, job, after):
        raise LostRaceError(job.id)
    results.insert_results(connection, job, chunk, report.counts, report.content)
    note_end(connection, after)
    _tell(connection, after, chunk, report.counts)
    return after


def _refused(chunk: Chunk) -> RowResult:
    message = "the server could not process this row, and this row alone; its log tells why"
    return RowResult(chunk.first_row, problems=[Problem("internal_error", message)])


def _tell(connection: Connection, after: Job, chunk: Chunk, counts: Counts) -> None:
    changed = (counts.created or counts.updated) and not after.options.dry_run
    if changed or not after.synchronous:
        import_moved(connection, after, chunk.number if changed else None)


class _Apart:
    """Halves rows until each part that fails is one row.

    Args:
        connection: Inside a transaction; every part has a savepoint of its own.
        importer: Does rows.
        faults_max: Most rows that may fail. So many cannot all be to blame, so the fault of the next one is raised.
    """

    def __init__(self, connection: Connection, importer: RowImporter, faults_max: int) -> None:
        self._connection = connection
        self._importer = importer
        self._faults_left = faults_max

    def run(self, chunk: Chunk) -> list[RowResult]:
        """Return what became of the rows, ``internal_error`` for those that cannot be processed."""
        try:
            with self._connection.transaction():
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
