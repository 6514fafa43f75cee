"""Requests overlap: what goes wrong between two of them loses no row, doubles none, and is told."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.scripted import Import, Time
from tests.scripted_prism import Fault, ScriptedPrism

_ROWS = 450
_BATCH = ("--batch-rows", "150")


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.csv"
    path.write_text("email,name\n" + "".join(f"{n}@x.org,{'bad' if n % 100 == 0 else 'n'}{n}\n" for n in range(_ROWS)))
    return path


def ends(job: int, **more: Any) -> bytes:
    found = {"job_id": f"job/{job}", "status": "complete", "total": 150, "processed": 150, **more}
    return f"id: end\nevent: end\ndata: {json.dumps(found)}\n\n".encode()


def calls(prism: ScriptedPrism) -> list[str]:
    """The requests about imports, in the order in which they came."""
    names = []
    for method, path, _, _ in prism.requests:
        _, _, rest = path.partition("/imports/job%2F")
        names += ["sent"] if method == "POST" else [f"job {rest}"] if rest else []
    return names


def interrupt_at_next_sleep(time: Time) -> None:
    def interrupt() -> None:
        time.on_sleep = lambda: None
        raise KeyboardInterrupt

    time.on_sleep = interrupt


def outcomes(path: Path) -> list[tuple[str, str]]:
    with path.open(newline="") as file:
        return [(row["row"], row["outcome"]) for row in csv.DictReader(file)]


EXPECTED = [(str(n + 1), "failed" if n % 100 == 0 else "created") for n in range(_ROWS)]


@pytest.mark.parametrize("ahead", ["0", "1", "3"])
def test_results_are_read_while_the_next_request_is_worked_on(
    run: Import, prism: ScriptedPrism, many: Path, tmp_path: Path, ahead: str
) -> None:
    prism.polls_per_job = 1
    prism.streams.extend([ends(1), ends(2), ends(3)])
    result = run(many, *_BATCH, "--read-ahead", ahead, "--results", str(tmp_path / "all.csv"))
    assert result.exit_code == 1, result.output
    assert calls(prism) == [
        "sent", "job 1/events", "sent", "job 1", "job 2/events", "sent", "job 2", "job 3/events", "job 3",
    ]  # fmt: skip
    assert outcomes(tmp_path / "all.csv") == EXPECTED


def cancelled(prism: ScriptedPrism) -> None:
    error = {"code": "cancelled", "message": "It was cancelled."}
    prism.streams.extend([ends(1), ends(2, status="failed", processed=7, error=error)])


def refused(prism: ScriptedPrism) -> None:
    prism.streams.extend([ends(1)])
    prism.faults.extend([Fault(), Fault(status=413, code="payload_too_large")])


def unclear(prism: ScriptedPrism) -> None:
    prism.streams.extend([ends(1)])
    prism.faults.extend([Fault(), Fault(status=409, code="idempotency_key_stale", headers={"x-should-retry": "false"})])


@pytest.mark.parametrize(
    "case",
    [
        (cancelled, "rows 151 to 300 were cancelled (job job/2) after 7 of 150"),
        (refused, "rows 151 to 300 are too large for the server"),
        (unclear, "the last run stopped at rows 151 to 300 so long ago"),
    ],
)
def test_a_request_that_fails_sends_none_after_it_and_keeps_what_came_before(
    run: Import, prism: ScriptedPrism, many: Path, tmp_path: Path, case: tuple[Callable[[ScriptedPrism], None], str]
) -> None:
    fault, told = case
    prism.polls_per_job = 1
    fault(prism)
    result = run(many, *_BATCH, "--results", str(tmp_path / "all.csv"))
    assert result.exit_code == 2
    assert told in result.stderr
    assert "150 of 450 rows are done" in result.stderr
    assert outcomes(tmp_path / "all.csv") == EXPECTED[:150]
    assert len(prism.imports) == 2


def test_results_that_are_missing_are_told_with_what_is_under_way(
    run: Import, prism: ScriptedPrism, many: Path
) -> None:
    prism.polls_per_job = 1
    prism.streams.extend([ends(1)])
    prism.results_missing = 1
    result = run(many, *_BATCH)
    assert result.exit_code == 2
    assert "for rows 1 to 150, the server gave 149; rows 151 to 300 are sent, too; give --again" in result.stderr
    assert len(prism.imports) == 2


def test_a_fault_of_the_file_leaves_what_ended_before_it_counted(
    run: Import, prism: ScriptedPrism, time: Time, tmp_path: Path
) -> None:
    path = tmp_path / "many.csv"
    path.write_text("name\n" + "n\n" * 2_000)
    prism.poll_faults.append(Fault(status=503))

    def change() -> None:
        time.on_sleep = lambda: None
        path.write_text("name\n" + "other\n" * 2_000)

    prism.polls_per_job = 1
    prism.streams.extend([ends(1)])
    time.on_sleep = change
    result = run(path, "--batch-rows", "500", "--read-ahead", "0")
    assert result.exit_code == 2
    assert "has changed while it was being read" in result.stderr
    assert "1,000 of 2,000 rows are done" in result.stderr
    assert len(prism.records) == 1_000


def test_an_end_between_two_requests_is_taken_up_with_both(
    run: Import, prism: ScriptedPrism, time: Time, many: Path, tmp_path: Path
) -> None:
    """The first job has ended and its results are asked for in vain; the second one is accepted."""
    prism.polls_per_job = 1
    prism.streams.extend([ends(1)])
    prism.poll_faults.append(Fault(status=503))
    interrupt_at_next_sleep(time)
    results = tmp_path / "all.csv"
    result = run(many, *_BATCH, "--results", str(results))
    assert result.exit_code == 130
    assert "0 of 450 rows are done; job job/2 goes on on the server" in result.stderr
    assert len(prism.records) == 297

    result = run(many, *_BATCH, "--results", str(results), "--json")
    found = json.loads(result.stdout)
    assert (found["created"], found["failed"], found["job_ids"]) == (445, 5, ["job/1", "job/2", "job/3"])
    assert (len(prism.imports), len(prism.records)) == (3, 445)
    assert outcomes(results) == EXPECTED


def test_a_request_whose_answer_is_lost_between_two_is_sent_again_under_its_key(
    run: Import, prism: ScriptedPrism, time: Time, many: Path, tmp_path: Path
) -> None:
    prism.polls_per_job = 1
    prism.streams.extend([ends(1)])
    prism.faults.extend([Fault(), Fault(drop="after")])
    interrupt_at_next_sleep(time)
    results = tmp_path / "all.csv"
    result = run(many, *_BATCH, "--results", str(results))
    assert result.exit_code == 130
    assert "goes on on the server" not in result.stderr, "the only job that is known has ended"
    result = run(many, *_BATCH, "--results", str(results), "--json")
    assert json.loads(result.stdout)["created"] == len(prism.records) == 445
    assert (len(prism.imports), len(set(prism.keys))) == (4, 3)
    assert outcomes(results) == EXPECTED


def test_a_busy_server_is_given_the_time_it_asks_for_and_the_order_stays(
    run: Import, prism: ScriptedPrism, time: Time, many: Path
) -> None:
    prism.polls_per_job = 1
    prism.streams.extend([ends(1), ends(2), ends(3)])
    full = Fault(status=429, code="too_many_imports", headers={"retry-after": "5"})
    prism.faults.extend([Fault(), full, Fault(status=503, headers={"retry-after": "2"}), Fault()])
    assert run(many, *_BATCH).exit_code == 1
    assert time.slept == [5, 2]
    assert [record["email"] for record in prism.records] == [f"{n}@x.org" for n in range(_ROWS) if n % 100]
