"""The request to stop a process, sent by a signal: code can poll it, and it wakes waiting code."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType
from typing import Final

#: SIGHUP comes when a terminal is closed. A process that must outlive its terminal, as under nohup, ignores it.
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stop:
    """A flag that a signal or a call sets once; safe in a signal handler, because it takes no lock."""

    def __init__(self) -> None:
        self._is_set = False
        self._asleep, self._alarm = socket.socketpair()
        self._alarm.setblocking(False)  # noqa: FBT003 - the socket's own signature

    def on_signals(self) -> None:
        """Set the flag on SIGTERM, SIGINT (Ctrl-C) and SIGHUP (the terminal was closed) from now on."""
        for number in _SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def set(self) -> None:
        """Ask to stop."""
        if not self._is_set:
            self._is_set = True
            self._alarm.send(b"!")

    def is_set(self) -> bool:
        """Say whether a stop was requested."""
        return self._is_set

    def wait(self, timeout_s: float, also: int | None = None) -> None:
        """Wait until a stop is requested, a file becomes readable, or the time is over.

        Args:
            timeout_s: The longest wait, in seconds.
            also: Descriptor of the file; None for no file.
        """
        files = [self._asleep.fileno(), *([] if also is None else [also])]
        select.select(files, [], [], timeout_s)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.set()
