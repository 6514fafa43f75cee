"""CSV: columns are property slugs, cells stay text, blank cells are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.files.csv_cells import DELIMITERS, CellRow, cell_rows
from prismd.files.decoding import decoded, lines_of
from prismd.files.failed_cells import FAILED_COLUMNS, ORIGINAL_COLUMN, unescaped
from prismd.files.json_row import json_row
from prismd.files.rows import FileProblemError, FileRow, RowProblem

_ENCODE: Final = msgspec.json.Encoder().encode

#: Turns the text of a cell into its value.
Convert = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The rows of a CSV file.

    Args:
        columns: The names of the header.
        delimiter: The sign between cells.
        encoding: Canonical name of the file's encoding.
        ignored: Columns that are not sent.
        multiple: Columns whose cells hold several values.
        separator: The sign between the values of such a cell.
        clear_token: A cell with exactly this text is sent as null, which erases; None for no such text.
        of_failures: The file is a file of failed rows, whose first columns and apostrophes are ours.
    """

    columns: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    ignored: frozenset[str] = frozenset()
    multiple: frozenset[str] = frozenset()
    separator: str = ";"
    clear_token: str | None = None
    of_failures: bool = False

    @property
    def holds_json(self) -> bool:
        """Whether the rows are JSON texts in one column, as in a file of rows that failed in a JSON file."""
        return self.of_failures and self.columns == (ORIGINAL_COLUMN,)

    def rows(self, chunks: Iterator[bytes]) -> Iterator[FileRow]:
        """Yield the rows below the header that are not wholly empty.

        Args:
            chunks: The bytes of the file from its beginning, cut anywhere.

        Raises:
            FileProblemError: A byte does not fit the encoding.
        """
        found = _cells(chunks, self.encoding, self.delimiter)
        next(found, None)
        converts = [(place, slug, self._convert(slug)) for place, slug in enumerate(self.columns)]
        converts = [item for item in converts if item[1] not in self.ignored]
        skipped = len(FAILED_COLUMNS) if self.of_failures else 0
        number = 0
        for cell_row in found:
            cells = cell_row.cells
            number += 1
            if self.of_failures:
                cells = [unescaped(cell) for cell in cells[skipped:]]
            if not any(cells) or not any(map(str.strip, cells)):
                continue
            problem = self._problem(cell_row, cells)
            if problem:
                yield FileRow(number, cell_row.line, tuple(cells), None, problem)
            elif self.holds_json:
                yield json_row(number, cell_row.line, cells[0].encode())
            else:
                yield FileRow(number, cell_row.line, tuple(cells), _wire(cells, converts))

    def _problem(self, cell_row: CellRow, cells: list[str]) -> RowProblem | None:
        if cell_row.broken:
            return RowProblem("invalid_row", cell_row.broken)
        if len(cells) > len(self.columns) and any(map(str.strip, cells[len(self.columns) :])):
            return RowProblem(
                "invalid_row",
                f"expected {len(self.columns)} cells, found {len(cells)}; a cell that holds "
                f"{_shown(self.delimiter)} must stand in quotes",
            )
        return None

    def _convert(self, slug: str) -> Convert | None:
        """Return what a cell of a column needs, or None where its text is its value."""
        values = self._values if slug in self.multiple else None
        token = self.clear_token
        if token is None:
            return values
        inner: Convert = values or str
        return lambda cell: None if cell == token else inner(cell)

    def _values(self, cell: str) -> list[str]:
        parts = (part.strip() for part in cell.split(self.separator))
        return [part for part in parts if part]


def read_header(chunks: Iterator[bytes], encoding: str, delimiter: str | None) -> CsvRows:
    """Return the source of a CSV file, as its header tells.

    Args:
        chunks: The bytes of the file from its beginning; only as many are read as the header needs.
        encoding: Canonical name of the file's encoding.
        delimiter: The sign between cells; None takes the one of comma, semicolon, tab and bar that the header has most.

    Raises:
        FileProblemError: The file has no header, or a name in it is empty or stands twice.
    """
    lines = lines_of(decoded(chunks, encoding))
    nothing = f' "\t\r\n{delimiter or "".join(DELIMITERS)}'
    first = next((line for line in lines if line.strip(nothing)), None)
    if first is None:
        raise FileProblemError("the file is empty; expected a header with property slugs")
    if delimiter is None:
        # A header over several lines is none that is worth guessing for: the first line decides.
        widths = {sign: _width(next(cell_rows(iter([first]), sign))) for sign in DELIMITERS}
        delimiter = max(DELIMITERS, key=lambda sign: widths[sign]) if max(widths.values()) > 1 else ","
    found = next(cell_rows(_then(first, lines), delimiter))
    if found.broken:
        raise FileProblemError(f"the header cannot be read: {found.broken}")
    names = tuple(name.strip() for name in found.cells)
    of_failures = names[: len(FAILED_COLUMNS)] == FAILED_COLUMNS and len(names) > len(FAILED_COLUMNS)
    if of_failures:
        names = tuple(unescaped(name) for name in names[len(FAILED_COLUMNS) :])
    _check_names(names)
    return CsvRows(names, delimiter, encoding, of_failures=of_failures)


def _width(row: CellRow) -> int:
    return 0 if row.broken else len(row.cells)


def _check_names(names: tuple[str, ...]) -> None:
    for place, name in enumerate(names):
        if not name:
            raise FileProblemError(f"column {place + 1} has no name; the header must give each column a property slug")
        if name in names[:place]:
            raise FileProblemError(f'two columns are named "{name}"; keep one of them')


def _cells(chunks: Iterator[bytes], encoding: str, delimiter: str) -> Iterator[CellRow]:
    found = cell_rows(lines_of(decoded(chunks, encoding)), delimiter)
    # Blank lines above the header belong to nothing.
    for cell_row in found:
        if any(map(str.strip, cell_row.cells)):
            yield cell_row
            break
    yield from found


def _then(first: str, others: Iterator[str]) -> Iterator[str]:
    yield first
    yield from others


def _wire(cells: list[str], converts: list[tuple[int, str, Convert | None]]) -> bytes:
    values: dict[str, object] = {}
    width = len(cells)
    for place, slug, convert in converts:
        if place >= width:
            break
        cell = cells[place]
        if not cell or cell.isspace():
            continue
        value = convert(cell) if convert else cell
        if value != []:
            values[slug] = value
    return _ENCODE({"default": values})


def _shown(delimiter: str) -> str:
    return "a tab" if delimiter == "\t" else f'"{delimiter}"'
