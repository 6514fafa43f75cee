"""Packing of content that is kept but seldom read: the rows of imports as they were sent."""

from __future__ import annotations

import zstandard

#: Packs JSON to a sixth or less, in less time than PostgreSQL would need to write the difference.
_LEVEL = 1


def packed(content: bytes) -> bytes:
    """Return a text, packed.

    Args:
        content: The text.
    """
    return zstandard.compress(content, _LEVEL)


def unpacked(content: bytes) -> bytes:
    """Return a packed text; a text that an earlier version stored unpacked is returned unchanged.

    Args:
        content: The text as stored.
    """
    return zstandard.decompress(content) if content.startswith(zstandard.FRAME_HEADER) else content
