"""A directory that root holds fast: reached without links of others, and the same one whatever becomes of its path."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections import deque
from pathlib import Path
from typing import Final

#: As many links in a row as Linux follows.
_LINKS_MAX: Final = 40
_HOLD: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ForeignLinkError(OSError):
    """A part of a path is a symbolic link of somebody else, who could lead root wherever they like."""


def pinned(path: Path, *, mode: int) -> int:
    """Return a descriptor of a directory, which is made where there is none; for root.

    ``/proc/self/fd/N`` then is a path to it that nobody can turn to another place.

    Args:
        path: The directory.
        mode: Of the directory, where it is made; those above it get what directories usually get.

    Raises:
        ForeignLinkError: Somebody other than root laid a link there.
        OSError: It cannot be reached or made.
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
    """Return where a directory is by now."""
    return path_by(descriptor).readlink()


def path_by(descriptor: int) -> Path:
    """Return a path that leads to a directory through its descriptor, in this process and in those that inherit it."""
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
        with contextlib.suppress(FileExistsError):  # somebody else was quicker
            os.mkdir(name, mode, dir_fd=directory)
        found = os.open(name, _HOLD, dir_fd=directory)
    os.close(directory)
    return found
