"""The memory of the machine or container, and the share for PostgreSQL's buffers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_SHARE: Final = 8
_LEAST_MIB: Final = 128
_MOST_MIB: Final = 2_048
_MIB: Final = 2**20

_GROUPS: Final = Path("/proc/self/cgroup")
#: Controller in /proc -> folder and file of the limit of a control group; version 2 names no controller.
_LIMITS: Final = {"": ("", "memory.max"), "memory": ("memory", "memory.limit_in_bytes")}


def buffers_mib(memory_mib: int) -> int:
    """Return the size of PostgreSQL's buffers, in MiB.

    The size is an eighth of the memory. Together with the system's own cache, the keys of ten million records then fit
    into a small machine.

    Args:
        memory_mib: The whole memory, in MiB.
    """
    return min(max(memory_mib // _SHARE, _LEAST_MIB), _MOST_MIB)


def memory_mib(groups: Path = _GROUPS, limits: Path = Path("/sys/fs/cgroup")) -> int:
    """Return the memory that this process and its children can use, in MiB: the machine's, or less in a container.

    Args:
        groups: The file that lists the control groups of this process.
        limits: The directory of the groups' limits.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *_group_limits(groups, limits)]) // _MIB


def _group_limits(groups: Path, limits: Path) -> Iterator[int]:
    try:
        lines = groups.read_text().splitlines()
    except OSError:
        return  # not Linux, so the system has no control groups
    for line in lines:
        _, controllers, group = line.split(":", 2)
        for controller in _LIMITS.keys() & {*controllers.split(",")}:
            folder, file = _LIMITS[controller]
            # A container can see its own group as the root under any name, so look at every level.
            path = Path(group.lstrip("/"))
            for level in (path, *path.parents):
                with contextlib.suppress(OSError, ValueError):  # this level has no limit, or the file says "max"
                    yield int((limits / folder / level / file).read_text())
