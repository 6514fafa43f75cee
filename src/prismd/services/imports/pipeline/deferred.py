"""Deferred work: what a chunk needs later is queued, and made while PostgreSQL works.

The invariant
    Whoever asks for a deferred value gets the same value or error, however much of the queue was worked off before.

Before
    What is deferred takes a few milliseconds at most, sends nothing to PostgreSQL, and depends only on what is settled
    when it is deferred, and on what was deferred before it. The values are asked for in the order of the queue, or need
    each other through :class:`Once` alone.

After
    Each value was made once at most. An error waits for the caller who asks for its value.

Why the outcome cannot differ
    1. A :class:`Once` makes its value once and keeps it, whether the queue or a caller comes first.
    2. The queue is worked off from its front, which is the order in which the plain path makes the values.
    3. A chunk that fails leaves its queue behind, and nobody asks for those values: the next chunk empties it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from prismd.core.once import Once

_Value = TypeVar("_Value")


class DeferredWork:
    """A queue of values that will be asked for."""

    def __init__(self) -> None:
        self._queue: deque[Once[Any]] = deque()

    def add(self, values: Iterable[Once[Any]]) -> None:
        """Defer the making of values, in their order."""
        self._queue.extend(values)

    def later(self, make: Callable[[], _Value]) -> Once[_Value]:
        """Defer a computation, and return its value to be.

        Args:
            make: Takes a few milliseconds at most.
        """
        value = Once(make)
        self._queue.append(value)
        return value

    def clear(self) -> None:
        """Forget what nobody will ask for."""
        self._queue.clear()

    def go_on(self) -> bool:
        """Make the next value, and say whether there was any."""
        if not self._queue:
            return False
        self._queue.popleft().settle()
        return True
