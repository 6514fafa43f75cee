"""The rows of a first pass through a file, kept for the second one, so that they are not read and made twice."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from typing import IO, Final

import msgspec

from prismd.files.limits import MEBIBYTE
from prismd.files.rows import FileRow

#: The most bytes that are kept; the rows of a larger file are made again.
KEPT_BYTES_MAX: Final = 512 * MEBIBYTE
#: The most rows, and about the most bytes, that are held before they are written.
_HELD_ROWS_MAX: Final = 500
_HELD_BYTES_MAX: Final = MEBIBYTE

_LENGTH: Final = struct.Struct(">I")
_ENCODE: Final = msgspec.msgpack.Encoder().encode
_DECODE: Final = msgspec.msgpack.Decoder(list[FileRow]).decode


class KeptRows:
    """Rows in a temporary file without a name.

    Args:
        bytes_max: The most bytes of the file; if there are more, no row is kept.
    """

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._file: IO[bytes] | None = None
        self._held, self._held_bytes = list[FileRow](), 0
        self._bytes, self._bytes_max = 0, bytes_max
        self._wanted = True

    def keep(self, row: FileRow) -> None:
        """Keep the next row, as long as there is room for it.

        Args:
            row: The row.
        """
        if not self._wanted:
            return
        self._held.append(row)
        self._held_bytes += len(row.wire or b"")
        if len(self._held) >= _HELD_ROWS_MAX or self._held_bytes >= _HELD_BYTES_MAX:
            self._write()

    def all_kept(self) -> bool:
        """Return whether every row is kept; to be asked after the last one."""
        if self._wanted and self._held:
            self._write()
        return self._wanted

    def rows(self) -> Iterator[FileRow]:
        """Yield all rows in their order."""
        if self._file is None:
            return
        self._file.seek(0)
        while head := self._file.read(_LENGTH.size):
            (length,) = _LENGTH.unpack(head)
            yield from _DECODE(self._file.read(length))

    def close(self) -> None:
        """Give the temporary file back."""
        self._wanted = False
        self._held.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self) -> None:
        """Write the held rows; where that is not possible, they are made again instead."""
        try:
            data = _ENCODE(self._held)
            self._held.clear()
            self._held_bytes = 0
            self._bytes += len(data)
            if self._bytes > self._bytes_max:
                self.close()
                return
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as its rows are read
            self._file.write(_LENGTH.pack(len(data)))
            self._file.write(data)
            self._file.flush()
        except (OSError, UnicodeEncodeError):  # no room for it, or half of a surrogate pair
            self.close()
