"""The worker as a process: it works, it stops, it outlives the database, it ends with its server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from prismd.core.imports.job import Job, State
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.embedded.server import EmbeddedPostgres
from prismd.services.imports.jobs import get_job, submit
from prismd.services.runtime import Runtime, system_clock, system_ids
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.connections.postgres import open_pool
from prismd.store.connections.transactions import of_all_teams
from prismd.store.migrate import migrate
from prismd.store.teams import insert_team
from tests.processes import ended, eventually, processes_about, start_prismd

Worker = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    def start(url: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return start_prismd(["worker", *arguments], {"PRISMD_DATABASE_URL": url, **environment}, tmp_path)

    return start


@pytest.fixture
def submitted(url: str) -> Iterator[Callable[[int], Callable[[], Job]]]:
    """Accept an import of so many rows; what comes back looks how the job stands."""
    with open_pool(url, Settings()) as pool:
        runtime = Runtime(pool, Settings(), system_clock, system_ids())

        def submit_rows(count: int) -> Callable[[], Job]:
            rows = [{"default": {"email": f"person{number}@example.org"}} for number in range(count)]
            body = json.dumps({"objects": rows, "options": {"dedupe_by": "email"}}).encode()
            request = parse_request("contact", body, RequestLimits(rows_max=count))
            with of_all_teams(pool) as connection:
                team_id = insert_team(connection, runtime.new_id(), runtime.now())
                job_id = submit(Transaction(Session(runtime, team_id), connection), request).job.id

            def look() -> Job:
                with of_all_teams(pool) as connection:
                    return get_job(Transaction(Session(runtime, team_id), connection), job_id)

            return look

        yield submit_rows


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement.encode()).fetchall()


SESSIONS = """
    SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prismd worker'
"""
IDLE = f"{SESSIONS} AND state = 'idle' AND query NOT LIKE 'LISTEN%'"
CUT_OFF = f"SELECT pg_terminate_backend(pid) FROM ({SESSIONS}) AS session"


def test_a_job_is_carried_out_whether_it_comes_before_the_worker_or_after(
    url: str, worker: Worker, submitted: Callable[[int], Callable[[], Job]]
) -> None:
    before = submitted(200)
    worker(url, PRISMD_WORKER_POLL_S="1000")
    eventually(lambda: before().state is State.COMPLETE)
    # The worker waits for ever, as far as this test is concerned: only the notification wakes it.
    eventually(lambda: query(url, IDLE))
    after = submitted(300)
    eventually(lambda: after().state is State.COMPLETE)
    assert (before().created, after().created) == (200, 300)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_stops_at_once_when_told(url: str, worker: Worker, number: signal.Signals) -> None:
    process = worker(url, PRISMD_WORKER_POLL_S="1000")
    eventually(lambda: query(url, IDLE))
    process.send_signal(number)
    assert ended(process) == (0, "", "")


def test_a_worker_told_to_stop_ends_after_its_chunk_and_the_next_one_goes_on_from_there(
    url: str, worker: Worker, submitted: Callable[[int], Callable[[], Job]]
) -> None:
    job = submitted(20_000)
    first = worker(url)
    eventually(lambda: job().created > 0)
    first.terminate()
    assert ended(first) == (0, "", "")
    assert job().created % 5_000 == 0
    worker(url)
    eventually(lambda: job().state is State.COMPLETE)
    assert job().created == 20_000


def test_a_worker_killed_inside_a_chunk_leaves_nothing_half_done(
    url: str, worker: Worker, submitted: Callable[[int], Callable[[], Job]]
) -> None:
    job = submitted(20_000)
    for _ in range(3):
        process = worker(url)
        eventually(lambda: query(url, f"{SESSIONS} AND xact_start IS NOT NULL") or job().state is State.COMPLETE)
        process.kill()
        ended(process)
    worker(url)
    eventually(lambda: job().state is State.COMPLETE)
    assert job().created == 20_000
    assert query(url, "SELECT count(*) FROM record") == [(20_000,)]


def test_a_worker_that_loses_its_connection_connects_again(
    url: str, worker: Worker, submitted: Callable[[int], Callable[[], Job]]
) -> None:
    process = worker(url)
    eventually(lambda: query(url, IDLE))
    query(url, CUT_OFF)
    job = submitted(200)
    eventually(lambda: job().state is State.COMPLETE)
    process.terminate()
    code, _, errors = ended(process)
    assert code == 0
    assert 'event="database lost"' in errors
    assert "Traceback" not in errors


def test_the_worker_of_a_server_waits_for_a_database_that_is_away_when_it_starts(
    worker: Worker, tmp_path: Path
) -> None:
    embedded = EmbeddedPostgres(tmp_path / "data")
    try:
        url = embedded.start()
        embedded.stop()
        process = worker(url, "--parent-pid", str(os.getpid()))
        assert process.stderr is not None
        assert 'event="database lost"' in process.stderr.readline()
        migrate(embedded.start(), Settings())
        eventually(lambda: query(url, IDLE))
        assert process.poll() is None
    finally:
        embedded.stop()


def test_a_worker_that_stands_still_inside_a_chunk_is_cut_off_and_another_does_its_work(
    url: str, worker: Worker, submitted: Callable[[int], Callable[[], Job]]
) -> None:
    job = submitted(200)
    with psycopg.connect(url) as blocker:
        blocker.execute("LOCK TABLE import_chunk")
        stalled = worker(url, PRISMD_STEP_TIMEOUT_S="1")
        eventually(lambda: query(url, f"{SESSIONS} AND wait_event_type = 'Lock'"))
        stalled.send_signal(signal.SIGSTOP)
    worker(url)
    eventually(lambda: job().state is State.COMPLETE)
    stalled.send_signal(signal.SIGCONT)
    stalled.terminate()
    assert ended(stalled)[0] == 0
    assert job().created == 200


def test_a_worker_ends_when_its_server_is_gone(url: str, tmp_path: Path) -> None:
    # The shell starts a worker that believes in it, says which, and is then killed.
    script = f'"{sys.executable}" -P -m prismd.cli.main worker --parent-pid $$ & echo $!; wait'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PRISMD_DATABASE_URL": url}
    shell = subprocess.Popen(["sh", "-c", script], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
    with shell:
        assert shell.stdout is not None
        pid = int(shell.stdout.readline())
        eventually(lambda: query(url, IDLE))
        shell.kill()
    eventually(lambda: "prismd" not in processes_about("prismd.cli.main").get(pid, ""))
    eventually(lambda: not query(url, SESSIONS))


def test_a_worker_needs_a_database_and_its_schema(worker: Worker, make_database: Callable[[], str]) -> None:
    code, _, errors = ended(worker(""))
    assert code == 1
    assert errors.startswith("prismd: `prismd worker` needs PRISMD_DATABASE_URL")
    code, _, errors = ended(worker(make_database()))
    assert code == 1
    assert errors.startswith("prismd: the database is empty, this prismd needs 0")


#: Claims that have expired, of a team whose purge fails, and of one behind it.
EXPIRED: Final = """
INSERT INTO team (public_id, created_at) VALUES ('broken', now()), ('well', now());
INSERT INTO idempotency_claim (team_id, key, fingerprint, status, headers, body, created_at)
SELECT id, 'old', '', 200, '{{}}', '', '2000-01-01' FROM team;
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {fault};
    RETURN OLD;
END $$;
CREATE TRIGGER fail BEFORE DELETE ON idempotency_claim FOR EACH ROW
WHEN (OLD.team_id = 1) EXECUTE FUNCTION fail();
"""


@pytest.mark.parametrize(
    "fault",
    [
        "RAISE EXCEPTION 'a purge fails'",
        "RAISE EXCEPTION 'the server is gone' USING ERRCODE = '57P01'",
        "PERFORM pg_terminate_backend(pg_backend_pid())",
        "PERFORM pg_sleep(1000)",
    ],
)
def test_a_purge_that_fails_stops_no_import_and_no_other_purge(
    url: str, worker: Worker, submitted: Callable[[int], Callable[[], Job]], fault: str
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EXPIRED.format(fault=fault).encode())
    process = worker(url, PRISMD_RETENTION_INTERVAL_S="0.01", PRISMD_STEP_TIMEOUT_S="1")
    job = submitted(20_000)
    eventually(lambda: job().state is State.COMPLETE)
    eventually(lambda: query(url, "SELECT team_id FROM idempotency_claim") == [(1,)])
    process.terminate()
    code, _, errors = ended(process)
    assert code == 0
    assert 'event="purge failed"' in errors
    assert "database lost" not in errors
    assert "Traceback" not in errors
