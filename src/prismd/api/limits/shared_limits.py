"""What limits are made of that hold for all API processes of a server: counts, buckets of tokens, and marks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from prismd.api.limits.shared_memory import ROWS, SharedMemory

_NUMBER_BYTES: Final = 8
_COUNT_CELLS: Final = 8_192
#: Whoever sends unknown keys from ever more addresses fills places; so there are many.
_CELLS: Final = 65_536
_NS: Final = 1_000_000_000
_NS_PER_US: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Counts:
    """How much of something each name has under way, in all processes; what a process had goes when it ends.

    Args:
        shared: Where it is kept.
    """

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared
        self._threads = threading.Lock()
        self._here: dict[str, int] = {}
        parts = [part.cast("q") for part in shared.own(ROWS * _COUNT_CELLS * _NUMBER_BYTES)]
        self._mine = parts.pop(shared.number)
        self._others = parts

    def enter(self, name: str, amount: int = 1, *, most: int) -> bool:
        """Count more of a name, unless that were too much; say whether it was counted.

        Args:
            name: Whose it is.
            amount: How much more.
            most: How much it may have under way.
        """
        with self._threads:
            # Counted first: of two processes that come at the same time, both may be refused, but never both let in.
            self._add(name, amount)
            if self.total(name) <= most:
                return True
            self._add(name, -amount)
        return False

    def leave(self, name: str, amount: int = 1) -> None:
        """Take back what was counted."""
        with self._threads:
            self._add(name, -amount)

    def total(self, name: str) -> int:
        """Return how much a name has under way: exactly what it has here, and no less than what it has elsewhere."""
        here = self._here.get(name, 0)
        if not self._others:
            return here
        places = self._shared.places(name, _COUNT_CELLS)
        return here + min(sum(part[place] for part in self._others) for place in places)

    def _add(self, name: str, amount: int) -> None:
        here = self._here.pop(name, 0) + amount
        if here:
            self._here[name] = here
        if self._others:
            for place in self._shared.places(name, _COUNT_CELLS):
                self._mine[place] += amount


class Buckets:
    """A bucket of tokens for each name, which the clock fills; a name that was never seen has a full one.

    What is kept of a bucket is when it will be full, in nanoseconds; so nothing need be done to forget one that is.

    Args:
        shared: Where they are kept.
        tokens: How many a full bucket holds.
        fill_s: Time in which an empty one fills, in seconds.
        now: Returns the time.
    """

    def __init__(self, shared: SharedMemory, *, tokens: float, fill_s: float, now: Callable[[], datetime]) -> None:
        self._shared = shared
        self._now = now
        self._token_ns = max(1, round(fill_s * _NS / tokens))
        self._full_ns = round(self._token_ns * tokens)
        self._cells = shared.common(ROWS * _CELLS * _NUMBER_BYTES).cast("q")

    def take(self, name: str) -> float:
        """Take a token; return 0, or the time until there is one, in seconds, and then none is taken.

        Args:
            name: Whose bucket.
        """
        now = (self._now() - _EPOCH) // timedelta(microseconds=1) * _NS_PER_US
        places = self._shared.places(name, _CELLS)
        with self._shared.alone():
            full_at = max(now, min(self._cells[place] for place in places))
            if full_at - now > self._full_ns + _NS:
                full_at = now  # the clock was put back
            full_at += self._token_ns
            if full_at - now > self._full_ns:
                return (full_at - now - self._full_ns) / _NS
            for place in places:
                self._cells[place] = self._further(self._cells[place], full_at, now)
        return 0.0

    def give_back(self, name: str) -> None:
        """Put back a token that was taken."""
        places = self._shared.places(name, _CELLS)
        with self._shared.alone():
            full_at = min(self._cells[place] for place in places)
            for place in places:
                if self._cells[place] == full_at:
                    self._cells[place] = full_at - self._token_ns

    def _further(self, stands: int, full_at: int, now: int) -> int:
        # Another's bucket, which shares this place, may be emptier; what the clock can no longer mean is written over.
        return full_at if stands - now > self._full_ns + _NS else max(stands, full_at)


class Marks:
    """Names that are known by all processes; very rarely, one counts as marked that never was.

    Args:
        shared: Where they are kept.
    """

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared
        self._cells = shared.common(ROWS * _CELLS)

    def __contains__(self, name: str) -> bool:
        """Say whether a name is marked."""
        return all(self._cells[place] for place in self._shared.places(name, _CELLS))

    def add(self, name: str) -> None:
        """Mark a name."""
        self._put(name, 1)

    def discard(self, name: str) -> None:
        """Take the mark from a name."""
        self._put(name, 0)

    def _put(self, name: str, mark: int) -> None:
        for place in self._shared.places(name, _CELLS):
            self._cells[place] = mark
