"""`prismd import` while the server is at work: progress from events, and Ctrl-C."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from prismd.cli.importing import import_run, interruption
from prismd.cli.importing.command import import_command
from tests.cli.scripted import Time
from tests.scripted_prism import KEY, TEAM, Fault, ScriptedPrism

Import = Callable[..., Result]


@pytest.fixture
def run(prism: ScriptedPrism, time: Time, tmp_path: Path) -> Import:
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 150)
    variables = {
        "MICRO_BASE_URL": prism.url,
        "MICRO_API_KEY": KEY,
        "MICRO_TEAM_ID": TEAM,
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }

    def run_import(*options: str, **more: Any) -> Result:
        arguments = [str(path), "--type", "contact", *options]
        return CliRunner().invoke(
            import_command, arguments, env=variables, obj=time.outside(), catch_exceptions=False, **more
        )

    return run_import


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows were shown as done, each time."""
    found: list[int] = []
    monkeypatch.setattr(import_run.Run, "_import", _noting(import_run.Run._import, found))
    return found


def _noting(real: Any, found: list[int]) -> Any:
    def wrapped(self: Any, *arguments: Any) -> None:
        show = self.meter.show

        def noted(done: int, note: str = "") -> None:
            found.append(done)
            show(done, note)

        self.meter.show = noted
        real(self, *arguments)

    return wrapped


def event(number: int, done: int) -> bytes:
    job = {"job_id": "job/1", "status": "processing", "total": 150, "processed": done}
    return f"id: {number}\nevent: progress\ndata: {json.dumps(job)}\n\n".encode()


def end() -> bytes:
    job = {"job_id": "job/1", "status": "complete", "total": 150, "processed": 150}
    return f"id: end\nevent: end\ndata: {json.dumps(job)}\n\n".encode()


def asked(prism: ScriptedPrism, ending: str) -> list[dict[str, str]]:
    return [headers for method, path, headers, _ in prism.requests if method == "GET" and path.endswith(ending)]


def test_events_move_the_progress_and_the_job_is_asked_for_once(
    run: Import, prism: ScriptedPrism, time: Time, shown: list[int]
) -> None:
    prism.polls_per_job = 1
    prism.streams.append(b"retry: 10\n\n: hello\n\n" + event(0, 0) + event(1, 50) + event(2, 100) + end())
    result = run("--json")
    assert json.loads(result.stdout)["created"] == 150
    assert shown == [0, 0, 50, 100, 150, 0, 150]
    assert (len(asked(prism, "/events")), len(asked(prism, "/job%2F1")), time.slept) == (1, 1, [])


def test_a_broken_stream_is_taken_up_where_it_broke(
    run: Import, prism: ScriptedPrism, shown: list[int], time: Time
) -> None:
    prism.polls_per_job = 1
    prism.streams.extend([event(0, 0) + event(1, 50), Fault(drop="before"), event(2, 100) + end()])
    assert run().exit_code == 0
    assert shown[1:5] == [0, 50, 100, 150]
    assert [headers.get("last-event-id") for headers in asked(prism, "/events")] == [None, "1", "1"]
    assert time.slept == [1, 1]


@pytest.mark.parametrize(
    ("stream", "asked_times"),
    [
        (None, 1),
        (Fault(status=404, code="not_found"), 1),
        (Fault(status=405), 1),
        (Fault(status=429, code="too_many_event_streams"), 2),
        (b"id: 1\nevent: progress\ndata: no JSON\n\n", 2),
    ],
)
def test_servers_without_events_are_polled(
    run: Import, prism: ScriptedPrism, stream: bytes | Fault | None, asked_times: int
) -> None:
    prism.streams.extend([] if stream is None else [stream])
    prism.answers_at_once_below = 50
    assert run("--batch-rows", "75").exit_code == 0
    assert len(prism.jobs) == 2
    assert len(asked(prism, "/events")) == asked_times, "a server without events is asked once, not for each job"
    assert len(prism.records) == 150


def test_a_server_whose_streams_always_break_is_polled(run: Import, prism: ScriptedPrism) -> None:
    prism.streams.extend([b""] * 3)
    assert run().exit_code == 0
    assert len(asked(prism, "/events")) == 3


@pytest.fixture
def interrupted(time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at a terminal presses Ctrl-C while the job runs."""

    def interrupt() -> None:
        time.on_sleep = lambda: None
        raise KeyboardInterrupt

    time.on_sleep = interrupt
    monkeypatch.setattr(interruption, "on_terminal", lambda: True)


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_asks_and_cancels(run: Import, prism: ScriptedPrism) -> None:
    result = run(input="y\n")
    assert result.exit_code == 130
    assert "Cancel the job on the server? [y/N]" in result.stderr
    assert prism.cancelled == ["job/1"]
    assert "job job/1 is cancelled, 50 of its 150 rows are done" in result.stderr
    again = run()
    assert again.exit_code == 2
    assert "`prismd imports retry job/1 --not-attempted` runs the others" in again.stderr
    assert len(prism.imports) == 1, "nothing is sent again"


@pytest.mark.usefixtures("interrupted")
@pytest.mark.parametrize("answer", ["\n", "n\n"])
def test_ctrl_c_leaves_the_job_unless_told_otherwise(run: Import, prism: ScriptedPrism, answer: str) -> None:
    result = run(input=answer)
    assert result.exit_code == 130
    assert prism.cancelled == []
    assert "the same command again goes on with it" in result.stderr
    assert run().exit_code == 0
    assert len(prism.records) == 150


@pytest.mark.usefixtures("interrupted")
def test_a_second_ctrl_c_ends_at_once(run: Import, prism: ScriptedPrism, monkeypatch: pytest.MonkeyPatch) -> None:
    def abort(*_: object, **__: object) -> bool:
        raise click.Abort

    monkeypatch.setattr(click, "confirm", abort)
    result = run()
    assert result.exit_code == 130
    assert prism.cancelled == []
    assert "the same command again goes on" in result.stderr


@pytest.mark.usefixtures("interrupted")
def test_a_job_that_has_ended_meanwhile_is_taken_up_again(run: Import, prism: ScriptedPrism) -> None:
    prism.faults.extend([Fault(), Fault(status=409, code="import_ended", headers={"x-should-retry": "false"})])
    result = run(input="y\n")
    assert result.exit_code == 130
    assert "could not be cancelled" in result.stderr
    assert "the same command again goes on with it" in result.stderr
    assert run().exit_code == 0
    assert len(prism.records) == 150
