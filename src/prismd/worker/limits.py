"""Limits of one worker process: its memory, and its computing time between two exchanges with PostgreSQL."""

from __future__ import annotations

import faulthandler
import resource
import signal

_MIB = 2**20


class Watch:
    """Ends this process if it computes for too long.

    A timer of the operating system does that, because C code that never returns lets no other Python thread run. The
    timer counts processor time, so a busy machine or a pause ends no process. Before the process ends, it writes its
    stack to standard error.

    Args:
        limit_s: The longest computation between two exchanges with PostgreSQL, in seconds of processor time.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        faulthandler.register(signal.SIGPROF, all_threads=False, chain=True)

    def go(self) -> None:
        """Start the timer, because the process computes from now on."""
        signal.setitimer(signal.ITIMER_PROF, self._limit_s)

    @staticmethod
    def rest() -> None:
        """Stop the timer, because the process waits from now on."""
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_memory(mib: int) -> None:
    """Limit the memory of this process; an allocation beyond the limit raises MemoryError.

    Args:
        mib: The largest size of the process's data, in MiB; 0 sets no limit.
    """
    if mib:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = mib * _MIB if hard == resource.RLIM_INFINITY else min(mib * _MIB, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
