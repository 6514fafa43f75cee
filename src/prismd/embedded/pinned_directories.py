"""A directory that root keeps open: other users' links cannot redirect the path to it, now or later."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections import deque
from pathlib import Path
from typing import Final

#: The most links in a row, the same number as in Linux.
_LINKS_MAX: Final = 40
_HOLD: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ForeignLinkError(OSError):
    """A part of a path is a symbolic link of another user, who could redirect root to any directory."""


def pinned(path: Path, *, mode: int) -> int:
    """Return a descriptor of a directory, for root; a missing directory is made.

    ``/proc/self/fd/N`` is then a path to it that nobody can redirect.

    Args:
        path: The directory.
        mode: Mode of a new directory; new directories above it get the usual mode.

    Raises:
        ForeignLinkError: A part of the path is a link of another user than root.
        OSError: The directory cannot be reached or made.
    """
    parts = deque(Path(os.path.abspath(path)).parts[1:])  # noqa: PTH100 - `..` is no matter of links here
    links = 0
    held = os.open("/", _HOLD)
    try:
        while parts:
            name = parts.popleft()
            target = _link(name, held, path)
            if target is not None:
                links += 1
                _check_links(links, path)
                parts.extendleft(reversed(Path(target).parts))
                continue
            held = _stepped(held, name, mode=0o777 if parts else mode)
    except BaseException:
        os.close(held)
        raise
    return held


def path_of(descriptor: int) -> Path:
    """Return the path that a directory has now."""
    return path_by(descriptor).readlink()


def path_by(descriptor: int) -> Path:
    """Return a path to a directory through its descriptor, for this process and those that inherit the descriptor."""
    return Path(f"/proc/self/fd/{descriptor}")


def _check_links(links: int, path: Path) -> None:
    if links > _LINKS_MAX:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def _link(name: str, directory: int, path: Path) -> str | None:
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISLNK(found.st_mode):
        return None
    if found.st_uid != 0:
        link = path_of(directory) / name
        raise ForeignLinkError(errno.ELOOP, f"{link} is a symbolic link that does not belong to root", str(path))
    return os.readlink(name, dir_fd=directory)


def _stepped(directory: int, name: str, *, mode: int) -> int:
    try:
        found = os.open(name, _HOLD, dir_fd=directory)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):  # another process was quicker
            os.mkdir(name, mode, dir_fd=directory)
        found = os.open(name, _HOLD, dir_fd=directory)
    os.close(directory)
    return found
