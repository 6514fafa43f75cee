"""The supervisor of processes: restarts each process that ends unasked, after a growing wait."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from prismd.telemetry import metrics
from prismd.telemetry.declared import PROCESS_RESTARTS

_LOG = structlog.get_logger()

_RESTART_FIRST_S: Final = 0.1
_RESTART_LAST_S: Final = 1.0
#: After a process that ran this long, the wait before the next start is short again.
_WELL_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """A program whose processes are kept running.

    Args:
        name: Name of the processes in the log.
        arguments: Returns the module and arguments of a process, by its number from 0.
        environment: Environment of each process.
        files: Descriptors that each process inherits.
        ended: Called with number and exit code when a process has ended unasked, before the restart.
    """

    name: str
    arguments: Callable[[int], Sequence[str]]
    environment: Mapping[str, str]
    files: Sequence[int] = ()
    ended: Callable[[int, int], None] = lambda _number, _code: None


class Supervisor:
    """Keeps a number of processes of one program running.

    Args:
        count: The number of processes.
        program: The program.
    """

    def __init__(self, count: int, program: Program) -> None:
        self._program = program
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._asked_at = 0.0
        self._keepers = [threading.Thread(target=self._keep, args=(number,), daemon=True) for number in range(count)]

    def start(self) -> None:
        """Start the processes."""
        for keeper in self._keepers:
            keeper.start()

    def terminate(self) -> None:
        """Ask the processes to finish their current work and end, and do not wait for them."""
        with self._lock:
            if not self._stopping.is_set():
                self._asked_at = time.monotonic()
                self._stopping.set()
            for process in self._running.values():
                process.terminate()

    def stop(self, timeout_s: float) -> None:
        """Ask the processes to end, and kill those that take too long; PostgreSQL rolls back their open transactions.

        Args:
            timeout_s: Time to end, in seconds from the first time they were asked.
        """
        self.terminate()
        deadline = self._asked_at + timeout_s
        started = [keeper for keeper in self._keepers if keeper.ident is not None]
        for keeper in started:
            keeper.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            for process in self._running.values():
                process.kill()
        for keeper in started:
            keeper.join()

    def _keep(self, number: int) -> None:
        wait_s = _RESTART_FIRST_S
        while not self._stopping.is_set():
            started = time.monotonic()
            ended = self._run(number)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > _WELL_S:
                wait_s = _RESTART_FIRST_S
            metrics.add(PROCESS_RESTARTS, 1, self._program.name)
            _LOG.warning(f"{self._program.name} ended unasked", how=ended, restart_in_s=wait_s)
            self._stopping.wait(wait_s)
            wait_s = min(wait_s * 2, _RESTART_LAST_S)

    def _run(self, number: int) -> str:
        # Returns how the process ended, in words.
        try:
            process = self._started(number)
        except OSError as error:
            # The machine is out of memory or process slots at the moment.
            return str(error)
        if process is None:
            return "it was not started"
        code = process.wait()
        with self._lock:
            del self._running[number]
        if not self._stopping.is_set():
            self._program.ended(number, code)
        return f"process {process.pid} ended with {code}"

    def _started(self, number: int) -> subprocess.Popen[bytes] | None:
        # With -P, a file of the current directory, such as email.py, cannot run instead of Python's module.
        command = [sys.executable, "-P", "-m", *self._program.arguments(number), "--parent-pid", str(os.getpid())]
        with self._lock:
            if self._stopping.is_set():
                return None
            # In a session of its own: Ctrl-C in the terminal reaches only the server, which then ends its processes.
            process = subprocess.Popen(  # noqa: S603 - our own command
                command,
                env=self._program.environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=self._program.files,
            )
            self._running[number] = process
            return process


def is_orphan(parent_pid: int | None) -> bool:
    """Say whether the supervisor of this process has ended; the system then gives the process another parent.

    Args:
        parent_pid: Process id of the supervisor, passed at the start; None if the process has no supervisor.
    """
    return parent_pid is not None and os.getppid() != parent_pid
