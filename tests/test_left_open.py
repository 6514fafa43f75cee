"""The tests themselves: what one leaves open is told of it, not of a later one, and signals end what tests start."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE_S, eventually, ignoring, none_left, processes_about, start_prismd, url_of

ROOT = Path(__file__).parents[1]

INNOCENT = """
import gc

def test_of_something_else():
    gc.collect()
"""

LEAKS = """
class Holder:
    pass

def test_that_leaks(tmp_path):
    holder = Holder()
    holder.itself, holder.file = holder, (tmp_path / "a").open("w")
"""

FAILS_WITH_AN_OPEN_FILE = """
def test_that_leaks(tmp_path):
    file = (tmp_path / "a").open("w")
    assert False
"""

LEAVES_A_PROCESS = """
from tests.processes import start_prismd

def test_that_leaks(tmp_path):
    started = start_prismd(["--help"], {}, tmp_path, prefix=["sh", "-c", "echo said >&2; exec sleep 1000"])
    assert started.stderr.readline() == "said\\n"
    print("pid", started.pid)
"""

OBEYS = """
import signal
from tests.processes import start_prismd

def test_that_signals_end_what_is_started(tmp_path):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        started = start_prismd(["--help"], {}, tmp_path, prefix=["sh", "-c", "echo said; exec sleep 1000"])
        assert started.stdout.readline() == "said\\n"
        started.send_signal(number)
        assert started.wait(60) == -number
"""


def run(tests: str, directory: Path, *, prefix: tuple[str, ...] = ()) -> str:
    (directory / "test_some.py").write_text(tests)
    command = [*prefix, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "tests.conftest", "-n", "0"]
    arguments = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "--basetemp", str(directory / "temporary")]
    ran = subprocess.run(
        [*command, *arguments, "-vv", "-rP", str(directory / "test_some.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return ran.stdout + ran.stderr


def outcomes(output: str) -> list[tuple[str, str]]:
    return re.findall(r"::(test_\w+) (PASSED|FAILED|ERROR)", output)


@pytest.mark.parametrize(("leaks", "outcome"), [(LEAKS, "PASSED"), (FAILS_WITH_AN_OPEN_FILE, "FAILED")])
def test_a_file_left_open_is_told_of_the_test_that_left_it(leaks: str, outcome: str, tmp_path: Path) -> None:
    output = run(leaks + INNOCENT, tmp_path)
    assert outcomes(output) == [
        ("test_that_leaks", outcome),
        ("test_that_leaks", "ERROR"),
        ("test_of_something_else", "PASSED"),
    ]
    assert "ResourceWarning: unclosed file" in output


def test_a_process_that_a_test_leaves_ends_with_it_and_harms_no_other(tmp_path: Path) -> None:
    output = run(LEAVES_A_PROCESS + INNOCENT, tmp_path)
    assert outcomes(output) == [("test_that_leaks", "PASSED"), ("test_of_something_else", "PASSED")], output
    (pid,) = re.findall(r"^pid (\d+)$", output, re.MULTILINE)
    assert not Path("/proc", pid).exists()


def test_no_database_outlives_the_test_that_kills_its_server(tmp_path: Path) -> None:
    with none_left():
        url_of(start_prismd(["serve", "--port", "0"], {}, tmp_path))
        assert processes_about(f" prismd.data_dir={tmp_path}/")
    eventually(lambda: not processes_about(f" prismd.data_dir={tmp_path}/"))


@pytest.mark.parametrize(
    "inner", [(), tuple(ignoring(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD))]
)
def test_what_tests_start_obeys_signals_whoever_started_the_tests(inner: tuple[str, ...], tmp_path: Path) -> None:
    output = run(OBEYS, tmp_path, prefix=inner)
    assert outcomes(output) == [("test_that_signals_end_what_is_started", "PASSED")], output
