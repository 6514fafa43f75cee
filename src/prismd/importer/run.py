"""A whole import: sends the batches in the order of the file, each after the answer to the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prismd.files.rows import FileRow
from prismd.importer.batches import Batch
from prismd.importer.calls import ClientError, PrismClient, RefusedError, StuckError
from prismd.importer.events import follow
from prismd.importer.imports import Job, Problem, RowResult, Watch, finish_import, poll_to_end, start_import
from prismd.importer.journal import Journal, Pending

_AGAIN = "give --again to begin anew"


@dataclass(frozen=True, slots=True)
class BatchResults:
    """A batch with the result of each of its rows; None for a row that is left out."""

    batch: Batch
    results: list[RowResult | None]
    job_id: str | None

    def __iter__(self) -> Iterator[tuple[FileRow, RowResult | None]]:
        return zip(self.batch.rows, self.results, strict=True)


@dataclass(frozen=True, slots=True)
class _Started:
    """A batch that the server has: its first snapshot, the time of that snapshot, and the wait after it."""

    job: Job
    since: float
    wait_s: float


@dataclass(frozen=True, slots=True)
class ImportRun:
    """A running import.

    Args:
        client: The server to import to.
        options: The import's options on the wire.
        journal: The progress; this object updates it when the server accepts a batch.
        save: Writes the journal to disk.
        watch: Receives each snapshot of a batch's job.
    """

    client: PrismClient
    options: Mapping[str, object]
    journal: Journal
    save: Callable[[Journal], None]
    watch: Watch

    def outcomes(self, found: Iterable[Batch]) -> Iterator[BatchResults]:
        """Yield the results of each batch that the journal does not count yet.

        Args:
            found: All batches of the file.

        Raises:
            ClientError: The server cannot be used any more.
        """
        left = (batch for batch in found if batch.number > self.journal.batches_done)
        batch = next(left, None)
        while batch is not None:
            started = self._started(batch)
            # Read the next batch from the file while the server works on this one.
            following = next(left, None)
            yield self._outcome(batch, started)
            batch = following

    def _outcome(self, batch: Batch, started: _Started | None) -> BatchResults:
        if started is None:
            return BatchResults(batch, _merged(batch, []), None)
        rows_sent = sum(row.wire is not None for row in batch.rows)
        job = self._finished(batch, started)
        if self.options.get("dry_run") and job.dry_run is False:
            raise StuckError("the server has not taken this for a dry run: rows may have been written; stopped at once")
        if job.status == "failed":
            problem = job.error or Problem()
            if problem.code == "cancelled":
                raise StuckError(
                    f"{_range(batch)} were cancelled (job {job.job_id}) after {job.processed or 0:,} of {job.total:,}; "
                    f"`prismd imports retry {job.job_id} --not-attempted` runs the others, or {_AGAIN}"
                )
            raise StuckError(
                f"the server gave up on {_range(batch)} (job {job.job_id}): "
                f"{problem.message or problem.code or 'it says no reason'}; some of these rows may be in. "
                f"When the cause is gone, {_AGAIN}"
            )
        if job.results is None or len(job.results) != rows_sent:
            found = "none" if job.results is None else len(job.results)
            raise StuckError(f"expected {rows_sent} outcomes for {_range(batch)}, the server gave {found}; {_AGAIN}")
        return BatchResults(batch, _merged(batch, job.results), job.job_id)

    def _started(self, batch: Batch) -> _Started | None:
        """Send a batch, unless an earlier run sent it; return None if no row of it can be sent."""
        if all(row.wire is None for row in batch.rows):
            return None
        now, pending = self.client.outside.monotonic, self.journal.pending
        if pending and pending.batch == batch.number:
            return _Started(Job("processing", len(batch.rows), pending.job_id), now(), 0.0)
        body, key = batch.body(self.options), self.journal.key(batch.number)
        try:
            job, wait_s = start_import(self.client, self.journal.identity.target.object_type, body, key)
        except RefusedError as error:
            raise self._advice(error, batch) from None
        if job.job_id:
            self.journal.pending = Pending(batch.number, job.job_id)
            self.save(self.journal)
        return _Started(job, now(), wait_s)

    def _finished(self, batch: Batch, started: _Started) -> Job:
        try:
            job = started.job
            if job.status == "processing" and job.job_id and follow(self.client, job.job_id, self.watch):
                # Events have no results, so read the job once more.
                return poll_to_end(self.client, job.job_id, self.watch)
            return finish_import(self.client, started.job, started.since, started.wait_s, self.watch)
        except RefusedError as error:
            raise self._advice(error, batch) from None

    def _advice(self, error: RefusedError, batch: Batch) -> ClientError:
        rows = _range(batch)
        if error.code == "idempotency_key_stale":
            return StuckError(
                f"the last run stopped at {rows} so long ago that the server cannot tell any more whether they are in; "
                f"{_AGAIN}, with --dedupe-by so that rows that are in already are matched"
            )
        if error.code == "idempotency_key_mismatch":
            return StuckError(
                f"the server has had {rows} under the same key with other content, so this is not quite the import "
                f"that was stopped; {_AGAIN}, with --dedupe-by so that rows that are in already are matched"
            )
        if error.code == "not_found" and self.journal.pending:
            return StuckError(f"the server knows no import of {rows} any more ({error.message}); {_AGAIN}")
        if error.code == "payload_too_large":
            return StuckError(
                f"{rows} are too large for the server ({error.message}); give a smaller --batch-rows, with --again"
            )
        return ClientError(f"{error} (for {rows})")


def _merged(batch: Batch, results: list[RowResult]) -> list[RowResult | None]:
    answers = iter(results)
    return [_unsent(row) if row.wire is None else next(answers) for row in batch.rows]


def _unsent(row: FileRow) -> RowResult | None:
    return RowResult(error=Problem(*row.problem)) if row.problem else None


def _range(batch: Batch) -> str:
    return f"rows {batch.rows[0].number} to {batch.rows[-1].number}"
