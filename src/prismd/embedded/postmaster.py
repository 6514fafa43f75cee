"""The processes of the embedded PostgreSQL: started, found again, and ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Final

from prismd.embedded.as_owner import done_as
from prismd.embedded.data_dir import CLUSTER, DataDir
from prismd.embedded.log import PostgresLog
from prismd.embedded.program_runs import IN_USE, PID_FILE, forget_pid, last_line, program, surroundings, wait_until
from prismd.embedded.roles import LOGIN

#: How PostgreSQL is run: for bulk loads, durable, and off the network.
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # No superuser can log in.
    "superuser_reserved_connections": "0",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    # Checkpoints that come by size would write the same pages again and again during a load.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # The log goes to the disk while a chunk is written, so that its commit has little left to wait for.
    "wal_writer_delay": "10ms",
    # Nobody replicates from it; so the log carries no more than recovery needs.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "off",
    "jit": "off",
    # Containers give little shared memory beyond the start's, which parallel queries would need.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
}
#: Tells whose PostgreSQL a process is: the path that it works by may be one that only means something to itself.
_MARK: Final = "prismd.data_dir"
_CONNECTIONS: Final = "max_connections"

#: Lines of postmaster.pid, counted from 0.
_LINE_PID: Final = 0
_LINE_SOCKET_DIR: Final = 4
_LINE_STATE: Final = 7


class Postmaster:
    """The PostgreSQL of a data directory whose lock the caller holds.

    Args:
        data: The directory.
        buffers_mib: Memory in which PostgreSQL keeps pages, in MiB.
        connections: How many it takes at most.
        log_bytes_max: Size at which its log is cut.
    """

    def __init__(self, data: DataDir, buffers_mib: int, connections: int, log_bytes_max: int) -> None:
        self._data = data
        self.log = PostgresLog(data, log_bytes_max)
        self._buffers_mib = buffers_mib
        self._connections = connections
        self._child: subprocess.Popen[bytes] | None = None
        self._found: int | None = None

    def pid(self) -> int | None:
        """Return the process id of the running postmaster, whoever started it; None if there is none."""
        if self._found is None or not self._is_postmaster(self._found):
            line = self._line(_LINE_PID)
            self._found = int(line) if line.isdigit() else None
        return self._found if self._found is not None and self._is_postmaster(self._found) else None

    def runs(self) -> bool:
        """Say whether PostgreSQL runs, whoever started it."""
        if self._child is not None:
            return self._child.poll() is None
        return self.pid() is not None

    def accepts(self) -> bool:
        """Say whether the running postmaster accepts connections."""
        return self.pid() is not None and self._line(_LINE_STATE) == "ready"

    def has_room(self) -> bool:
        """Say whether the running postmaster was started with as many connections as are needed by now."""
        line = os.fsdecode(_command_line(self.pid() or 0))
        found = re.search(rf" {_CONNECTIONS}=(\d+) ", line)
        return found is not None and int(found[1]) >= self._connections

    def socket_dir(self) -> Path:
        """Return the directory of the running postmaster's socket."""
        return self._data.reached(Path(self._line(_LINE_SOCKET_DIR)))

    def launch(self) -> None:
        """Start PostgreSQL, which has ended, without waiting until it accepts connections."""
        if self._child is not None:
            self._child.wait()
        socket_dir = self._data.socket_dir()
        parent = os.getpid()
        done_as(self._data.runner, lambda: _clear(self._data.cluster, socket_dir, parent))
        settings = {
            **_SETTINGS,
            "shared_buffers": f"{self._buffers_mib}MB",
            _CONNECTIONS: str(self._connections),
            "unix_socket_directories": str(socket_dir),
            _MARK: str(self._data.path),
            **self._access(),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [program(self._data, "postgres"), "-D", str(self._data.cluster), *options]
        log = self.log.begin()
        self._child = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **surroundings(self._data)
        )

    def waits_for_backends(self) -> bool:
        """Say whether PostgreSQL did not start as backends of one that was killed are still leaving."""
        return IN_USE in self.failure()

    def was_killed(self) -> bool:
        """Say whether PostgreSQL, started here, was ended by a signal that it could not answer."""
        return self._child is not None and (self._child.poll() or 0) < 0

    def failure(self) -> str:
        """Return the last thing that PostgreSQL said."""
        said = self.log.end()
        return last_line(said) if said else "it left no log"

    def end(self, timeout_s: float) -> None:
        """Stop PostgreSQL and what its clients do; what it cannot write out in time is left to recovery.

        Args:
            timeout_s: Time for a stop in order, in seconds.
        """
        pid = self._child.pid if self._child is not None else self.pid()
        if pid is not None and self.runs():
            for number, patience_s in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, timeout_s), (signal.SIGKILL, 10.0)):
                self._send(pid, number)
                if wait_until(lambda: not self.runs() and not self._is_postmaster(pid), patience_s):
                    break
        if self._child is not None:
            self._child.poll()
            self._child = None
        self.log.close()

    def _access(self) -> dict[str, str]:
        # In a directory of root's, root alone is served, and what says so is root's: whoever gets into PostgreSQL, and
        # with that becomes its user, can let nobody in. In a directory that is its user's, its mode says it all.
        if not self._data.divided:
            return {}
        return {
            "hba_file": self._access_file("hba.conf", f"local all {LOGIN} peer map=prismd\n"),
            "ident_file": self._access_file("ident.conf", f"prismd root {LOGIN}\n"),
        }

    def _access_file(self, name: str, text: str) -> str:
        file = self._data.new_file(name, readable=True)
        with os.fdopen(file, "w") as opened:
            opened.write(text)
        return str(self._data.base / name)

    def _is_postmaster(self, pid: int) -> bool:
        # A process id is given again to others, most of all in containers: so the command line has to fit.
        line = _command_line(pid) + b" "
        marks = (f" {_MARK}={self._data.path} ", f" -D {self._data.path / CLUSTER} ")
        return any(os.fsencode(mark) in line for mark in marks)

    def _line(self, number: int) -> str:
        read = self._data.read(self._data.runner, self._data.cluster / PID_FILE)
        lines = os.fsdecode(read).splitlines()
        return lines[number].strip() if number < len(lines) else ""

    def _send(self, pid: int, number: signal.Signals) -> None:
        # As its user, who names it: no other process can be meant.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            done_as(self._data.runner, lambda: os.kill(pid, number))


def _clear(cluster: Path, socket_dir: Path, parent: int) -> None:
    """Take out of the way what a crash left."""
    for stale in socket_dir.glob(".s.PGSQL.*"):
        stale.unlink(missing_ok=True)
    forget_pid(cluster, parent)


def _command_line(pid: int) -> bytes:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            return b""
    command = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603 - numbers and words of our own
