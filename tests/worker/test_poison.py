"""Rows that take their worker or its connection along: each is refused alone, and everybody else's rows are done."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes import RunningServer, ended, eventually, start_prismd, url_of

TEAM, KEY = "7f1c2f5e-3b0d-4a35-9f57-8a2d5c1e7b10", "poison-test-a-key-that-is-long-enough"

# What a row does to the process that reads it; Python imports this by itself in whatever it starts.
POISON = """
import ctypes, os, re, signal
from prismd.core.imports.pipeline.row_templates import TemplatedRowParser
from prismd.core.records.rows import RowParser

ACTS = {
    b"hangs": lambda: re.match("(a+)+$", "a" * 64 + "b"),
    b"kills": lambda: os.kill(os.getpid(), signal.SIGKILL),
    b"crashes": lambda: ctypes.string_at(0),
    b"devours": lambda: [bytes(2**20) for _ in range(2**12)],
}

def poisoned(honest):
    def parse_all(self, raws):
        for raw in raws:
            for word, act in ACTS.items():
                if b"poison that " + word in bytes(raw):
                    act()
        return honest(self, raws)
    return parse_all

RowParser.parse_all = poisoned(RowParser.parse_all)
TemplatedRowParser.parse_all = poisoned(TemplatedRowParser.parse_all)
"""


@pytest.fixture
def poisonable(tmp_path: Path, make_database: Callable[[], str]) -> Iterator[RunningServer]:
    (tmp_path / "sitecustomize.py").write_text(POISON)
    url = make_database()
    environment = {
        "MICRO_TEAM_ID": TEAM,
        "MICRO_API_KEY": KEY,
        "PRISMD_DATABASE_URL": url,
        "PRISMD_STEP_TIMEOUT_S": "1",
        "PRISMD_STEP_BACKOFF_S": "0.05",
        "PRISMD_WORKER_MEMORY_MIB_MAX": "400",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
    }
    process = start_prismd(["serve", "--port", "0"], environment, tmp_path)
    try:
        yield RunningServer(url_of(process), KEY, TEAM, url, process)
    finally:
        process.send_signal(signal.SIGTERM)
        code, _, errors = ended(process)
        assert code == 0, errors


def request(server: RunningServer, method: str, path: str, **options: Any) -> Any:
    headers = {"x-api-key": server.key}
    answer = httpx.request(method, f"{server.url}/v2/prism/{server.team}{path}", headers=headers, **options)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.mark.parametrize("act", ["hangs", "kills", "crashes", "devours"])
def test_a_poisonous_row_is_refused_alone_and_other_jobs_are_done(poisonable: RunningServer, act: str) -> None:
    rows = [{"default": {"email": f"p{number}@x.org", "title": "plain"}} for number in range(700)]
    rows[345]["default"]["title"] = f"poison that {act}"
    started = request(poisonable, "POST", "/contact/import", json={"objects": rows, "options": {"dedupe_by": "email"}})
    others = [{"default": {"name": f"Company {number}"}} for number in range(120)]
    other = request(poisonable, "POST", "/organization/import", json={"objects": others})

    def job(one: Any) -> Any:
        return request(poisonable, "GET", f"/imports/{one['job_id']}")

    eventually(lambda: job(started)["status"] != "processing")
    assert job(other)["created"] == 120
    done = job(started)
    assert (done["status"], done["created"], done["failed"]) == ("complete", 699, 1)
    [refused] = [row for row in done["results"] if row.get("error")]
    assert (refused["input_index"], refused["error"]["code"]) == (345, "internal_error")
    assert [row["input_index"] for row in done["results"]] == list(range(700))
