"""Pieces of a file from which its profile is made: its beginning, some from its middle, and its end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from prismd.core.tables.cells import TableRow
from prismd.core.tables.samples import Sample
from prismd.files.packing import Content
from prismd.files.rows import FileProblemError
from prismd.files.spooled_rows import SpooledRows
from prismd.files.tables import with_header

_HEAD_BYTES: Final = 2**20
_PIECE_BYTES: Final = 64 * 2**10
_PIECES: Final = 14
#: The most rows of cells that are looked at.
ROWS_MAX: Final = 20_000
_CELLS_MAX: Final = 1_000_000


def samples_of(content: Content) -> list[Sample]:
    """Return pieces of a file's bytes, by their positions; the first begins the file, and the last ends it.

    A packed file is read as a stream, so its pieces are the beginning and the end.

    Args:
        content: The file.

    Raises:
        FileProblemError: It cannot be read.
    """
    return _of_packed(content) if content.packing else _of_plain(content)


def rows_to_look_at(spooled: SpooledRows) -> tuple[list[TableRow], bool]:
    """Return the first rows of a file of cells, and whether these are all.

    Args:
        spooled: All rows.
    """
    found, cells = list[TableRow](), 0
    rows = with_header(spooled)
    for row in islice(rows, ROWS_MAX):
        found.append(row)
        cells += len(row.cells)
        if cells > _CELLS_MAX:
            break
    return found, next(rows, None) is None


def _of_plain(content: Content) -> list[Sample]:
    try:
        with content.source.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(0)
            head = file.read(_HEAD_BYTES)
            if len(head) >= size:
                return [Sample(0, head, ends=True)]
            pieces = []
            for start in _positions(len(head), size):
                file.seek(start)
                data = file.read(min(_PIECE_BYTES, size - start))
                pieces.append(Sample(start, data, ends=start + len(data) >= size))
            return [Sample(0, head, ends=False), *pieces]
    except OSError as error:
        raise FileProblemError(f"cannot be read: {error.strerror}") from None


def _positions(begin: int, size: int) -> Iterator[int]:
    """Yield the positions of pieces between the beginning and the end, which do not overlap."""
    at = begin
    for number in range(1, _PIECES + 1):
        wanted = begin + (size - begin) * number // (_PIECES + 1)
        if wanted >= at and wanted + _PIECE_BYTES <= size - _PIECE_BYTES:
            yield wanted
            at = wanted + _PIECE_BYTES
    yield max(at, size - _PIECE_BYTES)


def _of_packed(content: Content) -> list[Sample]:
    head, tail, size = b"", b"", 0
    for chunk in content.chunks():
        if len(head) < _HEAD_BYTES:
            head += chunk[: _HEAD_BYTES - len(head)]
        size += len(chunk)
        if size > content.limits.sampled_bytes_max:
            most = content.limits.sampled_bytes_max
            raise FileProblemError(f"the packed file unpacks to more than {most:,} bytes; unpack it first")
        tail = (tail + chunk)[-_PIECE_BYTES:]
    if size <= len(head):
        return [Sample(0, head, ends=True)]
    start = max(len(head), size - _PIECE_BYTES)
    return [Sample(0, head, ends=False), Sample(start, tail[start - size :], ends=True)]
