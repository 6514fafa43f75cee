"""The rows of a table inside its frame: below the header, above the footer, each of the table's width or refused."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from prismd.core.tables.cells import Cell
from prismd.core.tables.dialects.csv_cells import CellRow, cell_rows
from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.lines import lines_of
from prismd.core.values.blanks import is_blank, trimmed

#: The most characters of one line.
LINE_CHARS_MAX: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the header and the rows of a table stand.

    Args:
        columns: The number of its columns.
        width: The number of cells of its rows: its columns, and empty ones after them.
        first_line: The line at which its header or its first row begins, from 1.
        header: The cells of its header's rows.
        last_line: The last line that belongs to it; None to the end.
        footer_rows: The number of rows at the end that are none of the table.
        short_rows: "blank" where missing cells at the end of a row are empty, "refused" where they are a fault.
    """

    columns: int = 0
    width: int = 0
    first_line: int = 1
    header: tuple[tuple[str, ...], ...] = ()
    last_line: int | None = None
    footer_rows: int = 0
    short_rows: str = "refused"


class FramedRow(NamedTuple):
    """One row of a table, or what stands in its place.

    Args:
        line: The line at which it begins, from 1.
        cells: As many cells as the table has columns; where there is a problem, those that were found.
        problem: Why the row is refused: what was expected, what was found, and what to do.
        left_out: Why it is no row of the table, as a predicate such as ``repeats the header``.
    """

    line: int
    cells: Sequence[Cell]
    problem: str | None = None
    left_out: str | None = None


def rows_of(texts: Iterator[str], dialect: Dialect, frame: Frame) -> Iterator[FramedRow]:
    """Yield the rows of a table in a text; blank rows are skipped.

    Args:
        texts: The text from its beginning, cut anywhere.
        dialect: How it is cut into cells.
        frame: Where its rows stand.

    Raises:
        LongLineError: A line is too long to be held.
    """
    lines = lines_of(texts, LINE_CHARS_MAX)
    for _ in range(frame.first_line - 1):
        next(lines, None)
    widths = range(frame.columns, max(frame.columns, frame.width) + 1)
    return framed(cell_rows(lines, dialect, widths, above=frame.first_line - 1), frame, ends=True)


def framed(rows: Iterator[CellRow], frame: Frame, *, ends: bool) -> Iterator[FramedRow]:
    """Yield the rows of a table, and what is left out or refused in their place.

    Args:
        rows: Rows of the text, blank ones included; those above the first line are skipped.
        frame: Where the table's rows stand.
        ends: Whether the last of ``rows`` is the last of the text, so that the footer stands there.
    """
    above = len(frame.header)
    held = deque[CellRow]()
    for row in rows:
        cells = row.cells
        # Most rows begin with a visible ASCII character, so the slower check is skipped.
        may_be_blank = not cells or not "!" <= cells[0][:1] <= "~"
        if row.line < frame.first_line or (may_be_blank and not row.broken and all(map(is_blank, cells))):
            continue
        if frame.last_line is not None and row.line > frame.last_line:
            break
        if above:
            above -= 1
            continue
        held.append(row)
        if len(held) > (frame.footer_rows if ends else 0):
            yield _framed(held.popleft(), frame)
    for row in held:
        yield FramedRow(row.line, row.cells, left_out="stands below the table")


def _framed(row: CellRow, frame: Frame) -> FramedRow:
    cells, columns = row.cells, frame.columns
    if row.broken:
        return FramedRow(row.line, cells, problem=row.broken)
    if frame.header and cells[0] == frame.header[-1][0] and _repeats(cells, frame):
        return FramedRow(row.line, cells, left_out="repeats the header")
    if len(cells) > columns and all(map(is_blank, cells[columns:])):
        cells = cells[:columns]
    if len(cells) < columns and frame.short_rows == "blank":
        return FramedRow(row.line, [*cells, *[None] * (columns - len(cells))])
    return FramedRow(row.line, cells, problem=None if len(cells) == columns else _uneven(len(cells), columns))


def _uneven(found: int, columns: int) -> str:
    if found > columns:
        return f"expected {columns} cells, found {found}; put a cell that holds the delimiter in quotes"
    return f"expected {columns} cells, found {found}; where missing cells are empty, say so with --short-rows blank"


def _repeats(cells: Sequence[str], frame: Frame) -> bool:
    found = [trimmed(cell) for cell in cells[: frame.columns]]
    return found == [trimmed(cell) for cell in frame.header[-1][: len(found)]] and len(found) == frame.columns
