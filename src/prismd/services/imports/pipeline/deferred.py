"""Deferred work: values that a chunk needs later are queued, and computed while PostgreSQL works.

The invariant
    A caller gets the same deferred value or error, regardless of how much of the queue is done already.

Before
    A deferred computation takes a few milliseconds at most, sends nothing to PostgreSQL, and depends only on values
    that exist when it is deferred and on earlier deferred values. Callers ask for values in the order of the queue, or
    values use each other only through :class:`Once`.

After
    Each value is computed at most once. An error waits for the caller that asks for its value.

Why the outcome cannot differ
    1. A :class:`Once` computes its value once and keeps it, whether the queue or a caller comes first.
    2. The queue is processed from its front, in the order in which the plain path computes the values.
    3. If a chunk fails, its queue remains, but no caller asks for those values: the next chunk clears it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from prismd.core.once import Once

_Value = TypeVar("_Value")


class DeferredWork:
    """A queue of values that callers will ask for."""

    def __init__(self) -> None:
        self._queue: deque[Once[Any]] = deque()

    def add(self, values: Iterable[Once[Any]]) -> None:
        """Defer the computation of values, in their order."""
        self._queue.extend(values)

    def later(self, make: Callable[[], _Value]) -> Once[_Value]:
        """Defer a computation, and return its future value.

        Args:
            make: The computation, which takes a few milliseconds at most.
        """
        value = Once(make)
        self._queue.append(value)
        return value

    def clear(self) -> None:
        """Drop the values of an earlier chunk, which no caller will ask for."""
        self._queue.clear()

    def go_on(self) -> bool:
        """Compute the next value; return False if the queue is empty."""
        if not self._queue:
            return False
        self._queue.popleft().settle()
        return True
