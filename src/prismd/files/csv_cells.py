"""CSV text split into rows of cells; a row with broken quotes does not damage the rows after it."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from prismd.core.values.blanks import INVISIBLE, is_blank
from prismd.files.rows import ROW_BYTES_MAX

DELIMITERS: Final = (",", ";", "\t", "|")

_ENDS: Final = "\r\n"
#: A quotation mark inside a cell that looks like the start of quoted text: before a word, and not after one.
_OPENS: Final = re.compile(r'(?<![^\s(\[])"(?=[^\s"])')


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


class _Dialect:
    """The patterns of cells with one delimiter.

    Args:
        delimiter: The character between cells.
    """

    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter
        sign, blank = re.escape(delimiter), f"(?:(?!{re.escape(delimiter)})(?:[^\\S\r\n]|[{INVISIBLE}]))*+"
        end = f"(?={sign}|[\r\n]|\\Z)"
        #: A whole cell, quoted or not; groups: the quoted text, whether its quote is closed, the text without quotes.
        self.cell = re.compile(f'{blank}"((?:[^"]++|"")*+)("{blank}{end})?|([^{sign}\r\n]*+)')
        #: A line in which every quote is at the start or end of a cell, or doubled inside one.
        self._strict = re.compile(f'(?:(?:"(?:[^"]++|"")*+"|[^"{sign}\r\n]*+)(?:{sign}|[\r\n]*+\\Z))*+')
        self._line = list[str]()
        self._reader = csv.reader(iter(self._line.pop, None), delimiter=delimiter, strict=True)
        #: The rest of a quoted cell that began in an earlier line; the same groups.
        self.rest = re.compile(f'((?:[^"]++|"")*+)("{blank}{end})?')

    def strict(self, line: str) -> list[str] | None:
        """Return the cells of a line that follows the standard, by the fastest way; None for any other line."""
        if not self._strict.fullmatch(line):
            return None
        self._line.append(line)
        return next(self._reader)


def cell_rows(
    lines: Iterator[str], delimiter: str, widths: range | None = None, *, above: int = 0
) -> Iterator[CellRow]:
    """Yield the rows of a CSV text: RFC 4180, and also blanks around quoted cells and quotes inside unquoted cells.

    A quote that is never closed would swallow the rest of the file, and one that is closed by accident shifts cells.
    So a row with broken quotes ends after its first line, and reading continues with the second line. The rows after it
    are broken too, until one has the shape of a row again.

    Args:
        lines: The lines of the text with their ends.
        delimiter: The character between cells.
        widths: The possible numbers of cells of a row; None takes the number of the first row.
        above: The number of lines above these.
    """
    # A cell may be as long as a line; the length of a row is limited where its lines are read.
    csv.field_size_limit(2**31 - 1)
    feed, dialect = _Lines(lines, above), _Dialect(delimiter)
    suspect, lost = 0, False
    while (line := feed.returned.popleft() if feed.returned else next(lines, None)) is not None:
        feed.number += 1
        begins, broken = feed.number, None
        if begins <= suspect:
            yield _broken(begins, line, delimiter, "it may belong to the row above it, whose quote is broken")
            continue
        try:
            cells = _quoteless(line, delimiter) if '"' not in line else _cells(line, feed, dialect, widths)
        except _BrokenError as error:
            suspect, lost = begins + error.held - 1, lost or error.opens
            yield _broken(begins, line, delimiter, error.reason)
            continue
        widths = widths or range(len(cells), len(cells) + 1)
        if lost and cells:
            lost = _count(cells, widths) not in widths or any('"' in cell for cell in cells)
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


def _cells(line: str, feed: _Lines, dialect: _Dialect, widths: range | None) -> list[str]:
    if (whole := dialect.strict(line)) is not None:
        return whole
    begins, taken = feed.number, list[str]()
    try:
        cells, quoted, bare = _quoted_cells(line, feed, dialect, taken)
        _check(cells, quoted, bare, (begins, len(taken)), widths)
    except _BrokenError:
        feed.take_back(taken)
        raise
    return cells


def _quoted_cells(
    line: str, feed: _Lines, dialect: _Dialect, taken: list[str]
) -> tuple[list[str], list[str], list[str]]:
    """Return all cells of a row, its quoted cells, and its unquoted cells that contain quotes.

    Args:
        line: The first line of the row.
        feed: The lines after it.
        dialect: The patterns of cells.
        taken: Gets the further lines of the row.

    Raises:
        _BrokenError: A quote is never closed, or text follows a closing quote.
    """
    cells, quoted, bare = list[str](), list[str](), list[str]()
    position, begins = 0, feed.number
    while True:
        found = dialect.cell.match(line, position)
        assert found  # noqa: S101 - the pattern matches the empty text too
        text, closed, plain = found.groups()
        if plain is not None:
            cells.append(plain)
            if '"' in plain:
                bare.append(plain)
        else:
            if not closed:
                if found.end() < len(line):
                    # With an even number of quotes, none is open at the end of the line.
                    opens = len(taken) > 0 or line.count('"') % 2 == 1
                    raise _BrokenError(_more_text(begins, feed.number, text), opens=opens)
                text, line, found = _to_its_end(text, feed, dialect, taken, begins)
            cells.append(text.replace('""', '"'))
            quoted.append(text)
        position = found.end()
        if not line.startswith(dialect.delimiter, position):
            return cells, quoted, bare
        position += len(dialect.delimiter)


def _to_its_end(
    text: str, feed: _Lines, dialect: _Dialect, taken: list[str], begins: int
) -> tuple[str, str, re.Match[str]]:
    """Return a quoted cell over several lines, its last line, and the match that ends it there."""
    pieces, chars, opened = [text], len(text), feed.number
    while True:
        line = feed.take()
        if line is not None:
            taken.append(line)
            chars += len(line)
        if line is None or chars > ROW_BYTES_MAX:
            raise _BrokenError(f'the quote (") opened in line {opened} is never closed')
        found = dialect.rest.match(line)
        assert found  # noqa: S101 - the pattern matches the empty text too
        pieces.append(found[1])
        if found[2]:
            return "".join(pieces), line, found
        if found.end() < len(line):
            raise _BrokenError(_more_text(begins, feed.number, found[1]))


def _check(cells: list[str], quoted: list[str], bare: list[str], lines: tuple[int, int], widths: range | None) -> None:
    """Refuse a row whose cells have uncertain boundaries.

    Args:
        cells: All its cells.
        quoted: Its quoted cells.
        bare: Its unquoted cells that contain quotes.
        lines: Number of its first line, and the number of further lines.
        widths: The possible numbers of cells of a row.

    Raises:
        _BrokenError: With the reason.
    """
    begins, further = lines
    where = _where(begins, begins + further)
    short = widths is not None and len(cells) < widths.start
    if short and further:
        raise _BrokenError(
            f"{where}: a quoted cell goes over several lines, and the row has too few cells ({len(cells)}); "
            'close the quote (") where its cell ends',
            further + 1,
        )
    if not bare:
        return
    if any(text.endswith("\\") for text in quoted):
        raise _BrokenError(_by_backslash(where), further + 1, opens=further > 0)
    odd = [cell for cell in bare if cell.count('"') % 2]
    if short or (len(odd) > 1 and any(_OPENS.search(cell) for cell in odd[:-1])):
        raise _BrokenError(
            f'{where}: a quote (") stands inside a cell that does not begin with one, so it is uncertain where cells '
            "end; put the whole cell in quotes and double those inside",
            further + 1,
            opens=further > 0,
        )


def _more_text(begins: int, ends: int, text: str) -> str:
    where = _where(begins, ends)
    if text.endswith("\\"):
        return _by_backslash(where)
    return f'{where}: after the closing quote (") of a cell stands more text; double the quotes inside a cell'


def _by_backslash(where: str) -> str:
    return f'{where}: a backslash stands before a quote (\\"); in CSV a quote inside a cell is doubled ("")'


def _where(begins: int, ends: int) -> str:
    return f"line {begins}" if begins == ends else f"lines {begins} to {ends}"
