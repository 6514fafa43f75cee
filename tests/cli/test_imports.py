"""`prismd imports` against a real server with real workers."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from tests.cli.test_import_against_server import Environment, count, team
from tests.processes import PATIENCE_S, RunningServer, ended, eventually, ignoring, start_prismd

__all__ = ["team"]

Prismd = Callable[..., tuple[int, str, str]]


BUSY = """
WITH job AS (
    INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, created_at,
                            updated_at, expires_at)
    SELECT team.id, gen_random_uuid(), 'deal', false, 'running', '{}', 1, 1, now(), now(), now() + interval '1 day'
    FROM team, generate_series(1, 10)
    WHERE team.public_id = %(team)s
    RETURNING team_id, id
)
INSERT INTO import_queue (team_id, job_id, running, not_before, created_at, moved_at)
SELECT team_id, id, true, now() + interval '1 hour', now(), now() FROM job
"""


@pytest.fixture
def prismd(team: Environment, tmp_path: Path) -> Prismd:
    def run(*arguments: str) -> tuple[int, str, str]:
        return ended(start_prismd(["imports", *arguments], team, tmp_path))

    return run


def start(team: Environment, rows: list[Any]) -> str:
    url = f"{team['MICRO_BASE_URL']}/v2/prism/{team['MICRO_TEAM_ID']}/contact/import"
    answer = httpx.post(url, headers={"x-api-key": team["MICRO_API_KEY"]}, json={"objects": rows}, timeout=PATIENCE_S)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def named(number: int) -> dict[str, Any]:
    return {"default": {"full_name": f"Person {number}"}}


def test_a_job_is_watched_shown_listed_and_its_failed_rows_run_again(
    prismd: Prismd, team: Environment, tmp_path: Path
) -> None:
    job = start(team, [*map(named, range(150)), {"default": {"no_such": 1}}, {"default": {"no_such": 2}}])
    code, out, errors = prismd("watch", job)
    assert (code, out.splitlines()[:2]) == (1, [f"{job}  complete", "  152 of 152 rows done, 2 failed"]), errors
    code, out, _ = prismd("show", job, "--json")
    shown = json.loads(out)
    assert (code, shown["created"], shown["failed"], "results" in shown) == (0, 150, 2, False)
    code, out, _ = prismd("list", "--state", "complete")
    assert code == 0
    assert [line.split()[:3] for line in out.splitlines()] == [[job, "complete", "contact"]]
    assert json.loads(prismd("list", "--type", "deal", "--json")[1]) == []

    code, _, errors = prismd("cancel", job)
    assert (code, "import_ended" in errors) == (2, True)
    corrected = tmp_path / "corrected.ndjson"
    corrected.write_text(json.dumps({"input_index": 151, **named(151)}) + "\n\n")
    code, out, errors = prismd("retry", job, "--rows", str(corrected), "--json")
    retried = json.loads(out)
    assert (code, retried["created"], retried["failed"], retried["parent_job_id"]) == (0, 1, 1, job), errors
    assert count(team, "contact") == 151


def test_a_job_that_waits_is_cancelled_and_its_rows_run_after_all(
    prismd: Prismd, team: Environment, server: RunningServer
) -> None:
    with connect(server.database_url, Settings()) as connection:
        # The team has as many jobs that take turns as it may have, so its next one waits.
        connection.execute(BUSY, {"team": team["MICRO_TEAM_ID"]})
        connection.commit()
        job = start(team, [named(number) for number in range(150)])
    code, out, errors = prismd("cancel", job)
    assert code == 0, errors
    assert out.splitlines()[0] == f"{job}  cancelled"
    code, out, _ = prismd("watch", job, "--json")
    assert (code, json.loads(out)["not_attempted"]) == (2, 150)
    code, _, errors = prismd("retry", job)
    assert (code, "nothing_to_retry" in errors) == (2, True)
    with connect(server.database_url, Settings()) as connection:
        connection.execute(
            "WITH gone AS (DELETE FROM import_queue WHERE not_before > now() + interval '10 minutes' RETURNING job_id) "
            "DELETE FROM import_job WHERE id IN (SELECT job_id FROM gone)"
        )
    code, out, _ = prismd("retry", job, "--not-attempted", "--json")
    child = json.loads(out)["job_id"]
    assert prismd("watch", child)[0] == 0
    assert count(team, "contact") == 150


def test_ctrl_c_in_an_import_without_a_terminal_leaves_the_job_to_the_server(
    prismd: Prismd, team: Environment, server: RunningServer, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("full_name\n" + "".join(f"Person {n}\n" for n in range(150)))
    with connect(server.database_url, Settings()) as blocker:
        blocker.execute("LOCK TABLE record IN SHARE MODE")
        process = start_prismd(["import", str(path), "--type", "contact"], team, tmp_path)
        state = tmp_path / "state" / "prismd" / "imports"
        eventually(lambda: any(b'"job_id"' in each.read_bytes() for each in state.glob("*.json")))
        process.send_signal(signal.SIGINT)
        code, _, errors = ended(process)
        assert code == 130
        assert "`prismd imports cancel " in errors
        blocker.rollback()
    job = errors.split("`prismd imports cancel ")[1].split("`")[0]
    assert prismd("watch", job)[0] == 0
    code, out, errors = ended(start_prismd(["import", str(path), "--type", "contact", "--json"], team, tmp_path))
    assert (code, json.loads(out)["resumed"]) == (0, True), errors
    assert count(team, "contact") == 150


def test_an_import_under_nohup_and_in_the_background_goes_on(
    team: Environment, server: RunningServer, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("full_name\n" + "".join(f"Person {n}\n" for n in range(150)))
    arguments = ["import", str(path), "--type", "contact", "--json"]
    with connect(server.database_url, Settings()) as blocker:
        blocker.execute("LOCK TABLE record IN SHARE MODE")
        process = start_prismd(arguments, team, tmp_path, prefix=ignoring(signal.SIGHUP, signal.SIGINT))
        state = tmp_path / "state" / "prismd" / "imports"
        eventually(lambda: any(b'"job_id"' in each.read_bytes() for each in state.glob("*.json")))
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        blocker.rollback()
    code, out, errors = ended(process)
    assert (code, json.loads(out)["created"]) == (0, 150), errors
    assert count(team, "contact") == 150


@pytest.mark.parametrize("command", ["show", "cancel", "retry", "watch"])
def test_a_job_that_is_not_there_is_one_line(prismd: Prismd, command: str) -> None:
    code, out, errors = prismd(command, "01920000-0000-7000-8000-000000000000")
    assert (code, out) == (2, "")
    assert errors.startswith(f"prismd imports {command}: the server refuses (404 not_found): ")
    assert errors.count("\n") == 1


def test_without_a_key_nothing_is_asked(tmp_path: Path) -> None:
    code, _, errors = ended(start_prismd(["imports", "list"], {}, tmp_path))
    assert (code, errors) == (2, "prismd imports list: MICRO_API_KEY is not set; it must hold the API key\n")


def test_an_import_is_undone_and_an_edit_since_stays(prismd: Prismd, team: Environment) -> None:
    job = start(team, [named(number) for number in range(120)])
    assert prismd("watch", job)[0] == 0
    url = f"{team['MICRO_BASE_URL']}/v2/prism/{team['MICRO_TEAM_ID']}"
    headers = {"x-api-key": team["MICRO_API_KEY"]}
    results = httpx.get(f"{url}/imports/{job}/results", headers=headers, timeout=PATIENCE_S).json()["data"]
    edited = results[3]["id"]
    body = {"default": {"city": "Bergen"}}
    assert httpx.patch(f"{url}/contact/{edited}", headers=headers, json=body, timeout=PATIENCE_S).status_code == 200

    code, out, errors = prismd("undo", job, "--dry-run")
    assert (code, "a preview that changes nothing" in out, count(team, "contact")) == (1, True, 120), errors
    code, out, errors = prismd("undo", job)
    assert (code, count(team, "contact")) == (1, 1), errors
    lines = out.splitlines()
    assert "120 of 120 records: 119 reverted," in lines[1]
    assert any(line.startswith(f"  contact {edited}: city stays, changed by key ") for line in lines), out
    # Everything else comes back, and nothing is kept.
    undo = lines[0].split()[0]
    code, out, errors = prismd("undo", undo, "--json")
    assert (code, json.loads(out)["undo"]["reverted"], count(team, "contact")) == (0, 119, 120), errors
    code, _, errors = prismd("undo", "01920000-0000-7000-8000-000000000000")
    assert (code, "not_found" in errors) == (2, True)
