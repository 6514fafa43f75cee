"""A whole import: sends the batches in the order of the file, each when the one before has ended."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from prismd.files.rows import FileProblemError, FileRow
from prismd.importer.ahead import made_ahead
from prismd.importer.batches import Batch
from prismd.importer.calls import ClientError, PrismClient, RefusedError, StuckError, UnreachableError
from prismd.importer.events import follow
from prismd.importer.imports import Job, Problem, RowResult, Watch, finish_import, poll_to_end, start_import
from prismd.importer.journal import Journal, Pending

#: How many batches are read ahead, unless the user says otherwise, and how many they can be.
READ_AHEAD: Final = 1
READ_AHEAD_MAX: Final = 16

_AGAIN: Final = "give --again to begin anew"


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
class _Ended:
    """A batch whose job is complete, with its results if they came along; no job if no row of it can be sent."""

    batch: Batch
    job: Job | None

    @property
    def is_whole(self) -> bool:
        """Whether the server need not be asked for the results."""
        return self.job is None or self.job.results is not None


@dataclass(frozen=True, slots=True)
class ImportRun:
    """A running import.

    A batch is sent when the one before it has ended, so the rows of a file are done in their order. Meanwhile the
    batches after it are read, mapped and encoded; and the results of a batch are read, counted and written while the
    server works on the next one.

    Args:
        client: The server to import to.
        options: The import's options on the wire.
        journal: The progress; this object updates it when the server accepts a batch.
        save: Writes the journal to disk.
        watch: Receives each snapshot of a batch's job.
        ahead_max: The most batches that are read ahead; besides them, two are held: one that the server works on,
            and one whose results are written.
    """

    client: PrismClient
    options: Mapping[str, object]
    journal: Journal
    save: Callable[[Journal], None]
    watch: Watch
    ahead_max: int = READ_AHEAD

    def outcomes(self, found: Iterable[Batch]) -> Generator[BatchResults, None, None]:
        """Yield the results of each batch that the journal does not count yet.

        Args:
            found: All batches of the file.

        Raises:
            ClientError: The server cannot be used any more.
            FileProblemError: The file is broken as a whole.
        """
        done, ended = self.journal.batches_done, list[_Ended]()
        left = ((batch, self._body(batch)) for batch in found if batch.number > done)
        with made_ahead(left, self.ahead_max) as ready:
            try:
                for batch, body in ready:
                    started = self._started(batch, body)
                    del body
                    if ended:
                        yield self._outcome(ended.pop(), meanwhile=batch)
                    ended.append(self._ended(batch, started))
            except (ClientError, FileProblemError) as error:
                # What has ended is told even where nothing can follow it, unless a lost server had to be asked for it.
                if ended and (ended[-1].is_whole or not isinstance(error, UnreachableError)):
                    yield self._outcome(ended.pop())
                raise
        if ended:
            yield self._outcome(ended.pop())

    def _body(self, batch: Batch) -> bytes | None:
        """Return the request of a batch; None if no row of it can be sent."""
        return None if all(row.wire is None for row in batch.rows) else batch.body(self.options)

    def _started(self, batch: Batch, body: bytes | None) -> _Started | None:
        """Send a batch, unless an earlier run sent it; return None if no row of it can be sent."""
        if body is None:
            return None
        now, job_id = self.client.outside.monotonic, self.journal.job_of(batch.number)
        if job_id is not None:
            return _Started(Job("processing", len(batch.rows), job_id), now(), 0.0)
        key = self.journal.key(batch.number)
        try:
            job, wait_s = start_import(self.client, self.journal.identity.target.object_type, body, key)
        except RefusedError as error:
            raise self._advice(error, batch) from None
        if job.job_id:
            self.journal.pending.append(Pending(batch.number, job.job_id))
            self.save(self.journal)
        return _Started(job, now(), wait_s)

    def _ended(self, batch: Batch, started: _Started | None) -> _Ended:
        """Wait until the server has done a batch, so that the next one may be sent."""
        if started is None:
            return _Ended(batch, None)
        job = self._finished(batch, started)
        self.journal.note_end(batch.number)
        if self.options.get("dry_run") and job.dry_run is False:
            raise StuckError("the server has not taken this for a dry run: rows may have been written; stopped at once")
        if job.status == "failed":
            raise self._failure(batch, job)
        return _Ended(batch, job)

    def _finished(self, batch: Batch, started: _Started) -> Job:
        job = started.job
        try:
            if job.status == "processing" and job.job_id:
                told = follow(self.client, job.job_id, self.watch)
                if told is not None and told.status != "processing":
                    return told
            return finish_import(self.client, job, started.since, started.wait_s, self.watch)
        except RefusedError as error:
            raise self._advice(error, batch) from None

    def _outcome(self, ended: _Ended, meanwhile: Batch | None = None) -> BatchResults:
        """Return the results of a batch that has ended.

        Args:
            ended: The batch.
            meanwhile: The batch that the server works on.
        """
        batch, job = ended.batch, ended.job
        if job is None:
            return BatchResults(batch, _merged(batch, []), None)
        job = self._with_results(batch, job)
        rows_sent = sum(row.wire is not None for row in batch.rows)
        if job.results is None or len(job.results) != rows_sent:
            found = "none" if job.results is None else len(job.results)
            sent = f"{_range(meanwhile)} are sent, too; " if meanwhile else ""
            raise StuckError(
                f"expected {rows_sent} outcomes for {_range(batch)}, the server gave {found}; {sent}{_AGAIN}"
            )
        return BatchResults(batch, _merged(batch, job.results), job.job_id)

    def _with_results(self, batch: Batch, job: Job) -> Job:
        if job.results is not None or not job.job_id:
            return job
        try:
            # Events have no results, so read the job once more.
            return poll_to_end(self.client, job.job_id, self.watch)
        except RefusedError as error:
            raise self._advice(error, batch) from None

    def _failure(self, batch: Batch, job: Job) -> StuckError:
        problem = job.error or Problem()
        if problem.code == "cancelled":
            return StuckError(
                f"{_range(batch)} were cancelled (job {job.job_id}) after {job.processed or 0:,} of {job.total:,}; "
                f"`prismd imports retry {job.job_id} --not-attempted` runs the others, or {_AGAIN}"
            )
        return StuckError(
            f"the server gave up on {_range(batch)} (job {job.job_id}): "
            f"{problem.message or problem.code or 'it says no reason'}; some of these rows may be in. "
            f"When the cause is gone, {_AGAIN}"
        )

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
