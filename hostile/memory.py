"""How much memory each kind of process of a server takes at most, also processes that do not live long."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Final

from bench.processes import PROC, peaks_mib

#: What the kernel forgets the highest amount of resident memory by.
_FORGET_PEAK: Final = "5"
_LOOK_S: Final = 0.2
#: Above this the server is ended, before it takes the machine along.
GIVEN_UP_MIB: Final = 3_072.0
#: By how a command begins, what the process is; all others are PostgreSQL's.
_ROLES: Final = {"prismd serve": "server", "prismd worker": "worker"}
POSTGRES: Final = "PostgreSQL"
ROLES: Final = (*_ROLES.values(), POSTGRES)


class Memory:
    """Watches the processes of a server.

    Args:
        pid: Process id of `prismd serve`.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[str, float] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        #: Set where the server was ended because of what it took.
        self.given_up = threading.Event()
        self._living: set[str] = set()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Watch as long as the block runs."""
        self.ended()
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def forget(self) -> None:
        """Begin to look for peaks anew."""
        with self._lock:
            for name in peaks_mib(self._pid):
                with contextlib.suppress(OSError):  # it ended meanwhile
                    (PROC / str(_pid_in(name)) / "clear_refs").write_text(_FORGET_PEAK)
            self._peaks = {}

    def peaks(self) -> dict[str, float]:
        """Return the peak of the largest process of each kind since they were forgotten, in MiB."""
        self._look()
        return {role: self._peaks.get(role, 0.0) for role in ROLES}

    def ended(self) -> list[str]:
        """Return the servers and workers that have ended since this was asked for last."""
        living = {name for name in peaks_mib(self._pid) if name.startswith(tuple(_ROLES))}
        ended, self._living = sorted(self._living - living), living
        return ended

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_S):
            self._look()

    def _look(self) -> None:
        with self._lock:
            for name, peak in peaks_mib(self._pid).items():
                role = next((role for begin, role in _ROLES.items() if name.startswith(begin)), POSTGRES)
                self._peaks[role] = max(self._peaks.get(role, 0.0), peak)
        if not self.given_up.is_set() and max(self._peaks.values(), default=0) > GIVEN_UP_MIB:
            self.given_up.set()
            for name in peaks_mib(self._pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(_pid_in(name), signal.SIGKILL)


def _pid_in(name: str) -> int:
    return int(name.rpartition("(")[2].rstrip(")"))
