"""Pieces of a file's bytes, from which its profile is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A piece of a file.

    Args:
        start: The position of its first byte in the file, from 0.
        data: Its bytes; it may be cut anywhere.
        ends: Whether the file ends with it.
    """

    start: int
    data: bytes
    ends: bool
