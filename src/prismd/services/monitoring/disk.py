"""Whether there is room for the database on the disk of this machine."""

from __future__ import annotations

from typing import Final

from prismd.core.findings import Finding, Level

_GIB: Final = 2**30
_FREE_MIN: Final = _GIB
_FREE_SHARE: Final = 0.1


def judge_disk(place: str, free: int, total: int) -> Finding:
    """Return what is to be said of the room where the database is.

    Args:
        place: The directory.
        free: Bytes that are free.
        total: Bytes that there are.
    """
    told = f"{free / _GIB:,.1f} of {total / _GIB:,.1f} GiB are free at {place}"
    if free >= max(_FREE_MIN, total * _FREE_SHARE):
        return Finding("disk", Level.OK, told)
    advice = "make room: where the disk is full nothing is written, and once there is room all goes on"
    return Finding("disk", Level.ERROR if free < _FREE_MIN else Level.WARNING, told, advice)
