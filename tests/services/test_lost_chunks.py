"""Chunks that were begun and never ended: noted, put off, cut smaller, and refused where one row is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prismd.core.imports.job import Job, State
from prismd.core.imports.request import Chunk
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.overlapped_connection import OverlappedConnection
from prismd.services.imports.stepping import Step, step_next
from prismd.settings import Settings
from prismd.store.connections.faults import passes
from prismd.store.connections.postgres import Connection, connect, connect_as
from prismd.store.imports import chunks
from prismd.store.imports.attempts import begin_attempt
from tests.conftest import Clock, sole
from tests.services.importing import Importer, told

ATTEMPTS = Settings().step_attempts_max


@pytest.fixture
def notes(database_url: str) -> Iterator[Connection]:
    with connect(database_url, Settings(), autocommit=True) as opened:
        yield opened


def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"email": f"p{number % 9}@x.org", "title": f"row {number}"} for number in range(count)]


class Turns:
    """Turns of workers that note their attempts, and of some that are lost inside a chunk."""

    def __init__(self, importer: Importer, notes: Connection, clock: Clock) -> None:
        self.importer, self.notes, self.clock = importer, notes, clock

    def take(self, pipeline: ImportPipeline | None = None, connection: Connection | None = None) -> Step | None:
        runtime = sole(self.importer.runtime, connection or self.importer.connection)
        step = step_next(runtime, pipeline=pipeline, notes=self.notes)
        self.clock.advance(seconds=60)
        return step

    def lose(self, job_id: str) -> None:
        """Begin the chunk of a job as a worker does that is lost inside it."""
        begin_attempt(self.notes, self.importer.job(job_id), now=self.clock.now())

    def finish(self, job_id: str) -> Job:
        while self.importer.job(job_id).status == "processing":
            assert self.take()
        return self.importer.job(job_id)


@pytest.fixture
def turns(importer: Importer, notes: Connection, clock: Clock) -> Turns:
    return Turns(importer, notes, clock)


def test_a_lost_chunk_lets_other_jobs_go_first_and_is_done_after_them(importer: Importer, turns: Turns) -> None:
    lost = importer.submit(rows_of(4))
    other = importer.submit(rows_of(4))
    turns.lose(lost)
    found = turns.take()
    assert found
    assert (found.job.id, found.failed, found.job.crashes) == (lost, True, 1)
    done = turns.take()
    assert done
    assert (done.job.id, done.failed) == (other, False)
    assert turns.finish(lost).created + importer.job(lost).existing == 4


def test_a_chunk_that_is_lost_again_is_cut_and_no_verdict_changes(importer: Importer, turns: Turns) -> None:
    rows = rows_of(250)
    twin = Importer(importer.connection, importer.runtime, importer.team_id)
    plain = twin.as_job([{**row, "email": f"twin-{row['email']}"} for row in rows], dedupe_by="email", on_match="fill")
    job_id = importer.submit(rows, chunk=120, dedupe_by="email", on_match="fill")
    for _ in range(2):
        turns.lose(job_id)
        turns.take()
    cut = importer.job(job_id)
    assert (cut.chunks, cut.crashes, cut.processed) == (3 + 59, 0, 0)
    assert turns.finish(job_id).state is State.COMPLETE
    assert told(importer.verdicts(job_id)) == told(plain[1])


def test_a_row_that_is_lost_alone_is_refused_and_the_others_are_done(importer: Importer, turns: Turns) -> None:
    job_id = importer.submit(rows_of(3), chunk=1)
    assert turns.take()
    for _ in range(ATTEMPTS):
        turns.lose(job_id)
        turns.take()
    assert turns.finish(job_id).failed == 1
    assert [row.get("error", {}).get("code") for row in importer.verdicts(job_id)] == [None, "internal_error", None]


def test_fewer_losses_refuse_no_row(importer: Importer, turns: Turns) -> None:
    job_id = importer.submit(rows_of(3), chunk=1)
    for _ in range(ATTEMPTS - 1):
        turns.lose(job_id)
        turns.take()
    assert turns.finish(job_id).failed == 0


def test_a_chunk_that_ends_in_order_is_not_lost(importer: Importer, turns: Turns) -> None:
    job_id = importer.submit(rows_of(30), chunk=5)
    while step := turns.take():
        assert not step.failed
    assert importer.job(job_id).state is State.COMPLETE


def test_a_failure_that_is_noticed_is_not_counted_as_a_loss_too(
    importer: Importer, turns: Turns, database_url: str
) -> None:
    job_id = importer.submit(rows_of(3))
    with connect(database_url, Settings(), autocommit=True) as admin:
        admin.execute("ALTER TABLE record ADD CONSTRAINT unwritable CHECK (object_type <> 'contact') NOT VALID")
        try:
            step = turns.take()
        finally:
            admin.execute("ALTER TABLE record DROP CONSTRAINT unwritable")
    assert step
    assert (step.job.attempts, step.job.crashes) == (1, 0)
    assert turns.finish(job_id).created == 3
    assert importer.job(job_id).crashes == 0


def test_what_was_read_ahead_is_not_taken_for_the_rows_that_have_its_number_since(
    importer: Importer, turns: Turns, database_url: str
) -> None:
    rows = [{"email": f"p{number}@x.org"} for number in range(40)]
    job_id = importer.submit(rows, chunk=10)
    pipeline = ImportPipeline()
    with connect_as(OverlappedConnection, database_url, Settings(), autocommit=True) as connection:
        connection.work = pipeline.work
        # Chunk 0 is done and chunk 1 read ahead; then chunk 1 is cut, so that chunk 2 is a part of it.
        assert turns.take(pipeline, connection)
        for _ in range(2):
            turns.lose(job_id)
            turns.take()
        while importer.job(job_id).status == "processing":
            assert turns.take(pipeline, connection)
    emails = [importer.record(row["id"])["email"] for row in importer.verdicts(job_id)]
    assert emails == [row["email"] for row in rows]


@given(rows=st.integers(1, 300), parts=st.integers(1, 120), number=st.integers(0, 9), retried=st.booleans())
def test_a_cut_chunk_is_the_same_rows_in_the_same_order(rows: int, parts: int, number: int, retried: bool) -> None:  # noqa: FBT001 - drawn
    raws: list[Any] = [str(index).encode() for index in range(rows)]
    whole = Chunk(number, 1_000, raws, list(range(rows)) if retried else [])
    cut = whole.cut(parts)
    assert 1 <= len(cut) <= parts
    assert [row for part in cut for row in part.rows] == raws
    assert [one for part in cut for one in part.origins] == list(whole.origins)
    assert [part.number for part in cut] == list(range(number, number + len(cut)))
    assert all(part.rows and part.rows[0] == str(part.first_row - 1_000).encode() for part in cut)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (psycopg.OperationalError("the server closed the connection"), True),
        (psycopg.errors.DeadlockDetected("deadlock detected"), True),
        (psycopg.errors.DiskFull("no space"), True),
        (psycopg.errors.ReadOnlySqlTransaction("standby"), True),
        (psycopg.errors.QueryCanceled("statement timeout"), False),
        (psycopg.errors.StatementTooComplex("stack depth"), False),
        (psycopg.errors.OutOfMemory("out of memory"), False),
        (psycopg.errors.CheckViolation("refused"), False),
        (MemoryError(), False),
    ],
)
def test_what_takes_too_long_does_not_pass_by_itself(error: Exception, expected: bool) -> None:  # noqa: FBT001 - a table
    assert passes(error) is expected


def test_chunks_behind_a_cut_keep_their_rows(importer: Importer, turns: Turns) -> None:
    job_id = importer.submit(rows_of(9), chunk=3)
    for _ in range(2):
        turns.lose(job_id)
        turns.take()
    job = importer.job(job_id)
    there = [chunks.read_chunk(importer.connection, job, number) for number in range(job.chunks)]
    assert [(chunk.first_row, len(chunk.rows)) for chunk in there] == [(0, 1), (1, 1), (2, 1), (3, 3), (6, 3)]
