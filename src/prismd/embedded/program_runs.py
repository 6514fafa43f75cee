"""How PostgreSQL's programs are run: as whom, with what around them, and what they say when they fail."""

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
#: What PostgreSQL says where backends of one that was killed are still leaving.
IN_USE: Final = "pre-existing shared memory"

_POLL_S: Final = 0.005


def wait_until(done: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until something holds; say whether it does.

    Args:
        done: Looks whether it holds.
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
        data: For who runs it.
        name: Of the program.

    Raises:
        DatabaseUnusableError: It is not installed, or that user cannot be given it.
    """
    return str(programs_for(data.runner) / name)


def surroundings(data: DataDir) -> dict[str, Any]:
    """Return the arguments with which ``subprocess`` starts a program of PostgreSQL.

    Args:
        data: What it works on, and as whom.
    """
    return {
        "cwd": "/",
        "env": _environment(),
        # Ctrl-C in the terminal is for prismd, which then stops PostgreSQL in order.
        "start_new_session": True,
        "pass_fds": data.descriptors,
        "umask": 0o077,
        **data.runner.process(),
    }


def forget_pid(cluster: Path, parent: int) -> None:
    """Make PostgreSQL start although a crash left the id of a process, which some other process may have now.

    Args:
        cluster: Its files.
        parent: Id of the process that starts it, whom PostgreSQL ignores before it looks for surviving backends.
    """
    file = cluster / PID_FILE
    if file.is_symlink():
        file.unlink()
    elif file.exists():
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join([f"{parent}\n", *lines[1:]]))


def last_line(output: bytes) -> str:
    """Return the line in which a program tells why it failed."""
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error:" in line]
    last = (telling or lines or ["it said nothing"])[-1]
    # Without the time and process that lead a line.
    return re.sub(r"^.*?(?=FATAL|error:)", "", last).strip()


def _environment() -> dict[str, str]:
    # Nothing of the caller's is PostgreSQL's business: not its keys, not its PG* variables, not its language.
    wanted = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {"LC_ALL": "C"}
