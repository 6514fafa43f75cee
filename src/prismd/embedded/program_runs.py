"""Running PostgreSQL's programs: their user and environment, and their error messages."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from prismd.embedded.data_dir import DataDir
from prismd.embedded.programs import programs_for

PID_FILE: Final = "postmaster.pid"
#: PostgreSQL's message if backends of a killed postmaster still run.
IN_USE: Final = "pre-existing shared memory"

_POLL_S: Final = 0.005


def wait_until(done: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until a condition holds; return whether it does.

    Args:
        done: Checks the condition.
        timeout_s: Longest wait, in seconds.
    """
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def program(data: DataDir, name: str) -> str:
    """Return the path of a program of PostgreSQL.

    Args:
        data: The data directory, for the user that runs the program.
        name: Name of the program.

    Raises:
        DatabaseUnusableError: The program is not installed, or that user cannot reach it.
    """
    return str(programs_for(data.runner) / name)


def surroundings(data: DataDir) -> dict[str, Any]:
    """Return the arguments for ``subprocess`` that start a program of PostgreSQL.

    Args:
        data: The directory that the program works on.
    """
    return {
        "cwd": "/",
        "env": _environment(),
        # Ctrl-C in the terminal reaches only prismd, which then stops PostgreSQL cleanly.
        "start_new_session": True,
        "pass_fds": data.descriptors,
        "umask": 0o077,
        **data.runner.process(),
    }


def forget_pid(cluster: Path, parent: int) -> None:
    """Replace the process id in a PID file that a crash left: another process may have it, which would prevent a start.

    Args:
        cluster: PostgreSQL's files.
        parent: Id of the process that starts PostgreSQL; PostgreSQL ignores this id, and still looks for backends.
    """
    file = cluster / PID_FILE
    if file.is_symlink():
        file.unlink()
    elif file.exists():
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([f"{parent}\n", *lines[1:]]))


def last_line(output: bytes) -> str:
    """Return the line in which a program says why it failed."""
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error:" in line]
    last = (telling or lines or ["it said nothing"])[-1]
    # Remove the time and process at the start of the line.
    return re.sub(r"^.*?(?=FATAL|error:)", "", last).strip()


def _environment() -> dict[str, str]:
    # PostgreSQL gets nothing else of the caller's environment: no API keys, no PG* variables, no language.
    wanted = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {"LC_ALL": "C"}
