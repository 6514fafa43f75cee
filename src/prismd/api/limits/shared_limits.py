"""Building blocks of limits that all API processes of a server share: counters, token buckets, and sets of names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from prismd.api.limits.shared_memory import ROWS, SharedMemory

_NUMBER_BYTES: Final = 8
_COUNT_CELLS: Final = 8_192
#: An attacker who sends unknown keys from ever more addresses fills cells, so the table has many.
_CELLS: Final = 65_536
_NS: Final = 1_000_000_000
_NS_PER_US: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Counts:
    """Counters by name, summed over all processes; the part of a process disappears when the process ends.

    Args:
        shared: Memory that holds the counters.
    """

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared
        self._threads = threading.Lock()
        self._here: dict[str, int] = {}
        parts = [part.cast("q") for part in shared.own(ROWS * _COUNT_CELLS * _NUMBER_BYTES)]
        self._mine = parts.pop(shared.number)
        self._others = parts

    def enter(self, name: str, amount: int = 1, *, most: int) -> bool:
        """Add to the counter of a name, unless it would exceed a limit, and return whether it was added.

        Args:
            name: The name.
            amount: The amount to add.
            most: The limit of the counter.
        """
        with self._threads:
            # Add first, then check: two simultaneous processes can both be refused, but never both be let in.
            self._add(name, amount)
            if self.total(name) <= most:
                return True
            self._add(name, -amount)
        return False

    def leave(self, name: str, amount: int = 1) -> None:
        """Subtract from the counter of a name."""
        with self._threads:
            self._add(name, -amount)

    def total(self, name: str) -> int:
        """Return the counter of a name: exact for this process, and at least the true count for the others."""
        here = self._here.get(name, 0)
        if not self._others:
            return here
        positions = self._shared.positions(name, _COUNT_CELLS)
        return here + min(sum(part[position] for part in self._others) for position in positions)

    def _add(self, name: str, amount: int) -> None:
        here = self._here.pop(name, 0) + amount
        if here:
            self._here[name] = here
        if self._others:
            for position in self._shared.positions(name, _COUNT_CELLS):
                self._mine[position] += amount


class Buckets:
    """Token buckets by name, which the clock refills; a new name has a full bucket.

    A bucket is stored as the time at which it will be full, in nanoseconds. So a full bucket needs no clean-up.

    Args:
        shared: Memory that holds the buckets.
        tokens: Tokens in a full bucket.
        fill_s: Time in which an empty bucket fills, in seconds.
        now: Returns the time.
    """

    def __init__(self, shared: SharedMemory, *, tokens: float, fill_s: float, now: Callable[[], datetime]) -> None:
        self._shared = shared
        self._now = now
        self._token_ns = max(1, round(fill_s * _NS / tokens))
        self._full_ns = round(self._token_ns * tokens)
        self._cells = shared.common(ROWS * _CELLS * _NUMBER_BYTES).cast("q")

    def take(self, name: str) -> float:
        """Take a token and return 0; or take none and return the seconds until the next one.

        Args:
            name: Name of the bucket.
        """
        now = (self._now() - _EPOCH) // timedelta(microseconds=1) * _NS_PER_US
        positions = self._shared.positions(name, _CELLS)
        with self._shared.alone():
            full_at = max(now, min(self._cells[position] for position in positions))
            if full_at - now > self._full_ns + _NS:
                full_at = now  # the clock was set back
            full_at += self._token_ns
            if full_at - now > self._full_ns:
                return (full_at - now - self._full_ns) / _NS
            for position in positions:
                self._cells[position] = self._further(self._cells[position], full_at, now)
        return 0.0

    def give_back(self, name: str) -> None:
        """Put back a token that was taken."""
        positions = self._shared.positions(name, _CELLS)
        with self._shared.alone():
            full_at = min(self._cells[position] for position in positions)
            for position in positions:
                if self._cells[position] == full_at:
                    self._cells[position] = full_at - self._token_ns

    def _further(self, current: int, full_at: int, now: int) -> int:
        # Another name with this cell may have an emptier bucket, so keep the later time. A time that is too far ahead
        # was written before the clock was set back, so overwrite it.
        return full_at if current - now > self._full_ns + _NS else max(current, full_at)


class Marks:
    """A set of names that all processes share; very rarely, it contains a name that was never added.

    Args:
        shared: Memory that holds the set.
    """

    def __init__(self, shared: SharedMemory) -> None:
        self._shared = shared
        self._cells = shared.common(ROWS * _CELLS)

    def __contains__(self, name: str) -> bool:
        """Say whether a name is marked."""
        return all(self._cells[position] for position in self._shared.positions(name, _CELLS))

    def add(self, name: str) -> None:
        """Mark a name."""
        self._put(name, 1)

    def discard(self, name: str) -> None:
        """Remove the mark of a name."""
        self._put(name, 0)

    def _put(self, name: str, mark: int) -> None:
        for position in self._shared.positions(name, _CELLS):
            self._cells[position] = mark
