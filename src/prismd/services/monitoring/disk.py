"""Free space on the disk of this machine that holds the database."""

from __future__ import annotations

from typing import Final

from prismd.core.findings import Finding, Level

_GIB: Final = 2**30
_FREE_MIN: Final = _GIB
_FREE_SHARE: Final = 0.1


def judge_disk(path: str, free: int, total: int) -> Finding:
    """Judge the free space on the disk that holds the database.

    Args:
        path: Path of the database's directory.
        free: Free bytes.
        total: Size of the disk in bytes.
    """
    told = f"{free / _GIB:,.1f} of {total / _GIB:,.1f} GiB are free at {path}"
    if free >= max(_FREE_MIN, total * _FREE_SHARE):
        return Finding("disk", Level.OK, told)
    advice = "make room: where the disk is full nothing is written, and once there is room all goes on"
    return Finding("disk", Level.ERROR if free < _FREE_MIN else Level.WARNING, told, advice)
