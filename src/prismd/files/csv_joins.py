"""CSV files that were joined into one: a repeated header is left out, and a different header is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from prismd.core.tables.dialects.csv_cells import DELIMITERS, cell_rows
from prismd.core.values.blanks import is_blank
from prismd.files.csv_header import delimiter_named
from prismd.files.rows import FileProblemError
from prismd.files.seen_names import MARK, visible

_QUOTES: Final = " \t\"'"
_SPLIT: Final = "two files seem to be joined here"


class Joins:
    """Recognises the headers and delimiter lines that joined files leave among the rows.

    Args:
        names: The cells of the header.
        delimiter: The character between cells.
    """

    def __init__(self, names: Sequence[str], delimiter: str) -> None:
        self._delimiter = delimiter
        self._header = [_folded(name) for name in names]
        self._names = {name for name in self._header if name}
        # The usual spellings of the names: a row without any of them is not examined further.
        self._spellings = {
            spelling for name in names for spelling in (name, name.lower(), name.upper(), name.title()) if spelling
        }

    def watched(self, lines: Iterator[str], above: int) -> Iterator[str]:
        """Yield lines, and refuse a header inside a line.

        Args:
            lines: The lines below the header.
            above: The number of lines above them.

        Raises:
            FileProblemError: A header begins in the middle of a line, because the file before it had no line end.
        """
        for number, line in enumerate(lines, start=above + 1):
            if MARK in line and not self._whole(line):
                raise FileProblemError(
                    f"line {number}: {_SPLIT} without a line end between them; put one before the header of the second"
                )
            yield line

    def left_out(self, line: int, cells: Sequence[str]) -> str | None:
        """Return the reason why cells are not a row, or None where they are one.

        Args:
            line: Number of the line at which they begin.
            cells: All cells.

        Raises:
            FileProblemError: The row is a header with other columns or another delimiter.
        """
        first = cells[0]
        if len(cells) == 1 and len(self._header) > 1:
            self._refuse_other_delimiter(line, first)
        if "=" in first and delimiter_named(self._delimiter.join(cells)):
            return "names the delimiter"
        if self._spellings.isdisjoint(cells) and first.isascii() and first.strip(_QUOTES).casefold() not in self._names:
            return None
        found = [_folded(cell) for cell in cells]
        if found == self._header or _trimmed(found) == _trimmed(self._header):
            return "repeats the header"
        shown = [cell for cell in found if cell]
        if self._is_header(shown) or (MARK in first and not self._names.isdisjoint(shown)):
            raise FileProblemError(
                f"line {line}: {_SPLIT}, since another header stands there, with other columns than the first; import "
                "the files one by one"
            )
        return None

    def _whole(self, line: str) -> bool:
        """Return whether no header begins inside a line."""
        after = line.rpartition(MARK)
        if is_blank(after[0].replace('"', "")):
            return True
        found = next(cell_rows(iter([after[2]]), self._delimiter)).cells
        named = sum(_folded(cell) in self._names for cell in found)
        return not named or named * 2 < len(found)

    def _refuse_other_delimiter(self, line: int, cell: str) -> None:
        for sign in DELIMITERS:
            if sign in cell and self._is_header([_folded(part) for part in cell.split(sign)]):
                raise FileProblemError(
                    f"line {line}: {_SPLIT}, since another header stands there, with another delimiter than the "
                    "first; import the files one by one"
                )

    def _is_header(self, names: list[str]) -> bool:
        # A header never has a name twice.
        named = len(self._names.intersection(names))
        return len(set(names)) == len(names) and named > 1 and named * 2 >= len(names)


def _folded(cell: str) -> str:
    return visible(cell).strip(_QUOTES).casefold()


def _trimmed(cells: list[str]) -> list[str]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]
