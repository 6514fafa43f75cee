"""The resident memory of processes while something runs, looked at every half second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from bench import processes

LOOK_EVERY_S: Final = 0.5


@contextmanager
def watched(roots: Callable[[], Mapping[int, str]], every_s: float = LOOK_EVERY_S) -> Iterator[dict[str, float]]:
    """Give the peaks of processes and of their descendants, in MiB by name, which are complete after the block.

    Args:
        roots: Returns the processes to look at, by id, with the name that they and their descendants get.
        every_s: Seconds between two looks.
    """
    peaks, over = dict[str, float](), threading.Event()

    def look() -> None:
        while True:
            for name, mib in processes.resident_mib(roots()):
                peaks[name] = max(mib, peaks.get(name, 0))
            if over.wait(every_s):
                return

    thread = threading.Thread(target=look, name="memory")
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()
