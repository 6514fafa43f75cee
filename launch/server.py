"""A prismd server of one's own: started on a free port, waited for, and stopped in order."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from launch import programs

#: The command that belongs to the Python that runs this.
PRISMD: Final = Path(sys.executable).with_name("prismd")


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
    url = f"http://127.0.0.1:{programs.free_port()}"
    team, key = str(uuid.uuid4()), secrets.token_urlsafe(24)
    environment = {**programs.plain_environment(), "MICRO_TEAM_ID": team, "MICRO_API_KEY": key, **(settings or {})}
    command = serve_command(url, directory / "postgres")
    log = directory / "server.log"
    began = time.monotonic()
    process = programs.started(command, environment, log)
    try:
        if not programs.is_ready(lambda: programs.is_healthy(url), lambda: process.poll() is None):
            raise ServerDidNotStartError(programs.last_lines(log) or "the server said nothing")
        yield Server(process.pid, url, team, key, time.monotonic() - began)
    finally:
        programs.stop(process)


def serve_command(url: str, data_dir: Path, *options: str) -> list[str]:
    """Return the words that start a server.

    Args:
        url: Where it listens on loopback.
        data_dir: Of its embedded PostgreSQL.
        options: Of `prismd serve`, further ones.
    """
    return [str(PRISMD), "serve", "--port", url.rpartition(":")[2], "--data-dir", str(data_dir), *options]


def new_team(data_dir: Path) -> tuple[str, str]:
    """Make a further team as people do, beside the running server, and return its id in paths and an API key.

    Args:
        data_dir: Of the server's embedded PostgreSQL.
    """
    command = [str(PRISMD), "keys", "create", "--new-team", "--data-dir", str(data_dir)]
    plain = programs.plain_environment()
    said = subprocess.run(command, env=plain, capture_output=True, text=True, check=True).stdout
    made = dict(re.findall(r"MICRO_(TEAM_ID|API_KEY)=(\S+)", said))
    return made["TEAM_ID"], made["API_KEY"]
