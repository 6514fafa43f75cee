"""The files of a data directory: each is made, read and removed with the rights of its owner."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner, done_as, opened_as
from prismd.embedded.owners import Owners, user_name

_TAIL_BYTES: Final = 65_536


class OwnedFiles:
    """The files of a directory.

    Args:
        path: The directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: The path by which processes reach the directory; for root, a path that nobody can redirect.
        self.base = path
        self._owners: Owners | None = None

    @property
    def keeper(self) -> Owner:
        """The owner of the directory."""
        return self._known().keeper

    @property
    def runner(self) -> Owner:
        """The user that runs PostgreSQL and owns the cluster."""
        return self._known().runner

    @property
    def divided(self) -> bool:
        """Whether root owns the directory and another user, which can change nothing else in it, runs PostgreSQL."""
        return self.keeper != self.runner

    def read(self, reader: Owner, path: Path) -> bytes:
        """Return the last 64 KiB of a file; empty if it cannot be read.

        Args:
            reader: The file's owner, with whose rights it is read.
            path: The file.
        """
        try:
            file = opened_as(reader, path, os.O_RDONLY)
        except OSError:
            return b""
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                return b""
            opened.seek(max(0, os.fstat(file).st_size - _TAIL_BYTES))
            return opened.read()

    def new_file(self, name: str, *, access: int = os.O_WRONLY, readable: bool = False) -> int:
        """Return the descriptor of a new file of the directory's owner; it replaces a file of that name.

        Args:
            name: The file's name in the directory.
            access: Flag of ``os.open``.
            readable: Whether the user that runs PostgreSQL can read the file.
        """
        path = self.base / name
        done_as(self.keeper, lambda: path.unlink(missing_ok=True))
        file = opened_as(self.keeper, path, access | os.O_CREAT | os.O_EXCL)
        if readable and self.divided:
            os.fchown(file, -1, self.runner.gid)
            os.fchmod(file, 0o640)
        return file

    def own_directory(self, name: str) -> None:
        """Make a directory of the user that runs PostgreSQL, if it does not exist.

        Args:
            name: The directory's name in the data directory.
        """
        path = self.base / name
        done_as(self.keeper, lambda: path.mkdir(mode=0o700, exist_ok=True))
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {self.keeper.uid, self.runner.uid}:
            raise DatabaseUnusableError(
                f"{self.path / name} is not a directory of {user_name(self.runner.uid)}'s: remove it and start again"
            )
        if self.divided and found.st_uid != self.runner.uid:
            # The directory is new, and only root could have replaced it.
            os.chown(path, self.runner.uid, self.runner.gid, follow_symlinks=False)

    def remove(self, name: str) -> None:
        """Remove a file, or a directory with its content; the content is removed with the rights of its owner.

        Args:
            name: The name of the file or directory in the data directory.
        """
        path = self.base / name
        if not stat.S_ISDIR(path.lstat().st_mode):
            done_as(self.keeper, path.unlink)
            return
        done_as(self.owner_of(path) if self.divided else self.keeper, lambda: _empty(path))
        done_as(self.keeper, path.rmdir)

    def names(self) -> list[str]:
        """Return the names in the directory."""
        return done_as(self.keeper, lambda: os.listdir(self.base))  # noqa: PTH208 - only names can pass from one process to another

    def owner_of(self, path: Path) -> Owner:
        """Return the owner of a file or directory in the data directory."""
        found = path.lstat()
        return Owner(found.st_uid, found.st_gid, borrowed=found.st_uid != 0, name=user_name(found.st_uid))

    def _known(self) -> Owners:
        assert self._owners is not None  # noqa: S101 - callers prepare the directory first
        return self._owners


def _empty(directory: Path) -> None:
    for entry in os.scandir(directory):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            Path(entry.path).unlink()
