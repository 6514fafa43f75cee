"""The log of the embedded PostgreSQL: kept beside the one before it, and cut where it has grown."""

from __future__ import annotations

import os
import stat
from typing import Final

from prismd.embedded.as_owner import done_as, opened_as
from prismd.embedded.owned_files import OwnedFiles

#: The log, and what stood in it before.
LOG: Final = "postgres.log"
FORMER_LOG: Final = "postgres.log.1"

_COPIED_BYTES: Final = 2**20


class PostgresLog:
    """The log in a data directory, which belongs to whom the directory belongs to.

    PostgreSQL only inherits the open file, and adds to its end: so whoever gets into PostgreSQL can name no other.

    Args:
        files: The data directory.
        bytes_max: Size at which the log is cut.
    """

    def __init__(self, files: OwnedFiles, bytes_max: int) -> None:
        self._files = files
        self._most = bytes_max
        self._opened: int | None = None

    def begin(self) -> int:
        """Return the descriptor of a new log, which the caller does not close; the one before it is kept."""
        self.close()
        path, former = self._files.base / LOG, self._files.base / FORMER_LOG
        if self._is_ours():
            done_as(self._files.keeper, lambda: os.rename(path, former))  # noqa: PTH104 - returns nothing, as it must here
        self._opened = self._files.new_file(LOG, access=os.O_RDWR | os.O_APPEND)
        return self._opened

    def end(self) -> bytes:
        """Return the last 64 KiB of the log."""
        return self._files.read(self._files.keeper, self._files.base / LOG)

    def cut(self) -> None:
        """Begin the log anew where it has grown, and keep what it was.

        PostgreSQL goes on with the file that it has, so what is in it is copied. What it adds between the last look and
        the cut is lost: a line at most.

        Raises:
            OSError: What it was cannot be kept.
        """
        if self._opened is None:
            # PostgreSQL was started by a prismd that was killed.
            self._opened = opened_as(self._files.keeper, self._files.base / LOG, os.O_RDWR)
        if os.fstat(self._opened).st_size <= self._most:
            return
        try:
            self._keep(self._opened)
        finally:
            # Whatever came of that, for want of room most of all.
            os.ftruncate(self._opened, 0)

    def close(self) -> None:
        """Let go of the log."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None

    def _keep(self, opened: int) -> None:
        with os.fdopen(self._files.new_file(FORMER_LOG), "wb") as former:
            while part := os.pread(opened, _COPIED_BYTES, former.tell()):
                former.write(part)

    def _is_ours(self) -> bool:
        # Another user may have left a file, or a link to one, in a directory that was theirs before.
        try:
            found = (self._files.base / LOG).lstat()
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_uid == self._files.keeper.uid and found.st_nlink == 1
