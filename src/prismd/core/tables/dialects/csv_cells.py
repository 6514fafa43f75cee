"""CSV text split into rows of cells; a row with broken quotes does not damage the rows after it."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.dialects.patterns import CellPatterns
from prismd.core.values.blanks import is_blank

DELIMITERS: Final = (",", ";", "\t", "|")

#: The most characters of one row.
ROW_CHARS_MAX: Final = 8 * 2**20

_ENDS: Final = "\r\n"


class CellRow(NamedTuple):
    """The cells of one row.

    Args:
        line: The line at which the row begins, from 1.
        cells: The cells as text; empty for a blank line.
        broken: What is wrong with the row's quotes; its cells are then a guess.
        raw: The text of a row with broken quotes, without its line end.
    """

    line: int
    cells: list[str]
    broken: str | None = None
    raw: str = ""


class _Cut(NamedTuple):
    """The cells of a row with quotes.

    Args:
        cells: All its cells.
        quoted: Its quoted cells, as they are written.
        bare: Its unquoted cells that contain quotes.
    """

    cells: list[str]
    quoted: list[str]
    bare: list[str]


class _BrokenError(Exception):
    """A row's quotes are broken.

    Args:
        reason: What is wrong, as a sentence.
        held: The number of lines that belong to the row or to its fault.
        opens: Whether a quote may be open at the end of the row's first line.
    """

    def __init__(self, reason: str, held: int = 1, *, opens: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.held = held
        self.opens = opens


@dataclass(slots=True)
class _Lines:
    """The numbered lines of a text; lines can be put back and are then read again."""

    source: Iterator[str]
    number: int = 0
    returned: deque[str] = field(default_factory=deque)

    def take(self) -> str | None:
        line = self.returned.popleft() if self.returned else next(self.source, None)
        self.number += line is not None
        return line

    def take_back(self, lines: list[str]) -> None:
        self.returned.extendleft(reversed(lines))
        self.number -= len(lines)


def cell_rows(
    lines: Iterator[str], dialect: Dialect | str, widths: range | None = None, *, above: int = 0
) -> Iterator[CellRow]:
    """Yield the rows of a CSV text: RFC 4180, and also blanks around quoted cells and quotes inside unquoted cells.

    A quote that is never closed would swallow the rest of the file, and one that is closed by accident shifts cells.
    So a row with broken quotes ends after its first line, and reading continues with the second line. The rows after it
    are broken too, until one has the shape of a row again.

    Args:
        lines: The lines of the text with their ends.
        dialect: The signs that cut it into cells; a delimiter alone means quotes that are doubled inside quotes.
        widths: The possible numbers of cells of a row; None takes the number of the first row.
        above: The number of lines above these.
    """
    # A cell may be as long as a line; the length of a row is limited where its lines are read.
    csv.field_size_limit(2**31 - 1)
    feed, patterns = _Lines(lines, above), CellPatterns(Dialect(dialect) if isinstance(dialect, str) else dialect)
    delimiter, quote = patterns.delimiter, patterns.quote or ""
    splits = patterns.splits if patterns.escape or not quote else None
    suspect, lost = 0, False
    while (line := feed.returned.popleft() if feed.returned else next(lines, None)) is not None:
        feed.number += 1
        begins, broken = feed.number, None
        if begins <= suspect:
            yield _broken(begins, line, delimiter, "it may belong to the row above it, whose quote is broken")
            continue
        try:
            whole = splits(line) if splits else quote not in line
            cells = _quoteless(line, delimiter) if whole else _cells(line, feed, patterns, widths)
        except _BrokenError as error:
            suspect, lost = begins + error.held - 1, lost or error.opens
            yield _broken(begins, line, delimiter, error.reason)
            continue
        widths = widths or range(len(cells), len(cells) + 1)
        if lost and cells:
            lost = _count(cells, widths) not in widths or (quote != "" and any(quote in cell for cell in cells))
            broken = "it follows a row with a broken quote and may belong to it" if lost else None
        yield _broken(begins, line, delimiter, broken) if broken else CellRow(begins, cells)


def _count(cells: list[str], widths: range) -> int:
    """Return the number of cells of a row; where it has too many, blank cells at its end do not count."""
    count = len(cells)
    while count >= widths.stop and is_blank(cells[count - 1]):
        count -= 1
    return count


def _broken(number: int, line: str, delimiter: str, reason: str) -> CellRow:
    raw = line.rstrip(_ENDS)
    return CellRow(number, raw.split(delimiter), reason, raw)


def _quoteless(line: str, delimiter: str) -> list[str]:
    text = line.rstrip(_ENDS)
    return text.split(delimiter) if text else []


def _cells(line: str, feed: _Lines, patterns: CellPatterns, widths: range | None) -> list[str]:
    if (whole := patterns.strict(line)) is not None:
        return whole
    begins, taken = feed.number, list[str]()
    try:
        cut = _quoted_cells(line, feed, patterns, taken)
        _check(cut, (begins, len(taken)), widths, patterns)
    except _BrokenError:
        feed.take_back(taken)
        raise
    return cut.cells


def _quoted_cells(line: str, feed: _Lines, patterns: CellPatterns, taken: list[str]) -> _Cut:
    """Return the cells of a row.

    Args:
        line: The first line of the row.
        feed: The lines after it.
        patterns: The patterns of cells.
        taken: Gets the further lines of the row.

    Raises:
        _BrokenError: A quote is never closed, or text follows a closing quote.
    """
    cells, quoted, bare = list[str](), list[str](), list[str]()
    position, begins = 0, feed.number
    while True:
        found = patterns.cell.match(line, position)
        assert found  # noqa: S101 - the pattern matches the empty text too
        text, closed, plain = found.groups()
        if plain is not None:
            cells.append(patterns.plain_text(plain))
            if patterns.quote and patterns.quote in plain:
                bare.append(plain)
        else:
            if not closed:
                if found.end() < len(line):
                    # With an even number of quotes, none is open at the end of the line.
                    opens = len(taken) > 0 or line.count(patterns.quote or "") % 2 == 1
                    raise _BrokenError(_more_text(begins, feed.number, text, patterns), opens=opens)
                text, line, found = _to_its_end(text, feed, patterns, taken, begins)
            cells.append(patterns.quoted_text(text))
            quoted.append(text)
        position = found.end()
        if not line.startswith(patterns.delimiter, position):
            if line[position : position + 1] == patterns.escape:
                raise _BrokenError(f"{_where(begins, feed.number)}: the sign {patterns.escape} protects nothing")
            return _Cut(cells, quoted, bare)
        position += len(patterns.delimiter)


def _to_its_end(
    text: str, feed: _Lines, patterns: CellPatterns, taken: list[str], begins: int
) -> tuple[str, str, re.Match[str]]:
    """Return a quoted cell over several lines, its last line, and the match that ends it there."""
    pieces, chars, opened = [text], len(text), feed.number
    while True:
        line = feed.take()
        if line is not None:
            taken.append(line)
            chars += len(line)
        if line is None or chars > ROW_CHARS_MAX:
            raise _BrokenError(f"the quote ({patterns.quote}) opened in line {opened} is never closed")
        found = patterns.rest.match(line)
        assert found  # noqa: S101 - the pattern matches the empty text too
        pieces.append(found[1])
        if found[2]:
            return "".join(pieces), line, found
        if found.end() < len(line):
            raise _BrokenError(_more_text(begins, feed.number, found[1], patterns))


def _check(cut: _Cut, lines: tuple[int, int], widths: range | None, patterns: CellPatterns) -> None:
    """Refuse a row whose cells have uncertain boundaries.

    Args:
        cut: Its cells.
        lines: Number of its first line, and the number of further lines.
        widths: The possible numbers of cells of a row.
        patterns: The patterns of cells.

    Raises:
        _BrokenError: With the reason.
    """
    (cells, quoted, bare), (begins, further) = cut, lines
    where = _where(begins, begins + further)
    short = widths is not None and len(cells) < widths.start
    if short and further:
        raise _BrokenError(
            f"{where}: a quoted cell goes over several lines, and the row has too few cells ({len(cells)}); "
            f"close the quote ({patterns.quote}) where its cell ends",
            further + 1,
        )
    if not bare:
        return
    if patterns.escape is None and any(text.endswith("\\") for text in quoted):
        raise _BrokenError(_by_backslash(where, patterns), further + 1, opens=further > 0)
    odd = [cell for cell in bare if cell.count(patterns.quote or "") % 2]
    if short or (len(odd) > 1 and any(patterns.opens.search(cell) for cell in odd[:-1])):
        raise _BrokenError(
            f"{where}: a quote ({patterns.quote}) stands inside a cell that does not begin with one, so it is "
            "uncertain where cells end; put the whole cell in quotes and double those inside",
            further + 1,
            opens=further > 0,
        )


def _more_text(begins: int, ends: int, text: str, patterns: CellPatterns) -> str:
    where = _where(begins, ends)
    if patterns.escape is None and text.endswith("\\"):
        return _by_backslash(where, patterns)
    quote = patterns.quote
    return f"{where}: after the closing quote ({quote}) of a cell stands more text; double the quotes inside a cell"


def _by_backslash(where: str, patterns: CellPatterns) -> str:
    q = patterns.quote or ""
    return f"{where}: a backslash stands before a quote (\\{q}); in CSV a quote inside a cell is doubled ({q}{q})"


def _where(begins: int, ends: int) -> str:
    return f"line {begins}" if begins == ends else f"lines {begins} to {ends}"
