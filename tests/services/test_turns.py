"""The queue: an entry for each job that wants a turn and for no other, and what becomes of entries that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from prismd.core.imports.job import Job, State
from prismd.services.imports import stepping
from prismd.services.imports.control import cancel_job
from prismd.services.imports.stepping import run_chunk
from prismd.services.imports.turns import OutOfReachError, return_lost_jobs
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect
from prismd.store.imports import jobs, queue
from tests.conftest import Clock, sole
from tests.services.importing import Importer, people
from tests.services.test_import_costs import counted

GONE = "00000000-0000-7000-8000-000000000000"


def entries(importer: Importer) -> list[Any]:
    """The jobs that have an entry, in order, and whether they run."""
    return importer.connection.execute("SELECT job_id::text, running FROM import_queue ORDER BY turn").fetchall()


def test_a_job_has_an_entry_until_its_end_and_goes_to_the_end_with_each_turn(importer: Importer) -> None:
    one, other = importer.submit(people(3), chunk=2), importer.submit(people(6), chunk=2)
    seen = [entries(importer)]
    while importer.step():
        seen.append(entries(importer))
    assert seen == [
        [(one, False), (other, False)],
        [(other, False), (one, True)],
        [(one, True), (other, True)],
        [(other, True)],
        [(other, True)],
        [],
    ]


def test_an_import_that_is_answered_at_once_never_has_an_entry(importer: Importer) -> None:
    with counted(importer.connection) as cost:
        importer.at_once(people(3))
    assert not any("import_queue" in statement for statement in cost.statements)


def test_a_turn_takes_one_statement_for_the_entry_and_one_for_the_job(importer: Importer) -> None:
    importer.submit(people(4), chunk=2)
    with counted(importer.connection) as first:
        importer.step()
    with counted(importer.connection) as last:
        importer.step()
    assert [statement for statement in first.statements if "import_queue" in statement] == [queue._CLAIM]
    assert [statement for statement in last.statements if "import_queue" in statement] == [queue._CLAIM, queue._LEAVE]
    assert sum(statement == jobs._LOCK for statement in first.statements) == 1


def test_a_job_that_is_cancelled_loses_its_entry(importer: Importer) -> None:
    job_id = importer.submit(people(4), chunk=2)
    with importer.connection.transaction():
        cancel_job(importer.transaction, job_id)
    assert entries(importer) == []


def test_a_job_that_fails_is_put_off_until_it_fails_for_good(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def failing(*_given: Any, **_named: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(stepping, "run_chunk", failing)
    job_id = importer.submit(people(4), chunk=2)
    attempts = importer.runtime.settings.step_attempts_max
    for attempt in range(attempts):
        assert entries(importer) == [(job_id, False)]
        step = importer.step()
        assert step
        assert step.failed
        assert importer.step() is None, "it waits"
        clock.advance(seconds=importer.runtime.settings.step_backoff_s * 2**attempt)
    assert (importer.job(job_id).state, entries(importer)) == (State.FAILED, [])


def test_a_failure_that_is_told_late_changes_nothing_of_what_others_did(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """Between the rollback of a chunk and the note of its failure another worker may do it."""
    job_id = importer.submit(people(6), chunk=2)
    hold_entry = queue.hold_entry
    with connect(database_url, Settings(), autocommit=True) as connection:
        other = Importer(connection, importer.runtime, importer.team_id)

        def holding(own: Connection, job: Job) -> None:
            monkeypatch.setattr(stepping, "run_chunk", run_chunk)
            assert other.step()
            hold_entry(own, job)

        def failing(*_given: Any, **_named: Any) -> Any:
            raise ZeroDivisionError

        monkeypatch.setattr(stepping, "run_chunk", failing)
        monkeypatch.setattr(queue, "hold_entry", holding)
        settings = replace(importer.runtime.settings, step_attempts_max=1)
        importer.runtime = replace(importer.runtime, settings=settings)
        assert importer.step()
    assert (importer.job(job_id).state, importer.job(job_id).processed) == (State.RUNNING, 2)
    assert entries(importer) == [(job_id, True)]
    ended = "SELECT FROM audit_entry WHERE team_id = %s AND action LIKE 'import.%%' AND action <> 'import.started'"
    assert importer.connection.execute(ended, (importer.team_id,)).fetchall() == []
    while importer.step():
        pass
    assert importer.job(job_id).state is State.COMPLETE


def test_entries_of_jobs_that_have_ended_or_are_gone_are_taken_away_on_the_way(importer: Importer) -> None:
    ended, waiting = importer.submit(people(2), chunk=2), importer.submit(people(2), chunk=2)
    importer.step()
    entry = "INSERT INTO import_queue (team_id, job_id, created_at, moved_at, turn) VALUES (%s, %s, now(), now(), 0)"
    importer.connection.execute(entry, (importer.team_id, ended))
    importer.connection.execute(entry, (importer.team_id, GONE))
    step = importer.step()
    assert step
    assert (step.job.id, entries(importer)) == (waiting, [])


def test_a_job_that_lost_its_entry_gets_one(importer: Importer) -> None:
    lost, kept = importer.submit(people(2), chunk=2), importer.submit(people(2), chunk=2)
    importer.connection.execute("DELETE FROM import_queue WHERE job_id = %s", (lost,))
    importer.connection.execute("UPDATE import_queue SET running = true")
    assert return_lost_jobs(sole(importer.runtime, importer.connection), importer.team_id) == 1
    assert entries(importer) == [(kept, True), (lost, False)]
    assert return_lost_jobs(sole(importer.runtime, importer.connection), importer.team_id) == 0
    while importer.step():
        pass
    assert {importer.job(lost).state, importer.job(kept).state} == {State.COMPLETE}


def test_a_job_that_ends_while_lost_ones_are_looked_for_is_none(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = importer.submit(people(2), chunk=2)
    jobs_of_team = queue.jobs_of_team

    def late(connection: Connection, team_id: int) -> set[str]:
        assert importer.step()
        return jobs_of_team(connection, team_id)

    monkeypatch.setattr(queue, "jobs_of_team", late)
    assert return_lost_jobs(sole(importer.runtime, importer.connection), importer.team_id) == 0
    assert (importer.job(job_id).state, entries(importer)) == (State.COMPLETE, [])


def test_a_job_that_cannot_be_reached_waits_and_other_teams_go_on(
    importer: Importer, make_team: Callable[[], int], database_url: str, clock: Clock
) -> None:
    """As where the node with the data of its team is away; here somebody holds the job."""
    away = importer.submit(people(2), chunk=2)
    other = Importer(importer.connection, importer.runtime, make_team())
    near = other.submit(people(2), chunk=2)
    with connect(database_url, Settings()) as holder, connect(database_url, Settings(), autocommit=True) as impatient:
        holder.execute("SELECT FROM import_job WHERE id = %s FOR UPDATE", (away,))
        impatient.execute("SET lock_timeout = '50ms'")
        worker = Importer(impatient, importer.runtime, importer.team_id)
        with pytest.raises(OutOfReachError, match=f"{away} cannot be reached: .*lock timeout"):
            worker.step()
        assert entries(importer) == [(near, False), (away, False)]
        step = worker.step()
        assert step
        assert step.job.id == near
        assert worker.step() is None, "it is put off"
        assert importer.job(away).attempts == 0, "the job is not to blame"
    clock.advance(seconds=importer.runtime.settings.step_backoff_s)
    assert importer.step()
    assert importer.job(away).state is State.COMPLETE


def test_the_queue_tells_when_a_job_moved_last(importer: Importer, clock: Clock) -> None:
    importer.submit(people(4), chunk=2)
    made = clock.now()
    clock.advance(seconds=60)
    assert importer.step()
    [(created_at, moved_at)] = importer.connection.execute("SELECT created_at, moved_at FROM import_queue")
    assert (created_at, moved_at) == (made, made + timedelta(seconds=60))
