"""CSV text cut into rows of cells, where a row with broken quotes spares the rows after it."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from prismd.files.rows import ROW_BYTES_MAX

DELIMITERS: Final = (",", ";", "\t", "|")


class CellRow(NamedTuple):
    """The cells of one row.

    Args:
        line: The line at which the row begins, from 1.
        cells: The cells as text; empty for a blank line.
        broken: What is wrong with the row's quotes; its cells are then a mere guess.
    """

    line: int
    cells: list[str]
    broken: str | None = None


class _RowTooLongError(Exception):
    pass


@dataclass(slots=True)
class _Lines:
    """Hands lines to the CSV reader, remembers those of the row under way, and takes lines back."""

    source: Iterator[str]
    of_row: list[str]
    returned: deque[str]
    chars: int = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.returned.popleft() if self.returned else next(self.source)
        self.of_row.append(line)
        self.chars += len(line)
        if self.chars > ROW_BYTES_MAX and len(self.of_row) > 1:
            raise _RowTooLongError
        return line

    def begin_row(self) -> None:
        self.of_row.clear()
        self.chars = 0

    def keep_first_only(self) -> None:
        """Take back all lines of the row but its first: they are read again, as rows of their own."""
        self.returned.extendleft(reversed(self.of_row[1:]))
        del self.of_row[1:]


def cell_rows(lines: Iterator[str], delimiter: str) -> Iterator[CellRow]:
    """Yield the rows of a CSV text (RFC 4180).

    A quote that is never closed would swallow the rest of the file. So a row whose quotes are broken is given up after
    its first line, and reading goes on with the second; until a row has the shape of a row again, rows are broken too.

    Args:
        lines: The lines of the text with their ends.
        delimiter: The sign between cells.
    """
    # One cell may be as long as a line; the longest row is watched where lines are handed over.
    csv.field_size_limit(2**31 - 1)
    feed = _Lines(lines, [], deque())
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    line, width = 1, None
    lost = False
    while True:
        feed.begin_row()
        broken = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RowTooLongError) as error:
            broken = _reason(error, line, len(feed.of_row))
            feed.keep_first_only()
            cells = _guess(feed.of_row[0], delimiter)
            lost = True
        else:
            width = width or len(cells)
            if lost and cells:
                lost = len(cells) != width or any('"' in cell for cell in cells)
                broken = "it follows a row with a broken quote and may belong to it" if lost else None
        yield CellRow(line, cells, broken)
        line += len(feed.of_row)


def _guess(line: str, delimiter: str) -> list[str]:
    return line.rstrip("\r\n").split(delimiter)


def _reason(error: Exception, line: int, lines: int) -> str:
    if isinstance(error, _RowTooLongError) or "unexpected end" in str(error):
        return f'the quote (") opened in line {line} is never closed'
    where = f"line {line}" if lines == 1 else f"lines {line} to {line + lines - 1}"
    return f'{where}: after the closing quote (") of a cell stands more text; double the quotes inside a cell'
