"""The log of the embedded PostgreSQL: the previous one is kept beside it, and it is cut when it grows too large."""

from __future__ import annotations

import os
import stat
from typing import Final

from prismd.embedded.as_owner import done_as, opened_as
from prismd.embedded.owned_files import OwnedFiles

#: The log, and its content before the last start or cut.
LOG: Final = "postgres.log"
FORMER_LOG: Final = "postgres.log.1"

_COPIED_BYTES: Final = 2**20


class PostgresLog:
    """The log in a data directory; it belongs to the owner of the directory.

    PostgreSQL inherits the open file and appends to it. So an attacker inside PostgreSQL cannot name another file.

    Args:
        files: The data directory.
        bytes_max: Size at which the log is cut.
    """

    def __init__(self, files: OwnedFiles, bytes_max: int) -> None:
        self._files = files
        self._most = bytes_max
        self._opened: int | None = None

    def begin(self) -> int:
        """Return the descriptor of a new log, which the caller does not close; the previous log is kept."""
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
        """Cut the log to nothing if it has grown too large, and keep its content as the previous log.

        PostgreSQL keeps writing to the same file, so its content is copied. A line that PostgreSQL appends between the
        copy and the cut is lost.

        Raises:
            OSError: The content cannot be kept.
        """
        if self._opened is None:
            # A prismd that was killed started this PostgreSQL.
            self._opened = opened_as(self._files.keeper, self._files.base / LOG, os.O_RDWR)
        if os.fstat(self._opened).st_size <= self._most:
            return
        try:
            self._keep(self._opened)
        finally:
            # Cut even if the copy failed: the usual reason is a full disk, which the cut relieves.
            os.ftruncate(self._opened, 0)

    def close(self) -> None:
        """Close the log."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None

    def _keep(self, opened: int) -> None:
        with os.fdopen(self._files.new_file(FORMER_LOG), "wb") as former:
            while part := os.pread(opened, _COPIED_BYTES, former.tell()):
                former.write(part)

    def _is_ours(self) -> bool:
        # A former owner of the directory could have left a file of its own, or a link, under this name.
        try:
            found = (self._files.base / LOG).lstat()
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_uid == self._files.keeper.uid and found.st_nlink == 1
