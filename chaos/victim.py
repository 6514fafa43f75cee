"""The server that is killed: a real `prismd serve` with workers and its PostgreSQL, started again whenever it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import httpx
import psycopg
from psycopg.rows import TupleRow

from chaos.processes import Target, children, command_line
from demo.server import LOG_LINES_SHOWN, PRISMD, START_S_MAX, STOP_S_MAX, free_port
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
        self.url = f"http://127.0.0.1:{free_port()}"
        self._data = directory / "data"
        self._log: IO[bytes] = (directory / "server.log").open("ab")
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PRISMD_", "MICRO_"))
        }
        self._environment |= SETTINGS
        self._process: subprocess.Popen[bytes] | None = None
        #: Everything that was ever seen to belong to it, so that nothing is left behind.
        self._seen: dict[int, Target] = {}
        self.ended_unasked = 0

    def start(self) -> None:
        """Start the server, without waiting for it."""
        port = self.url.rpartition(":")[2]
        command = [str(PRISMD), "serve", "--port", port, "--workers", str(WORKERS), "--data-dir", str(self._data)]
        # A session of its own: Ctrl-C reaches this process alone.
        self._process = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        """Wait until requests are answered.

        Raises:
            RuntimeError: They are not, after a minute.
        """
        deadline = time.monotonic() + START_S_MAX
        while time.monotonic() < deadline:
            self.keep_running()
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"the server does not answer; its last words:\n{self.last_words()}")

    def keep_running(self) -> None:
        """Start the server again if it has ended by itself, as whoever runs servers would have it done; count that."""
        if self._process is not None and self._process.poll() is not None:
            self.ended_unasked += 1
            self.start()

    def make_team(self) -> Access:
        """Make a team and a key as people do, beside the running server."""
        command = [str(PRISMD), "keys", "create", "--new-team", "--data-dir", str(self._data)]
        said = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=True).stdout
        found = dict(re.findall(r"MICRO_(TEAM_ID|API_KEY)=(\S+)", said))
        return Access(found["TEAM_ID"], found["API_KEY"])

    def server(self) -> list[int]:
        """Return the process id of the API server, if it runs."""
        return [self._process.pid] if self._process is not None and self._process.poll() is None else []

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return [pid for server in self.server() for pid, line in children(server).items() if " worker " in line]

    def postmaster(self) -> list[int]:
        """Return the process id of PostgreSQL's first process, if it runs."""
        try:
            pid = int((self._data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return []
        return [pid] if f" prismd.data_dir={self._data.resolve()} " in f"{command_line(pid)} " else []

    def backends(self) -> list[int]:
        """Return the process ids of PostgreSQL's processes that serve prismd."""
        return [
            pid for parent in self.postmaster() for pid, line in children(parent).items() if "postgres: prismd" in line
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
            self._process.terminate()
            try:
                self._process.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for target in self._seen.values():
            target.send(signal.SIGKILL)
            target.close()
        self._seen.clear()
        self._log.close()

    def last_words(self) -> str:
        """Return the end of its log."""
        lines = Path(self._log.name).read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-LOG_LINES_SHOWN:])
