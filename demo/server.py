"""A prismd server of one's own: started on a free port, waited for, and stopped in order."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

#: The command that belongs to the Python that runs this.
PRISMD: Final = Path(sys.executable).with_name("prismd")

START_S_MAX: Final = 60
STOP_S_MAX: Final = 15
LOG_LINES_SHOWN: Final = 12


class ServerDidNotStartError(Exception):
    """The server ended or stayed silent; the message holds the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs and answers.

    Args:
        pid: Process id of `prismd serve`.
        url: Where it listens.
        team: The first team, by the id that clients write in paths.
        key: The first API key.
        start_s: Seconds from the command to the first answer.
    """

    pid: int
    url: str
    team: str
    key: str
    start_s: float

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which the official client and `prismd import` find the server."""
        return {"MICRO_BASE_URL": self.url, "MICRO_API_KEY": self.key, "MICRO_TEAM_ID": self.team}


@contextmanager
def fresh_directory(place: Path) -> Iterator[Path]:
    """Keep a new directory while the block runs.

    Not one of `tempfile`: those are closed to all other users, and under root PostgreSQL runs as another one.

    Args:
        place: Where to make it.
    """
    directory = place / f"server-{os.getpid()}"
    shutil.rmtree(directory, ignore_errors=True)  # left by a process of the same id that was killed
    directory.mkdir(parents=True)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def own_server(directory: Path, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server while the block runs.

    Args:
        directory: Where it keeps its log and, on the embedded PostgreSQL, its data.
        settings: `PRISMD_*` variables; those of the surroundings are left out, so that every run is alike.

    Raises:
        ServerDidNotStartError: It ended, or did not answer within a minute.
    """
    url = f"http://127.0.0.1:{free_port()}"
    team, key = str(uuid.uuid4()), secrets.token_urlsafe(24)
    environment = {**_plain_environment(), "MICRO_TEAM_ID": team, "MICRO_API_KEY": key, **(settings or {})}
    command = [str(PRISMD), "serve", "--port", url.rpartition(":")[2], "--data-dir", str(directory / "postgres")]
    log = directory / "server.log"
    started = time.monotonic()
    with log.open("wb") as output:
        # A session of its own: Ctrl-C reaches this process alone, which then stops the server in order.
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until_ready(process, url, log)
        yield Server(process.pid, url, team, key, time.monotonic() - started)
    finally:
        _stop(process)


def new_team(data_dir: Path) -> tuple[str, str]:
    """Make a further team as people do, beside the running server, and return its id in paths and an API key.

    Args:
        data_dir: Of the server's embedded PostgreSQL.
    """
    command = [str(PRISMD), "keys", "create", "--new-team", "--data-dir", str(data_dir)]
    said = subprocess.run(command, env=_plain_environment(), capture_output=True, text=True, check=True).stdout
    made = dict(re.findall(r"MICRO_(TEAM_ID|API_KEY)=(\S+)", said))
    return made["TEAM_ID"], made["API_KEY"]


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("PRISMD_", "MICRO_"))}


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/healthz", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    lines = log.read_text(errors="replace").strip().splitlines()[-LOG_LINES_SHOWN:]
    raise ServerDidNotStartError("\n".join(lines) or "the server said nothing")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # A second Ctrl-C must not cut the stop short and leave PostgreSQL behind.
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
