"""The server that is killed: a real `prismd serve` with workers and its PostgreSQL, started again whenever it ends."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg.rows import TupleRow

from chaos.processes import Target
from launch import programs
from launch.server import new_team, serve_command
from prismd.embedded.server import EmbeddedPostgres

WORKERS: Final = 2
#: Small chunks, so that kills meet many of them half done; short silences, so that paused workers lose their turn soon.
STEP_TIMEOUT_S: Final = 2
SETTINGS: Final = {"PRISMD_ROWS_PER_CHUNK": "200", "PRISMD_STEP_TIMEOUT_S": str(STEP_TIMEOUT_S)}


@dataclass(frozen=True, slots=True)
class Access:
    """How a team is reached.

    Args:
        team: Its id in paths.
        key: Its API key.
    """

    team: str
    key: str


class Victim:
    """A server of one's own, on loopback.

    Args:
        directory: Where it keeps its log and its data; nothing else is there.
    """

    def __init__(self, directory: Path) -> None:
        self.url = f"http://127.0.0.1:{programs.free_port()}"
        self._data = directory / "data"
        self._log = directory / "server.log"
        self._environment = programs.plain_environment() | SETTINGS
        self._process: subprocess.Popen[bytes] | None = None
        #: Everything that was ever seen to belong to it, so that nothing is left behind.
        self._seen: dict[int, Target] = {}
        self.ended_unasked = 0

    def start(self) -> None:
        """Start the server, without waiting for it."""
        command = serve_command(self.url, self._data, "--workers", str(WORKERS))
        self._process = programs.started(command, self._environment, self._log)

    def wait_until_ready(self) -> None:
        """Wait until requests are answered.

        Raises:
            RuntimeError: They are not, after a minute.
        """
        if not programs.is_ready(lambda: programs.is_healthy(self.url), self.keep_running):
            raise RuntimeError(f"the server does not answer; its last words:\n{self.last_words()}")

    def keep_running(self) -> bool:
        """Start the server again if it has ended by itself, as whoever runs servers would have it done; count that.

        Returns:
            Whether it runs, which it does then.
        """
        if self._process is not None and self._process.poll() is not None:
            self.ended_unasked += 1
            self.start()
        return True

    def make_team(self) -> Access:
        """Make a team and a key as people do, beside the running server."""
        return Access(*new_team(self._data))

    def server(self) -> list[int]:
        """Return the process id of the API server, if it runs."""
        return [self._process.pid] if self._process is not None and self._process.poll() is None else []

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return [
            pid for server in self.server() for pid, line in programs.children_of(server).items() if " worker " in line
        ]

    def postmaster(self) -> list[int]:
        """Return the process id of PostgreSQL's first process, if it runs."""
        try:
            pid = int((self._data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return []
        return [pid] if f" prismd.data_dir={self._data.resolve()} " in f"{programs.command_line(pid)} " else []

    def backends(self) -> list[int]:
        """Return the process ids of PostgreSQL's processes that serve prismd."""
        return [
            pid
            for parent in self.postmaster()
            for pid, line in programs.children_of(parent).items()
            if "postgres: prismd" in line
        ]

    def look(self, pid: int) -> Target | None:
        """Return a process as a target; None if it has ended."""
        if pid not in self._seen or self._seen[pid].ended():
            try:
                self._seen[pid] = Target(pid)
            except ProcessLookupError:
                return None
        return self._seen[pid]

    def restart(self) -> None:
        """Start the server, which was killed, again."""
        if self._process is not None:
            self._process.wait()
        self.start()

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """Give a connection to its PostgreSQL."""
        with EmbeddedPostgres(self._data).borrowed() as url, psycopg.connect(url) as connection:
            yield connection

    def stop(self) -> None:
        """Stop the server in order, and end whatever should be left of it."""
        for pid in (*self.workers(), *self.postmaster()):
            self.look(pid)
        for target in self._seen.values():
            target.send(signal.SIGCONT)
        if self._process is not None:
            programs.stop(self._process)
        for target in self._seen.values():
            target.send(signal.SIGKILL)
            target.close()
        self._seen.clear()

    def last_words(self) -> str:
        """Return the end of its log."""
        return programs.last_lines(self._log)
