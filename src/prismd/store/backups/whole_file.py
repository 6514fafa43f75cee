"""An output file that appears only when complete, that only its owner can read, and that never replaces another."""

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
    """Yield the descriptor of a new file; it gets its name if the block succeeds, and is deleted if it fails.

    Under root, links of other users on the path are not followed. An existing file is never touched.

    Args:
        path: The file's path.

    Raises:
        FileExistsError: Something with that name exists.
        OSError: The file cannot be written.
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
    """Yield the descriptor of a regular file to read.

    Args:
        path: The file's path. Under root, links of other users on the path are not followed.

    Raises:
        OSError: The file cannot be read, or is not a regular file.
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
        # Unlike a rename, a link never replaces another file.
        os.link(part, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The file system has no links: reserve the name first, then rename the file to it.
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ALONE, dir_fd=directory))
        os.rename(part, name, src_dir_fd=directory, dst_dir_fd=directory)


def _sync(directory: int) -> None:
    # A directory opened with O_PATH cannot be synced, so open it again.
    with suppress(OSError):
        file = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=directory)
        try:
            os.fsync(file)
        finally:
            os.close(file)
