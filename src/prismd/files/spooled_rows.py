"""Rows of cells in a temporary file, from which they are read any number of times."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Final

from prismd.core.tables.cells import Cell, TableRow
from prismd.files.child.messages import LENGTH, Found, decoded, encoded_rows, send
from prismd.files.rows import FileProblemError

_ROWS_OF_MESSAGE: Final = 500


class SpooledRows:
    """The rows of a file whose format cannot be read piece by piece again.

    Args:
        file: The messages, each after its length; the file has no name any more.
        found: What the file holds.
    """

    def __init__(self, file: IO[bytes], found: Found) -> None:
        self._file = file
        self.found = found

    def rows(self) -> Iterator[TableRow]:
        """Yield the rows from the first one."""
        at = 0
        while True:
            # Each reader keeps its own position, because several may read in turns.
            head = os.pread(self._file.fileno(), LENGTH.size, at)
            if len(head) < LENGTH.size:
                return
            (length,) = LENGTH.unpack(head)
            message = decoded(os.pread(self._file.fileno(), length, at + LENGTH.size))
            at += LENGTH.size + length
            for line, cells in message.rows or ():
                yield TableRow(line, _checked(cells))

    def close(self) -> None:
        """Give the temporary file back."""
        self._file.close()


def spooled(rows: Iterator[TableRow], found: Callable[[int], Found]) -> SpooledRows:
    """Write rows to a temporary file.

    Args:
        rows: All rows.
        found: Takes the number of rows once all are read, and returns what the file holds.

    Raises:
        FileProblemError: A row cannot be read, or there is no room for a temporary file.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as its rows are read
        count, held = 0, list[TableRow]()
        for row in rows:
            held.append(row)
            count += 1
            if len(held) == _ROWS_OF_MESSAGE:
                send(file, encoded_rows(held))
                held = []
        send(file, encoded_rows(held))
        file.flush()
    except OSError as error:
        raise FileProblemError(f"its rows cannot be kept in a temporary file: {error.strerror}") from None
    return SpooledRows(file, found(count))


def _checked(cells: tuple[object, ...]) -> tuple[Cell, ...]:
    # The decoder makes nothing but cells of messages; this says so to the type checker.
    return cells  # type: ignore[return-value]
