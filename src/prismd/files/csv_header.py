"""The top of a CSV file: blank lines, a line that names the delimiter, and the names of the columns."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prismd.core.tables.dialects.csv_cells import DELIMITERS, CellRow, cell_rows
from prismd.core.values.blanks import INVISIBLE
from prismd.core.wording.quoting import quoted
from prismd.files.failed_cells import FAILED_COLUMNS, unescaped
from prismd.files.rows import FailedFileError, FileProblemError
from prismd.files.seen_names import visible

#: The line that names the delimiter for spreadsheets; a spreadsheet that saves it may add quotes and empty cells.
_SEP: Final = re.compile(
    f'[\\s{INVISIBLE}]*"?sep=(?P<sign>[^"\r\n\\w])"?(?P=sign)*[ \r\n]*', re.IGNORECASE
)  # fmt: skip
_HOLDS_TEXT: Final = re.compile(f'[^\\s"{INVISIBLE}]')


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a CSV file.

    Args:
        names: The names of the columns; empty where a column has no name.
        delimiter: The character between cells.
        lines: The number of lines above the rows.
        marks: Positions of the columns that only a file of failed rows has; empty for other files.
        lost: The columns of a file of failed rows that this file seems to have lost.
    """

    names: tuple[str, ...]
    delimiter: str
    lines: int
    marks: tuple[int, ...] = ()
    lost: tuple[str, ...] = ()


def header_of(lines: Iterator[str], delimiter: str | None) -> Header:
    """Return the header of a CSV file; the next line of ``lines`` is then the first row.

    Args:
        lines: The lines of the file from its beginning; only those of the header are read.
        delimiter: The character between cells. None takes the delimiter that the file names, or else the most
            frequent one of comma, semicolon, tab and bar in the header.

    Raises:
        FileProblemError: There is no header, or a name occurs twice in it.
    """
    skipped, first, told = _first_line(lines, delimiter)
    delimiter = delimiter or told or _most_frequent(first)
    counted = _Counted(itertools.chain([first], lines))
    found = next(cell_rows(counted, delimiter))
    if found.broken:
        raise FileProblemError(f"the header cannot be read: {found.broken}")
    names = tuple(map(visible, found.cells))
    if names[0][:1] == names[-1][-1:] == "'" and len(names) > 1:
        raise FileProblemError(
            "the cells stand in apostrophes ('); CSV quotes cells with (\"), so export the file again with those"
        )
    marks = tuple(names.index(name) for name in FAILED_COLUMNS) if set(FAILED_COLUMNS) <= set(names) else ()
    if len(marks) == len(names):
        raise FailedFileError("the file of failed rows has lost the columns of its rows; put them back")
    if marks:
        names = tuple(unescaped(name) for name in names)
    _check_names(names)
    return Header(names, delimiter, skipped + counted.number, marks, () if marks else _lost(names))


def delimiter_named(line: str) -> str | None:
    """Return the delimiter that a line such as ``sep=;`` names, or None for any other line."""
    found = _SEP.fullmatch(line)
    return found["sign"] if found else None


def shown_delimiter(delimiter: str) -> str:
    """Return the name of a delimiter for a sentence."""
    return "a tab" if delimiter == "\t" else f'"{delimiter}"'


@dataclass(slots=True)
class _Counted:
    """Counts the lines that are taken from an iterator."""

    lines: Iterator[str]
    number: int = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = next(self.lines)
        self.number += 1
        return line


def _first_line(lines: Iterator[str], delimiter: str | None) -> tuple[int, str, str | None]:
    """Return the number of lines above the header, its first line, and the delimiter that those lines name."""
    signs, told = {delimiter} if delimiter else set(DELIMITERS), None
    for number, line in enumerate(lines):
        sign = delimiter_named(line)
        if sign is not None and told is None:
            told = sign
            signs.add(sign)
        elif _HOLDS_TEXT.search("".join(char for char in line if char not in signs)):
            return number, line, told
    raise FileProblemError("the file is empty; expected a header with property slugs")


def _most_frequent(line: str) -> str:
    # The first line decides: a header over several lines is too rare to guess for.
    widths = {sign: _width(next(cell_rows(iter([line]), sign))) for sign in DELIMITERS}
    return max(DELIMITERS, key=lambda sign: widths[sign]) if max(widths.values()) > 1 else ","


def _width(row: CellRow) -> int:
    return 0 if row.broken else len(row.cells)


def _check_names(names: tuple[str, ...]) -> None:
    positions: dict[str, int] = {}
    for position, name in enumerate(names):
        first = positions.setdefault(name.casefold(), position)
        if name and first != position:
            if names[first] == name:
                raise FileProblemError(f"two columns are named {quoted(name)}; keep one of them")
            both = f"{quoted(names[first])} and {quoted(name)}"
            raise FileProblemError(f"columns {first + 1} and {position + 1} are named {both}; keep one of them")


def _lost(names: tuple[str, ...]) -> tuple[str, ...]:
    lost = tuple(name for name in FAILED_COLUMNS if name not in names)
    if len(lost) == len(FAILED_COLUMNS):
        return ()
    left = tuple(name for name in FAILED_COLUMNS if name in names)
    if len(lost) == 1 and names[: len(left)] == left:
        raise FailedFileError(
            f'the file looks like a file of failed rows that has lost its column "{lost[0]}"; put that column back, '
            "its cells may be empty"
        )
    return lost
