"""Keeping processes alive: each one that ends unasked is started again, after a wait that grows."""

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
#: A process that ran for so long was well: the wait before the next start is short again.
_WELL_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Program:
    """What is kept running.

    Args:
        name: What a process of it is called in the log.
        arguments: By the number of a process, from 0, the module that it runs and its arguments.
        environment: Of each process.
        files: Descriptors that each inherits.
        ended: Called when a process has ended unasked, with its number and exit code, before it is started again.
    """

    name: str
    arguments: Callable[[int], Sequence[str]]
    environment: Mapping[str, str]
    files: Sequence[int] = ()
    ended: Callable[[int, int], None] = lambda _number, _code: None


class Supervisor:
    """So many processes of one program.

    Args:
        count: How many.
        program: What they run.
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
        """Ask the processes to end after what is under way, and do not wait for it."""
        with self._lock:
            if not self._stopping.is_set():
                self._asked_at = time.monotonic()
                self._stopping.set()
            for process in self._running.values():
                process.terminate()

    def stop(self, timeout_s: float) -> None:
        """Ask the processes to end, and kill those that have not done so in time; what they do rolls back.

        Args:
            timeout_s: Time to end in order, in seconds since they were first asked.
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
            # This machine has no room for a process just now.
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
        # -P: else a file of the current directory, such as email.py, would hide a module of Python's, and run.
        command = [sys.executable, "-P", "-m", *self._program.arguments(number), "--parent-pid", str(os.getpid())]
        with self._lock:
            if self._stopping.is_set():
                return None
            # A session of its own: Ctrl-C in the terminal is for the server, which then ends what it started.
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
    """Say whether the process that keeps this one running is gone: whoever loses its parent is given to another.

    Args:
        parent_pid: As the process was told at its start; None if nobody keeps it running.
    """
    return parent_pid is not None and os.getppid() != parent_pid
