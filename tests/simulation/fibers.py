"""Work that can be put aside between any two calls to the database, with one piece of it running at a time.

Each fiber has a thread of its own, but hands the one baton back whenever it pauses; so nothing ever runs at the same
time as anything else, and the same choices lead to the same run.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Abandoned(BaseException):
    """Unwinds a fiber whose simulation is over; no exception handler of the code under test may stop it."""


class Fiber:
    """One piece of work under way.

    Args:
        name: For the log.
        work: What it does; what it returns is of no interest, and what it raises is raised by :meth:`resume`.
    """

    def __init__(self, name: str, work: Callable[[], object]) -> None:
        self.name = name
        self.ended = False
        self._work = work
        self._error: BaseException | None = None
        self._abandoned = False
        self._mine, self._theirs = threading.Lock(), threading.Lock()
        self._mine.acquire()
        self._theirs.acquire()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def resume(self) -> None:
        """Let the work go on until it pauses or ends."""
        self._mine.release()
        self._theirs.acquire()
        if self.ended:
            self._thread.join()
        if self._error and not isinstance(self._error, Abandoned):
            raise self._error

    def pause(self) -> None:
        """Give the baton back until somebody resumes; called by the work itself."""
        self._theirs.release()
        self._mine.acquire()
        if self._abandoned:
            raise Abandoned

    def abandon(self) -> None:
        """End the work wherever it stands."""
        self._abandoned = True
        while not self.ended:
            self.resume()

    def _run(self) -> None:
        self._mine.acquire()
        try:
            if not self._abandoned:
                self._work()
        except BaseException as error:  # noqa: BLE001 - raised again where the fiber is resumed
            self._error = error
        self.ended = True
        self._theirs.release()
