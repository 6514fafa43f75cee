"""Several API processes of one server, which share its socket and its limits; a process that ends is restarted."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Final

from prismd.api.limits.shared_memory import forget_process, new_shared_memory
from prismd.server.failure import Failure
from prismd.server.supervisor import Program, Supervisor
from prismd.settings import Settings
from prismd.worker.stop import Stop

#: Seconds that a process gets to end, on top of the time that running requests get.
_END_S: Final = 1.0
_READ_BYTES: Final = 4_096
_LONG_S: Final = 3_600.0


class ApiProcesses:
    """The API processes of one server.

    Args:
        settings: The settings, for the number of processes, and the time that requests get at a stop.
        environment: Environment of each process, with the settings in force.
        listener: The socket that the processes share; closed at a stop.
        stop: Says when the server must end.
        stack: Closes everything that is opened here.
    """

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        listener: socket.socket,
        stop: Stop,
        stack: ExitStack,
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._stop = stop
        self._memory = new_shared_memory(settings.processes)
        self._told, self._tell = os.pipe()
        for file in (self._memory, self._told, self._tell):
            stack.callback(os.close, file)
        self._ready: set[bytes] = set()
        self._failed = False
        files = (listener.fileno(), self._memory, self._tell)
        program = Program("API process", self._arguments, environment, files, self._on_end)
        self._supervisor = Supervisor(settings.processes, program)
        stack.callback(self._supervisor.stop, settings.shutdown_s + _END_S)

    def serve(self, *, ready: Callable[[], None], stopping: Callable[[], None]) -> None:
        """Answer requests until the server must stop; running requests then get time to end.

        Args:
            ready: Called once all processes answer requests.
            stopping: Called when no more connections are accepted; must not block.

        Raises:
            Failure: A process cannot start; the process has printed the reason.
        """
        self._supervisor.start()
        self._wait_until_ready()
        if not self._stop.is_set():
            ready()
        while not self._stop.is_set():
            self._stop.wait(_LONG_S)
        self._listener.close()
        self._supervisor.terminate()
        stopping()
        if self._failed:
            raise Failure("an API process cannot start, and has said why")

    def _wait_until_ready(self) -> None:
        text = b""
        while len(self._ready) < self._settings.processes and not self._stop.is_set():
            self._stop.wait(_LONG_S, self._told)
            if not self._stop.is_set():
                text += os.read(self._told, _READ_BYTES)
                self._ready.update(text.split(b"\n")[:-1])

    def _arguments(self, number: int) -> list[str]:
        given = {"number": number, "listener": self._listener.fileno(), "memory": self._memory, "ready": self._tell}
        options = [part for name, value in given.items() for part in (f"--{name}", str(value))]
        return ["prismd.server.api_process", *options]

    def _on_end(self, number: int, code: int) -> None:
        forget_process(self._memory, number)
        # A process that a signal ended may work after a restart. A process that exits by itself before all processes
        # are ready would fail again.
        if code > 0 and len(self._ready) < self._settings.processes:
            self._failed = True
            self._stop.set()
