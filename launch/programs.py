"""Programs that are started, waited for, looked at and stopped in order."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx

START_S_MAX: Final = 60
STOP_S_MAX: Final = 15
_POLL_S: Final = 0.02
_LINES_SHOWN: Final = 12


def plain_environment(*left_out: str) -> dict[str, str]:
    """Return the variables of this process without those of prismd and its client, so that every run is alike.

    Args:
        left_out: What names of further variables begin with that are left out, too.
    """
    prefixes = ("PRISMD_", "MICRO_", *left_out)
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def started(
    command: Sequence[str], environment: Mapping[str, str], log: Path, directory: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a program and return its process.

    Args:
        command: Its words.
        environment: All its variables.
        log: Where it writes what it says, behind what stands there.
        directory: Where it runs; here by default.
    """
    with log.open("ab") as output:
        # A session of its own: Ctrl-C reaches this process alone, which then stops the program in order.
        return subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip


def is_ready(ready: Callable[[], bool], running: Callable[[], bool], patience_s: float = START_S_MAX) -> bool:
    """Wait until a program is ready, and tell whether it has become so.

    Args:
        ready: Asks it.
        running: Tells whether it still may become ready.
        patience_s: Longest wait, in seconds.
    """
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and running():
        if ready():
            return True
        time.sleep(_POLL_S)
    return False


def is_healthy(url: str) -> bool:
    """Tell whether a prismd server answers and is well."""
    try:
        return httpx.get(f"{url}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a program in order, or at once where it does not stop in time."""
    # A second Ctrl-C must not cut the stop short and leave behind what the program started.
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.terminate()
        try:
            process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    finally:
        signal.signal(signal.SIGINT, previous)


def children_of(pid: int) -> dict[int, str]:
    """Return the command lines of a process's children that have not ended, by process id."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while we looked
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and (line := command_line(int(entry.name))):
                found[int(entry.name)] = line
    return found


def command_line(pid: int) -> str:
    """Return the command line of a process; empty if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def last_lines(log: Path) -> str:
    """Return the end of what a program said."""
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-_LINES_SHOWN:])


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
