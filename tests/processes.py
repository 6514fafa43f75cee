"""Real processes of prismd: started, signalled, waited for, looked for, and put away."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from launch.programs import plain_environment
from tests.pipeline_switch import SWITCHED

#: Longest wait of a test for something that must happen; reached only when it does not.
PATIENCE_S = 180
#: Longest wait for a process that was killed; what it started may hold its pipes for longer.
_KILLED_S = 10

#: Signals by which tests end, wake and notice processes.
_RELIED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

#: The processes that were started and are not put away yet, with their directories.
_started: list[tuple[subprocess.Popen[str], Path]] = []


@dataclass(frozen=True)
class RunningServer:
    """A real ``prismd serve``."""

    url: str
    key: str
    team: str
    database_url: str
    process: subprocess.Popen[str]


def obey_signals() -> None:
    """Take back that whoever started the tests has signals ignored or blocked, such as ``nohup`` or a shell's ``&``.

    Processes inherit that a signal is ignored, and that it is blocked, but never that somebody handles it. So a handler
    that does nothing spares this process what it was to be spared, and lets the processes that it starts obey.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in _RELIED_ON:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _do_nothing)
    # Where it is ignored, nobody learns how a child ended.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    pass


def ignoring(*numbers: signal.Signals) -> list[str]:
    """Return what stands before a command that shall start with signals ignored."""
    names = " ".join(number.name.removeprefix("SIG") for number in numbers)
    return ["sh", "-c", f"trap '' {names}; exec \"$@\"", "sh"]


def start_prismd(
    arguments: Sequence[str], environment: Mapping[str, str], directory: Path, *, prefix: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start the real command in a directory, with no settings but those given."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-P", "-m", "prismd.cli.main", *arguments],
        cwd=directory,
        env={**plain_environment(), "PYTHONPATH": os.pathsep.join(sys.path), **SWITCHED, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _started.append((process, directory))
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait until a process ends, and return its exit code and what it said on standard output and standard error."""
    try:
        out, errors = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        put_away(process)
        raise
    return process.returncode, out, errors


def put_away(process: subprocess.Popen[str]) -> None:
    """End a process if it runs, show what it said and nobody heard, and close its pipes."""
    if process.poll() is None:
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired, ValueError):
        print(*process.communicate(timeout=_KILLED_S))  # noqa: T201 - shown where a test fails
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    process.wait()


@contextlib.contextmanager
def none_left() -> Iterator[None]:
    """Put away the processes that are started meanwhile."""
    before = len(_started)
    try:
        yield
    finally:
        while len(_started) > before:
            process, directory = _started.pop()
            put_away(process)
            _end_databases(directory)


def url_of(process: subprocess.Popen[str]) -> str:
    """Wait until a server says that it is ready, and return its URL."""
    assert process.stdout is not None
    for line in process.stdout:
        if "http://" in line:
            return "http://" + line.split("http://", 1)[1].split()[0]
    pytest.fail(f"the server ended before it was ready: {ended(process)}")


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds that must come to hold, however long this machine takes."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def processes_about(text: str) -> dict[int, str]:
    """Return the command lines, by process id, that contain a text; processes that have ended are none."""
    return {pid: line for pid, (_, line) in _processes().items() if text in line}


def postmasters(data_dir: Path) -> set[int]:
    """Return the process ids of the PostgreSQL servers of a data directory, without the processes that they fork."""
    found = {pid: parent for pid, (parent, line) in _processes().items() if f" prismd.data_dir={data_dir} " in line}
    return {pid for pid, parent in found.items() if parent not in found}


def _end_databases(directory: Path) -> None:
    """End the PostgreSQL servers below a directory: they outlive a server that is killed, because it may come back."""
    for pid in processes_about(f" prismd.data_dir={directory}/"):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)


def _processes() -> dict[int, tuple[int, str]]:
    found = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and (line := (entry / "cmdline").read_bytes()):
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                found[int(entry.name)] = int(parent), line.replace(b"\0", b" ").decode(errors="replace")
    return found
