"""Ids that sort by time (UUIDv7), made from a clock and a source of random bits that are passed in."""

from __future__ import annotations

from collections.abc import Callable

#: Makes a new id each time it is called.
NewId = Callable[[], str]

_VERSION_7 = 0x7 << 76
_VARIANT = 0x2 << 62


class TimeOrderedIds:
    """A source of UUIDv7 texts, each greater than the one before, also within one millisecond (RFC 9562, 6.2).

    Args:
        now_ms: Returns the time, in milliseconds since 1970.
        random_bits: Returns that many random bits as an integer.
    """

    def __init__(self, now_ms: Callable[[], int], random_bits: Callable[[int], int]) -> None:
        self._now_ms = now_ms
        self._random_bits = random_bits
        self._last = 0
        self._last_ms = -1

    def __call__(self) -> str:
        """Return a new id."""
        # 48 bits of time and 74 random ones, drawn once a millisecond; while time stands still or steps back, count on.
        now_ms = self._now_ms()
        if now_ms > self._last_ms:
            self._last_ms = now_ms
            self._last = (now_ms << 74) | self._random_bits(73)
        else:
            self._last += 1
        value = self._last
        time_and_high, low = value >> 62, value & 0x3FFF_FFFF_FFFF_FFFF
        uuid = ((time_and_high >> 12) << 80) | _VERSION_7 | ((time_and_high & 0xFFF) << 64) | _VARIANT | low
        text = f"{uuid:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
