"""Turns: jobs share them, failures end on the job, a lost race writes nothing, two imports never double."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from prismd.core.imports.job import State
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.overlapped_connection import OverlappedConnection
from prismd.services.imports.stepping import LostRaceError, claim_job, run_chunk, step_next
from prismd.services.records.reading import count_records
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.connections.postgres import Pool, connect, connect_as
from prismd.store.connections.transactions import of_all_teams
from prismd.store.imports import chunks
from tests.conftest import Clock, sole
from tests.core.imports.model import ModelImport
from tests.services.importing import Importer, people, told


def test_jobs_take_turns_chunk_by_chunk(importer: Importer) -> None:
    one = importer.submit(people(6), chunk=2)
    other = importer.submit(people(4), chunk=2)
    order = []
    while (step := importer.step()) is not None:
        order.append(step.job.id)
    assert order == [one, other, one, other, one]


def test_counters_move_with_every_chunk(importer: Importer) -> None:
    job_id = importer.submit(people(5), chunk=2)
    seen = [(importer.job(job_id).state, importer.job(job_id).processed)]
    while importer.step():
        seen.append((importer.job(job_id).state, importer.job(job_id).processed))
    assert seen == [(State.QUEUED, 0), (State.RUNNING, 2), (State.RUNNING, 4), (State.COMPLETE, 5)]


def test_work_done_meanwhile_changes_nothing(
    importer: Importer, make_team: Callable[[], int], database_url: str
) -> None:
    rows = [*people(40), *people(20), {"nope": 1}, {"seniority": "martian"}, *people(20, 30)]
    twin = Importer(importer.connection, importer.runtime, make_team())
    plain = importer.as_job(rows, chunk=7, dedupe_by="email", create_missing_options=True)
    job_id = twin.submit(rows, chunk=7, dedupe_by="email", create_missing_options=True)
    pipeline, runtime = ImportPipeline(), importer.runtime
    with connect_as(OverlappedConnection, database_url, Settings(), autocommit=True) as connection:
        connection.work = pipeline.work
        while twin.job(job_id).status == "processing":
            step_next(sole(runtime, connection), pipeline=pipeline)
    assert told(twin.verdicts(job_id)) == told(plain[1])


@pytest.fixture
def refuse_records(database_url: str) -> Iterator[Callable[[str], None]]:
    """Let the database refuse to write the records for which a condition holds, and end that after the test."""
    with connect(database_url, Settings(), autocommit=True) as admin:

        def refuse(condition: str) -> None:
            admin.execute(f"ALTER TABLE record ADD CONSTRAINT unwritable CHECK (NOT ({condition})) NOT VALID")

        yield refuse
        admin.execute("ALTER TABLE record DROP CONSTRAINT IF EXISTS unwritable")


def test_a_chunk_that_fails_is_tried_again_later_and_then_fails_its_job(
    importer: Importer, clock: Clock, refuse_records: Callable[[str], None]
) -> None:
    settings = importer.runtime.settings
    settings = replace(settings, row_faults_max=1)
    importer.runtime = replace(importer.runtime, settings=settings)
    job_id = importer.submit(people(4), chunk=2)
    assert importer.step()
    refuse_records(f"team_id = {importer.team_id}")
    waits = [0.0]
    while importer.job(job_id).status == "processing":
        step = importer.step()
        if step is None:
            clock.advance(seconds=settings.step_backoff_s)
            waits[-1] += settings.step_backoff_s
        else:
            assert step.failed
            waits.append(0.0)
    assert waits[1:-1] == [settings.step_backoff_s * 2**number for number in range(settings.step_attempts_max - 1)]
    job = importer.job(job_id)
    assert (job.state, job.error_code, job.attempts) == (State.FAILED, "internal_error", settings.step_attempts_max)
    assert "rows done so far stay done" in str(job.error_message)
    assert (job.created, job.processed, job.total) == (2, 2, 4)
    assert count_records(importer.transaction, "contact") == 2
    assert len(importer.verdicts(job_id)) == 2


DISK_FULL = """
CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER disk_full BEFORE INSERT ON record EXECUTE FUNCTION disk_full();
"""


def test_a_full_disk_is_waited_for_however_long_it_lasts(importer: Importer, clock: Clock, database_url: str) -> None:
    settings = importer.runtime.settings
    job_id = importer.submit(people(4), chunk=2)
    assert importer.step()
    with connect(database_url, Settings(), autocommit=True) as admin:
        admin.execute(DISK_FULL)
        try:
            for _ in range(settings.step_attempts_max * 3):
                step = importer.step()
                assert step
                assert step.failed
                assert importer.step() is None
                clock.advance(seconds=settings.step_backoff_s)
        finally:
            admin.execute("DROP FUNCTION disk_full CASCADE")
    assert (importer.job(job_id).state, importer.job(job_id).processed) == (State.RUNNING, 2)
    assert importer.step()
    assert (importer.job(job_id).state, importer.job(job_id).created) == (State.COMPLETE, 4)


POISON = "properties ->> 'city' = 'poison'"


@pytest.mark.parametrize("poisoned", [[0], [3], [6], [0, 1, 5], list(range(7))])
@pytest.mark.parametrize("on_match", ["skip", "update"])
def test_a_row_that_cannot_be_written_fails_alone(
    importer: Importer, clock: Clock, refuse_records: Callable[[str], None], poisoned: list[int], on_match: str
) -> None:
    refuse_records(POISON)
    rows = [{"email": f"person{number // 2}@x.org", "title": f"row {number}"} for number in range(7)]
    model = ModelImport("email", fold_case=True, on_match=on_match, require_key=False)
    said = model.run([None if number in poisoned else row for number, row in enumerate(rows)])
    for number in poisoned:
        # A skipped match writes nothing, so nothing about it can fail.
        rows[number]["city"] = "poison"
    job_id = importer.submit(rows, dedupe_by="email", on_match=on_match)
    while importer.job(job_id).status == "processing":
        importer.step()
        clock.advance(seconds=60)
    verdicts = importer.verdicts(job_id)
    assert importer.job(job_id).state is State.COMPLETE
    if on_match == "update":
        assert [v.get("error", {}).get("code") == "internal_error" for v in verdicts] == [
            one["outcome"] == "failed" for one in said
        ]
    assert all(v.get("error", {}).get("code") in (None, "internal_error") for v in verdicts)
    kept = [record for v in verdicts if v["created"] for record in [importer.record(v["id"])]]
    assert all(record.get("city") != "poison" for record in kept)


@pytest.mark.parametrize("rows_per_chunk", [2, 100])
def test_a_row_that_cannot_be_written_fails_alone_in_a_synchronous_import_too(
    importer: Importer, refuse_records: Callable[[str], None], rows_per_chunk: int
) -> None:
    refuse_records(POISON)
    settings = replace(importer.runtime.settings, rows_per_chunk=rows_per_chunk)
    importer.runtime = replace(importer.runtime, settings=settings)
    rows = people(5)
    rows[3]["city"] = "poison"
    verdicts = importer.at_once([*rows, {"email": rows[3]["email"]}], dedupe_by="email")
    assert [v.get("error", {}).get("code") for v in verdicts] == [None, None, None, "internal_error", None, None]
    assert count_records(importer.transaction, "contact") == 5


def test_a_job_that_waits_lets_others_go_first(
    importer: Importer, make_team: Callable[[], int], refuse_records: Callable[[str], None]
) -> None:
    importer.submit(people(2))
    other = Importer(importer.connection, importer.runtime, make_team())
    refuse_records(f"team_id = {importer.team_id}")
    assert importer.step()
    job_id = other.submit(people(2))
    other.step()
    assert other.job(job_id).state is State.COMPLETE


def test_a_worker_that_lost_the_race_writes_nothing(importer: Importer) -> None:
    job_id = importer.submit(people(4), chunk=2)
    stale = importer.job(job_id)
    chunk = chunks.read_chunk(importer.connection, stale, 0)
    assert importer.step()
    with pytest.raises(LostRaceError), importer.connection.transaction():
        run_chunk(JobTransaction.of(importer.transaction, stale), chunk)
    assert count_records(importer.transaction, "contact") == 2
    assert importer.job(job_id).processed == 2


def test_a_worker_that_dies_leaves_its_turn_to_the_next_at_once(importer: Importer, database_url: str) -> None:
    job_id = importer.submit(people(4), chunk=4)
    with connect(database_url, Settings()) as dying:
        assert claim_job(dying, importer.runtime.now(), importer.runtime.settings)
        assert importer.step() is None
        with connect(database_url, Settings(), autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (dying.info.backend_pid,))
        assert importer.step()
        with pytest.raises(psycopg.OperationalError):
            dying.execute("SELECT 1")
    assert importer.job(job_id).state is State.COMPLETE


@pytest.mark.parametrize("slug", ["email", "full_name"])
def test_imports_at_the_same_time_never_make_one_key_twice(
    pool: Pool, runtime: Runtime, make_team: Callable[[], int], slug: str
) -> None:
    team_id, count, workers = make_team(), 300, 4
    rows = [{"email": f"p{number}@x.org", "full_name": f"Person {number}"} for number in range(count)]
    start = threading.Barrier(workers)
    verdicts: list[list[Any]] = []

    def work(shift: int) -> None:
        # Each in an order of its own, in several small chunks, with overlapping keys in several transactions.
        mine = rows[shift * 40 :] + rows[: shift * 40]
        settings = replace(runtime.settings, sync_rows_max=0, rows_per_chunk=20)
        with connect(str(pool.conninfo), Settings(), autocommit=True) as connection:
            importer = Importer(connection, replace(runtime, settings=settings), team_id)
            job_id = importer.submit(mine, chunk=20, dedupe_by=slug)
            start.wait()
            while importer.job(job_id).status == "processing":
                importer.step()
            verdicts.append(importer.verdicts(job_id))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = sum(verdict["created"] for one in verdicts for verdict in one)
    existing = sum(verdict["existing"] for one in verdicts for verdict in one)
    assert (created, existing) == (count, count * (workers - 1))
    with of_all_teams(pool) as connection:
        assert count_records(Transaction(Session(runtime, team_id), connection), "contact") == count
