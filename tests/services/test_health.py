"""Whether imports are worked at: what is said of missing workers, and of a queue that does not move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from prismd.services.monitoring.health import WorkHealth
from prismd.settings import Settings
from prismd.store.connections.postgres import WORKER, Connection, connect
from prismd.store.monitoring.health import count_workers
from tests.conftest import Clock
from tests.processes import eventually

SETTINGS = Settings(workers_wait_s=10, queue_wait_s=300)


@pytest.fixture
def own(url: str) -> Iterator[Connection]:
    with connect(url, Settings(), autocommit=True) as opened:
        yield opened


@pytest.fixture
def worker(url: str) -> Iterator[Connection]:
    with connect(url, Settings(), application_name=WORKER) as opened:
        yield opened


def make_job(connection: Connection, clock: Clock, number: int, **later: float) -> None:
    connection.execute("INSERT INTO team (public_id, created_at) VALUES ('t', now()) ON CONFLICT DO NOTHING")
    due = clock.now() + timedelta(**later)
    connection.execute(
        """
        INSERT INTO import_queue (team_id, job_id, created_at, moved_at, not_before)
        SELECT id, lpad(%s::text, 32, '0')::uuid, %s, %s, %s FROM team
        """,
        (number, clock.now(), clock.now(), due),
    )


def step(connection: Connection, clock: Clock) -> None:
    """Do what a step does to the job whose turn it is."""
    connection.execute(
        "UPDATE import_queue SET turn = nextval('import_turn'), moved_at = %s "
        "WHERE turn = (SELECT min(turn) FROM import_queue)",
        (clock.now(),),
    )


def test_a_missing_worker_is_told_after_a_while(own: Connection, url: str, clock: Clock) -> None:
    health = WorkHealth(SETTINGS, clock.now())
    assert not health.fault(own, clock.now())
    clock.advance(seconds=11)
    assert health.fault(own, clock.now()) == ("No worker has been connected to the database for 11 s; import jobs wait")
    with connect(url, Settings(), application_name=WORKER):
        assert not health.fault(own, clock.now())
    eventually(lambda: not count_workers(own))
    clock.advance(seconds=9)
    assert not health.fault(own, clock.now()), "it may be starting again"
    clock.advance(seconds=2)
    assert health.fault(own, clock.now())


@pytest.mark.usefixtures("worker")
def test_a_queue_that_does_not_move_is_told(own: Connection, clock: Clock) -> None:
    make_job(own, clock, 1)
    make_job(own, clock, 2)
    clock.advance(seconds=301)
    told = "The import job whose turn it is has not moved for 301 s; others wait for it"
    assert WorkHealth(SETTINGS, clock.now()).fault(own, clock.now()) == told
    step(own, clock)
    step(own, clock)
    assert not WorkHealth(SETTINGS, clock.now()).fault(own, clock.now())


@pytest.mark.usefixtures("worker")
def test_a_job_that_waited_long_for_its_turn_is_no_fault(own: Connection, clock: Clock) -> None:
    for number in range(3):
        make_job(own, clock, number)
    health = WorkHealth(SETTINGS, clock.now())
    for _ in range(3):
        assert not health.fault(own, clock.now())
        clock.advance(seconds=200)
        step(own, clock)
    assert not health.fault(own, clock.now())
    clock.advance(seconds=301)
    assert health.fault(own, clock.now())


@pytest.mark.usefixtures("worker")
def test_jobs_of_a_team_that_has_enough_at_work_are_passed_over(own: Connection, clock: Clock) -> None:
    for number in range(12):
        make_job(own, clock, number)
    own.execute("UPDATE import_queue SET running = true, turn = turn + 100 WHERE turn > 2")
    clock.advance(seconds=301)
    own.execute("UPDATE import_queue SET moved_at = %s WHERE running", (clock.now(),))
    assert not WorkHealth(SETTINGS, clock.now()).fault(own, clock.now())


@pytest.mark.usefixtures("worker")
def test_a_job_that_waits_to_be_tried_again_is_no_fault(own: Connection, clock: Clock) -> None:
    make_job(own, clock, 1, hours=1)
    clock.advance(seconds=301)
    assert not WorkHealth(SETTINGS, clock.now()).fault(own, clock.now())
