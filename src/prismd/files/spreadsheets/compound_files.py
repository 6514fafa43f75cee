"""Compound files, in which XLS workbooks lie: a small file system, of which one stream is read."""

from __future__ import annotations

import struct
from typing import IO, Final

from prismd.files.spreadsheets.workbooks import UnreadableError

_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER_BYTES: Final = 512
_ENTRY_BYTES: Final = 128
_LAST: Final = 0xFFFFFFF0
_BROKEN: Final = "the workbook is broken or cut off; save it again"


def stream_of(file: IO[bytes], names: tuple[str, ...], bytes_max: int) -> bytes:
    """Return the content of the first stream that has one of some names.

    Args:
        file: The compound file.
        names: Names of streams.
        bytes_max: The most bytes of the file.

    Raises:
        UnreadableError: It is broken, too large, or has no such stream.
    """
    file.seek(0)
    data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise UnreadableError(f"the workbook has more than {bytes_max:,} bytes; save it as XLSX")
    try:
        return _Compound(data).stream(names)
    except (struct.error, IndexError):
        raise UnreadableError(_BROKEN) from None


class _Compound:
    """A compound file in memory.

    Args:
        data: All its bytes.
    """

    def __init__(self, data: bytes) -> None:
        if data[:8] != _MAGIC:
            raise UnreadableError(_BROKEN)
        self._data = data
        shift, small_shift = struct.unpack_from("<HH", data, 30)
        if shift not in (9, 12) or small_shift != 6:  # noqa: PLR2004 - the two sizes of sectors that there are
            raise UnreadableError(_BROKEN)
        self._size, self._small_size = 1 << shift, 1 << small_shift
        _, directory, _, self._small_max, small_table, _, table, _ = struct.unpack_from("<8I", data, 44)
        sectors = list(struct.unpack_from("<109I", data, 76))
        steps = len(data) // self._size + 1
        while table < _LAST and steps:
            more = struct.unpack(f"<{self._size // 4}I", self._sector(table))
            sectors += more[:-1]
            table, steps = more[-1], steps - 1
        self._next = [
            number
            for sector in sectors
            if sector < _LAST
            for number in struct.unpack(f"<{self._size // 4}I", self._sector(sector))
        ]
        self._directory = self._chain(directory)
        table_bytes = self._chain(small_table) if small_table < _LAST else b""
        self._small_next = list(struct.unpack(f"<{len(table_bytes) // 4}I", table_bytes))

    def stream(self, names: tuple[str, ...]) -> bytes:
        """Return the content of the first stream that has one of some names."""
        entries = [self._directory[at : at + _ENTRY_BYTES] for at in range(0, len(self._directory) - 127, _ENTRY_BYTES)]
        for entry in entries:
            length = max(0, min(64, struct.unpack_from("<H", entry, 64)[0]) - 2)
            if entry[:length].decode("utf-16-le", "replace") in names:
                start, size = struct.unpack_from("<II", entry, 116)
                if size < self._small_max:
                    return self._small(entries[0], start)[:size]
                return self._chain(start)[:size]
        raise UnreadableError("the workbook is protected by a password or is no workbook; save it without one as XLSX")

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        found = self._data[at : at + self._size]
        if len(found) < self._size:
            # Some programs cut the last sector off where it is not full.
            if not found:
                raise UnreadableError(_BROKEN)
            found = found.ljust(self._size, b"\0")
        return found

    def _chain(self, start: int) -> bytes:
        pieces, steps = [], len(self._next)
        while start < _LAST:
            if not steps:
                raise UnreadableError(_BROKEN)
            pieces.append(self._sector(start))
            start, steps = self._next[start], steps - 1
        return b"".join(pieces)

    def _small(self, root: bytes, start: int) -> bytes:
        whole = self._chain(struct.unpack_from("<I", root, 116)[0])
        pieces, steps = [], len(self._small_next)
        while start < _LAST:
            if not steps:
                raise UnreadableError(_BROKEN)
            pieces.append(whole[start * self._small_size : (start + 1) * self._small_size])
            start, steps = self._small_next[start], steps - 1
        return b"".join(pieces)
