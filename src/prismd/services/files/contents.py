"""The bytes of an uploaded file as a file that can be read anywhere, a part at a time, each in a short transaction."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, Any, Final, Literal, cast

from prismd.core.errors import PrismdError
from prismd.core.files import StoredFile
from prismd.services.session import Session, Transaction
from prismd.store.files import parts

_BUFFER_BYTES: Final = 2**16
_PART_LOST: Final = "the file has been deleted while it was read"


class StoredContent:
    """A file that can be opened, as a path can.

    Args:
        session: The session of the team; no transaction is open while the file is read.
        file: The file.
    """

    def __init__(self, session: Session, file: StoredFile) -> None:
        self._session, self._file = session, file

    @property
    def name(self) -> str:
        """The name of the file."""
        return self._file.name

    def open(self, _mode: Literal["rb"], /) -> IO[bytes]:
        """Return the bytes of the file, from their beginning."""
        raw = _Parts(self._file.received, self._part_at)
        return cast("IO[bytes]", io.BufferedReader(raw, _BUFFER_BYTES))

    def _part_at(self, place: int) -> tuple[int, bytes]:
        found = self._session.do(_read_part, self._file.content_id, place)
        if found is None:
            raise PrismdError("not_found", _PART_LOST)
        return found


def _read_part(transaction: Transaction, content_id: str, place: int) -> tuple[int, bytes] | None:
    return parts.part_at(transaction.connection, transaction.team_id, content_id, place)


class _Parts(io.RawIOBase):
    """Reads parts, and holds the one that was read last.

    Args:
        size: The number of bytes.
        part_at: Returns the part in which a place stands, and where it begins.
    """

    def __init__(self, size: int, part_at: Callable[[int], tuple[int, bytes]]) -> None:
        super().__init__()
        self._size, self._part_at = size, part_at
        self._place = self._start = 0
        self._part = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a place, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            # As other files do; readers of archives rely on it.
            raise OSError(22, "a place before the beginning of the file")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - Python 3.11 has no name for what can be written into
        """Fill a buffer as far as the present part goes, and return the number of bytes."""
        if self._place >= self._size:
            return 0
        if not self._start <= self._place < self._start + len(self._part):
            self._start, self._part = self._part_at(self._place)
        view = memoryview(buffer)
        found = self._part[self._place - self._start :][: len(view)]
        if not found:
            raise PrismdError("not_found", _PART_LOST)
        view[: len(found)] = found
        self._place += len(found)
        return len(found)
