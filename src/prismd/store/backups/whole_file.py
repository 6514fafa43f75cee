"""A file of output that comes into being whole, is its owner's alone, and never takes the place of another."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from prismd.embedded.pinned_directories import pinned

_OWNER_ALONE: Final = 0o600
_HOLD: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


@contextmanager
def whole_file(path: Path) -> Iterator[int]:
    """Give the descriptor of a new file, which gets its name when the block ends well, and is gone if it does not.

    Where root writes, links of others on the way to it are not followed, and whatever is there already is left alone.

    Args:
        path: The file.

    Raises:
        FileExistsError: The name is taken, by whatever it may be.
        OSError: It cannot be written.
    """
    directory = _held(path.parent)
    try:
        _check_free(path.name, directory)
        part = f"{path.name}.{secrets.token_hex(4)}.part"
        file = os.open(
            part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _OWNER_ALONE, dir_fd=directory
        )
        try:
            os.fchmod(file, _OWNER_ALONE)
            yield file
            os.fsync(file)
            _name(part, path.name, directory)
        finally:
            os.close(file)
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=directory)
        _sync(directory)
    finally:
        os.close(directory)


@contextmanager
def existing_file(path: Path) -> Iterator[int]:
    """Give the descriptor of a regular file to read.

    Args:
        path: The file. Where root reads, links of others on the way to it are not followed.

    Raises:
        OSError: It cannot be read, or is something else than a regular file.
    """
    directory = _held(path.parent)
    try:
        links = os.O_NOFOLLOW if os.geteuid() == 0 else 0
        file = os.open(path.name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | links, dir_fd=directory)
    finally:
        os.close(directory)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        yield file
    finally:
        os.close(file)


def _held(directory: Path) -> int:
    if os.geteuid() != 0:
        return os.open(directory, _HOLD)
    if not directory.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(directory))
    return pinned(directory, mode=0o700)


def _check_free(name: str, directory: int) -> None:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=directory, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _name(part: str, name: str, directory: int) -> None:
    try:
        # Unlike a renaming, this never takes the place of another file.
        os.link(part, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links: the name is taken first, and then given to the file.
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ALONE, dir_fd=directory))
        os.rename(part, name, src_dir_fd=directory, dst_dir_fd=directory)


def _sync(directory: int) -> None:
    # A directory held by path alone cannot be synced; it is opened once more by itself.
    with suppress(OSError):
        file = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
        try:
            os.fsync(file)
        finally:
            os.close(file)
