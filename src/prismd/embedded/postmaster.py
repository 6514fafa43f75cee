"""The postmaster of the embedded PostgreSQL: starting it, finding it again after a crash of prismd, and ending it."""

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

#: PostgreSQL's settings: for bulk loads, durable, and without a network port.
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    # No superuser can log in, so no connection is reserved for one.
    "superuser_reserved_connections": "0",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    # With a small WAL, checkpoints would write the same pages again and again during a load.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    # The WAL reaches the disk while a chunk is written, so that the chunk's commit waits for little.
    "wal_writer_delay": "10ms",
    # Nothing is replicated, so the WAL holds only what recovery needs.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "wal_compression": "off",
    "jit": "off",
    # Parallel queries allocate shared memory at run time, and containers allow little of it.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
}
#: A setting on the command line that names the data directory. The path after ``-D`` can lead through a descriptor,
#: which has a meaning only in the process itself.
_MARK: Final = "prismd.data_dir"
_CONNECTIONS: Final = "max_connections"

#: Lines of postmaster.pid, counted from 0.
_LINE_PID: Final = 0
_LINE_SOCKET_DIR: Final = 4
_LINE_STATE: Final = 7


class Postmaster:
    """The PostgreSQL of a data directory; the caller holds the directory's lock.

    Args:
        data: The directory.
        buffers_mib: Size of PostgreSQL's buffers, in MiB.
        connections: The most connections that PostgreSQL accepts.
        log_bytes_max: Size at which the log is cut, in bytes.
    """

    def __init__(self, data: DataDir, buffers_mib: int, connections: int, log_bytes_max: int) -> None:
        self._data = data
        self.log = PostgresLog(data, log_bytes_max)
        self._buffers_mib = buffers_mib
        self._connections = connections
        self._child: subprocess.Popen[bytes] | None = None
        self._found: int | None = None

    def pid(self) -> int | None:
        """Return the process id of the running postmaster, whoever started it; None if none runs."""
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
        """Say whether the running postmaster accepts as many connections as are needed now."""
        line = os.fsdecode(_command_line(self.pid() or 0))
        found = re.search(rf" {_CONNECTIONS}=(\d+) ", line)
        return found is not None and int(found[1]) >= self._connections

    def socket_dir(self) -> Path:
        """Return the directory of the running postmaster's socket."""
        return self._data.reached(Path(self._line(_LINE_SOCKET_DIR)))

    def launch(self) -> None:
        """Start PostgreSQL without waiting until it accepts connections; the directory's PostgreSQL must not run."""
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
        """Say whether PostgreSQL did not start because backends of a killed postmaster still run."""
        return IN_USE in self.failure()

    def was_killed(self) -> bool:
        """Say whether a signal killed the PostgreSQL that this object started."""
        return self._child is not None and (self._child.poll() or 0) < 0

    def failure(self) -> str:
        """Return the last error in PostgreSQL's log."""
        said = self.log.end()
        return last_line(said) if said else "it left no log"

    def end(self, timeout_s: float) -> None:
        """Stop PostgreSQL and disconnect its clients; a stop that takes too long leaves the rest to crash recovery.

        Args:
            timeout_s: Time for a clean stop, in seconds.
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
        # In root's directory, PostgreSQL serves only root, and the files that say so belong to root: an attacker inside
        # PostgreSQL, who has the rights of its user, cannot let others in. In a directory of the user itself, the
        # directory's mode keeps others out.
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
        # The system reuses process ids, above all in containers, so check the command line too.
        line = _command_line(pid) + b" "
        marks = (f" {_MARK}={self._data.path} ", f" -D {self._data.path / CLUSTER} ")
        return any(os.fsencode(mark) in line for mark in marks)

    def _line(self, number: int) -> str:
        read = self._data.read(self._data.runner, self._data.cluster / PID_FILE)
        lines = os.fsdecode(read).splitlines()
        return lines[number].strip() if number < len(lines) else ""

    def _send(self, pid: int, number: signal.Signals) -> None:
        # Signal with the rights of PostgreSQL's user: that user wrote the process id, and could name any process.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            done_as(self._data.runner, lambda: os.kill(pid, number))


def _clear(cluster: Path, socket_dir: Path, parent: int) -> None:
    """Remove the files of a crash that would prevent a start."""
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
    return subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603 - the arguments are ours
