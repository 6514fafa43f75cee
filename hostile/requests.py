"""Requests to a route: a good one but for what a kind makes hostile in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hostile.places import Place
from hostile.routes import Target
from hostile.wire import Request, head

#: So many requests are sent at once.
AT_ONCE: Final = 8
#: Of the largest body, what stays free for what stands around a value.
_MARGIN_BYTES: Final = 2**13
_WHOLE: Final = (b"", b"")


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is sent.

    Args:
        body_bytes_max: Largest body; a route's own limit where that is less.
        sizes: Of further values, in bytes.
        rows: Of an import of hostile rows.
        fat_chars: Of the texts of records that refer to each other.
        every_type: Whether what is about properties is sent for every object type, instead of one.
    """

    body_bytes_max: int
    sizes: tuple[int, ...]
    rows: int
    fat_chars: int
    every_type: bool

    def largest(self, target: Target) -> int:
        """Return the size of the largest value that fits into a body of a route, in bytes."""
        return min(self.body_bytes_max, target.body_bytes_max) - _MARGIN_BYTES


FULL: Final = Scale(64 * 2**20, (100_000,), 5_000, 100_000, every_type=True)
SMALL: Final = Scale(2**18, (2_000,), 300, 1_000, every_type=False)


def request(
    target: Target,
    value: bytes = b"",
    *,
    place: Place = _WHOLE,
    address: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Request:
    """Return a request to a route.

    Args:
        target: The route.
        value: Its body, or what stands at a place of it.
        place: What stands before the value and after it.
        address: Where that is not the good one.
        headers: Beside those of a good request, or instead of them.
    """
    before, after = place
    length = len(before) + len(value) + len(after)
    about = {"content-length": str(length), "content-type": "application/json"} if length else {}
    sent = {"x-api-key": target.key, **about, **(headers or {})}
    # The value is shared by the requests that carry it: it may be as large as the server takes.
    return Request(head(target.method, address or target.address(), sent.items()), lambda: (before, value, after))


def good_body(target: Target) -> bytes:
    """Return a body that a route takes; nothing where it takes none."""
    return b"" if target.body is None else json.dumps(target.body).encode()
