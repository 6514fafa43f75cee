"""Processes as /proc shows them, and signals that reach the one that was meant or nobody."""

from __future__ import annotations

import contextlib
import os
import select
import signal


class Target:
    """A process that is to be signalled, now or later; once it has ended, no other process gets its signals.

    Args:
        pid: Its process id.

    Raises:
        ProcessLookupError: It has ended already.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def ended(self) -> bool:
        """Say whether the process has ended."""
        return bool(select.select([self._handle], [], [], 0)[0])

    def close(self) -> None:
        """Forget the process."""
        os.close(self._handle)
