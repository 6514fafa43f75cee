"""What one worker process may take before it is ended: computation without a word to PostgreSQL, and memory."""

from __future__ import annotations

import faulthandler
import resource
import signal

_MIB = 2**20


class Watch:
    """Ends this process where it computes for longer than it may, whatever it computes.

    A timer of the system does it, because code in C that never comes back lets no other thread of Python run. The timer
    counts the time of the processor, so a busy machine or a pause ends nobody. Before the process ends it writes to
    standard error where it stood.

    Args:
        limit_s: Longest computation between two exchanges with PostgreSQL, in seconds of the processor.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
        faulthandler.register(signal.SIGPROF, all_threads=False, chain=True)

    def go(self) -> None:
        """Begin to measure: from here on the process computes."""
        signal.setitimer(signal.ITIMER_PROF, self._limit_s)

    @staticmethod
    def rest() -> None:
        """Stop measuring: from here on the process waits for something else."""
        signal.setitimer(signal.ITIMER_PROF, 0)


def limit_memory(mib: int) -> None:
    """Let this process have no more memory than so much; what needs more fails with MemoryError.

    Args:
        mib: Data of the process, in MiB; 0 sets no limit.
    """
    if mib:
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        most = mib * _MIB if hard == resource.RLIM_INFINITY else min(mib * _MIB, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
