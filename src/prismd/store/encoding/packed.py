"""What is kept but seldom read, packed: the rows of imports as they were sent."""

from __future__ import annotations

import zstandard

#: Packs JSON to a sixth and more, faster than PostgreSQL would write what this spares.
_LEVEL = 1


def packed(content: bytes) -> bytes:
    """Return a text in a few bytes.

    Args:
        content: The text.
    """
    return zstandard.compress(content, _LEVEL)


def unpacked(content: bytes) -> bytes:
    """Return the text that was packed; one that an earlier version stored as it was is returned as it is.

    Args:
        content: As stored.
    """
    return zstandard.decompress(content) if content.startswith(zstandard.FRAME_HEADER) else content
