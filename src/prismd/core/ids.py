"""Ids: their form, and a source of ids that sort by time (UUIDv7), from a given clock and given random bits."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

#: Returns a new id with each call.
NewId = Callable[[], str]

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_COUNTER_BITS: Final = 48


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in its usual form, in upper or lower case.

    Args:
        text: Any text.
    """
    return _UUID.fullmatch(text) is not None


class TimeOrderedIds:
    """A source of UUIDv7 texts, each greater than the last, even within one millisecond (RFC 9562, 6.2).

    An id has 48 bits of time, 26 random bits and a counter of 48 bits that starts at random in its lower half. Time and
    random bits are formatted once per millisecond; while time stands still or steps back, only the counter grows.

    Args:
        now_ms: Returns the time, in milliseconds since 1970.
        random_bits: Returns that many random bits as an integer.
    """

    def __init__(self, now_ms: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ms = now_ms
        self._random_bits = random_bits
        self._last_ms = -1
        self._head = ""
        self._counter = 0

    def __call__(self) -> str:
        """Return a new id."""
        now_ms = self._now_ms()
        if now_ms > self._last_ms:
            self._start(now_ms)
        else:
            self._counter += 1
        return f"{self._head}{self._counter:012x}"

    def _start(self, now_ms: int) -> None:
        self._last_ms = now_ms
        time, high, low = f"{now_ms:012x}", self._random_bits(12), self._random_bits(14)
        # The digits 7 and 8 to b are the version and the variant.
        self._head = f"{time[:8]}-{time[8:]}-7{high:03x}-{0x8000 | low:04x}-"
        self._counter = self._random_bits(_COUNTER_BITS - 1)
