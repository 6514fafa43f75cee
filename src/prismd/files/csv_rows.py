"""CSV files: the names of columns are property slugs, cells stay text, and blank cells are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.core.tables.dialects.csv_cells import DELIMITERS, CellRow, cell_rows
from prismd.core.values.blanks import is_blank
from prismd.core.wording.quoting import quoted
from prismd.files.csv_header import header_of, shown_delimiter
from prismd.files.csv_joins import Joins
from prismd.files.decoding import decoded, lines_of
from prismd.files.failed_cells import ORIGINAL_COLUMN, unescaped
from prismd.files.json_row import json_row
from prismd.files.rows import FileProblemError, FileRow, RowProblem
from prismd.files.seen_names import MARK

#: With this separator, cells with several values are JSON arrays.
JSON_ARRAYS: Final = "json"

_ENCODE: Final = msgspec.json.Encoder().encode

#: Makes the value of a cell's text; an empty array is left out.
Convert = Callable[[str], object]


class _CellError(Exception):
    """A cell does not have the form of its column; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The rows of a CSV file.

    Args:
        columns: The names of the rows' columns; empty where a column has no name.
        delimiter: The character between cells.
        encoding: Canonical name of the file's encoding.
        ignored: Columns that are not sent; the empty name stands for columns without a name.
        multiple: Columns whose cells contain several values.
        separator: The character between the values of such a cell, or :data:`JSON_ARRAYS`.
        clear_token: A cell with exactly this text is sent as null, which clears the value; None for no such text.
        marks: Positions of the columns that only a file of failed rows has.
        lost: The columns of a file of failed rows that this file seems to have lost.
        nulls_are_blank: Leave out null in rows that are JSON, instead of sending it to clear a value.
        unescapes: Whether to remove the apostrophes by which prismd protects cells from spreadsheets.
    """

    columns: tuple[str, ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    ignored: frozenset[str] = frozenset()
    multiple: frozenset[str] = frozenset()
    separator: str = ";"
    clear_token: str | None = None
    marks: tuple[int, ...] = ()
    lost: tuple[str, ...] = ()
    nulls_are_blank: bool = False
    unescapes: bool = False

    @property
    def of_failures(self) -> bool:
        """Whether the file is a file of failed rows."""
        return bool(self.marks)

    @property
    def holds_json(self) -> bool:
        """Whether the rows are JSON texts in one column, as in a file of rows that failed in a JSON file."""
        return self.of_failures and self.columns == (ORIGINAL_COLUMN,)

    @property
    def unnamed(self) -> tuple[int, ...]:
        """The positions of columns without a name, from 1."""
        return tuple(position for position, name in enumerate(self.columns, start=1) if not name)

    def rows(self, chunks: Iterator[bytes]) -> Iterator[FileRow]:
        """Yield the rows below the header; empty rows and repeated headers are marked as left out.

        Args:
            chunks: The bytes of the file from its beginning, cut anywhere.

        Raises:
            FileProblemError: A byte does not fit the encoding, a column without a name has values, or another file
                begins in the middle.
        """
        lines = lines_of(decoded(chunks, self.encoding))
        header = header_of(lines, self.delimiter)
        joins = Joins(header.names, self.delimiter)
        lines = joins.watched(lines, header.lines)
        found = cell_rows(lines, self.delimiter, _widths(header.names), above=header.lines)
        converts = [(position, slug, self._convert(slug)) for position, slug in enumerate(self.columns)]
        converts = [item for item in converts if item[1] and item[1] not in self.ignored]
        unnamed = () if "" in self.ignored else self.unnamed
        for number, cell_row in enumerate(found, start=1):
            line, cells, broken, _ = cell_row
            if not cells:
                continue
            left_out = None if broken else joins.left_out(line, cells)
            cells = self._own_cells(cell_row)
            # Most cells begin with a visible ASCII character, so the slower check is skipped, here and below.
            if not "!" <= cells[0][:1] <= "~" and all(map(is_blank, cells)):
                left_out = "is empty"
            if left_out:
                yield FileRow(number, line, tuple(cells), None, left_out=left_out)
            elif (broken or len(cells) == 1 or len(cells) > len(self.columns)) and (
                problem := self._problem(cell_row, cells)
            ):
                yield FileRow(number, line, self._guessed(cell_row, cells), None, problem)
            else:
                if unnamed:
                    _check_unnamed(unnamed, line, cells)
                yield self._row(number, line, cells, converts)

    def _own_cells(self, cell_row: CellRow) -> list[str]:
        """Return the cells of the row itself, without the columns and apostrophes that a file of failed rows adds."""
        cells, marks = cell_row.cells, self.marks
        if not marks and cells[0].startswith(MARK):
            cells = [cells[0].lstrip(MARK), *cells[1:]]
        if marks and not cell_row.broken:
            cells = [cell for position, cell in enumerate(cells) if position not in marks]
        return list(map(unescaped, cells)) if self.unescapes else cells

    def _row(
        self, number: int, line: int, cells: list[str], converts: list[tuple[int, str, Convert | None]]
    ) -> FileRow:
        if self.holds_json:
            text = cells[0].encode(errors="surrogatepass")
            return json_row(number, line, text, nulls_are_blank=self.nulls_are_blank)
        try:
            return FileRow(number, line, tuple(cells), _wire(cells, converts))
        except _CellError as error:
            return FileRow(number, line, tuple(cells), None, RowProblem("invalid_value", str(error)))

    def _problem(self, cell_row: CellRow, cells: list[str]) -> RowProblem | None:
        if cell_row.broken:
            return RowProblem("invalid_row", cell_row.broken)
        if len(cells) > len(self.columns) and not all(map(is_blank, cells[len(self.columns) :])):
            return RowProblem(
                "invalid_row",
                f"expected {len(self.columns)} cells, found {len(cells)}; a cell that holds "
                f"{shown_delimiter(self.delimiter)} must stand in quotes",
            )
        sign = _joined_by(cells, len(self.columns), self.delimiter)
        if not sign:
            return None
        return RowProblem(
            "invalid_row",
            f"expected {len(self.columns)} cells, found one that holds {shown_delimiter(sign)} as often as the header; "
            "cut it into its cells, or write the empty cells that follow it",
        )

    def _guessed(self, cell_row: CellRow, cells: list[str]) -> tuple[str, ...]:
        """Return the cells of a failed row in a form that fails again, unless somebody corrects it."""
        if not cell_row.broken and (sign := _joined_by(cells, len(self.columns), self.delimiter)):
            return (*cells[0].split(sign), cells[0])
        if not cell_row.broken or not all(map(is_blank, cells[len(self.columns) :])):
            return tuple(cells)
        return (*cells, *[""] * (len(self.columns) - len(cells)), cell_row.raw)

    def _convert(self, slug: str) -> Convert | None:
        """Return the conversion of a column's cells, or None where the text is the value."""
        values: Convert | None = None
        if slug in self.multiple:
            values = self._array(slug) if self.separator == JSON_ARRAYS else self._values
        token = self.clear_token
        if token is None:
            return values
        inner: Convert = values or str
        return lambda cell: None if cell == token else inner(cell)

    def _values(self, cell: str) -> list[str]:
        parts = (part.strip() for part in cell.split(self.separator))
        return [part for part in parts if not is_blank(part)]

    @staticmethod
    def _array(slug: str) -> Convert:
        def convert(cell: str) -> list[object]:
            if not cell.lstrip().startswith("["):
                return [cell.strip()]
            try:
                values = msgspec.json.decode(cell, type=list[object])
            except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
                raise _CellError(f"{slug}: expected a JSON array of values, found {quoted(cell)}") from None
            return [value for value in values if not (isinstance(value, str) and is_blank(value))]

        return convert


def read_header(chunks: Iterator[bytes], encoding: str, delimiter: str | None) -> CsvRows:
    """Return the source of a CSV file, according to its header.

    Args:
        chunks: The bytes of the file from its beginning; only those of the header are read.
        encoding: Canonical name of the file's encoding.
        delimiter: The character between cells; None as for :func:`prismd.files.csv_header.header_of`.

    Raises:
        FileProblemError: The file has no header, or a name occurs twice in it.
    """
    header = header_of(lines_of(decoded(chunks, encoding)), delimiter)
    columns = tuple(name for position, name in enumerate(header.names) if position not in header.marks)
    marks, lost = header.marks, header.lost
    return CsvRows(columns, header.delimiter, encoding, marks=marks, lost=lost, unescapes=bool(marks))


def _joined_by(cells: list[str], columns: int, delimiter: str) -> str:
    """Return the delimiter that would split the only cell of a row into as many as there are columns; or "".

    Such a line is quoted as a whole, or comes from a file with another delimiter. Sent as it is, all its text would
    become the value of the first column.
    """
    if len(cells) != 1 or columns == 1:
        return ""
    return next((sign for sign in (delimiter, *DELIMITERS) if cells[0].count(sign) == columns - 1), "")


def _widths(names: tuple[str, ...]) -> range:
    """Return the possible numbers of cells of a row: at least up to the last column with a name."""
    named = len(names)
    while not names[named - 1]:
        named -= 1
    return range(named, len(names) + 1)


def _check_unnamed(unnamed: tuple[int, ...], line: int, cells: list[str]) -> None:
    for position in unnamed:
        if position <= len(cells) and not is_blank(cells[position - 1]):
            raise FileProblemError(
                f"column {position} has no name and holds values (line {line}: {quoted(cells[position - 1])}); give it "
                "the slug of a property in the header, or leave it out with --ignore-unknown-columns"
            )


def _wire(cells: list[str], converts: list[tuple[int, str, Convert | None]]) -> bytes:
    values: dict[str, object] = {}
    width = len(cells)
    for position, slug, convert in converts:
        if position >= width:
            break
        cell = cells[position]
        if not "!" <= cell[:1] <= "~" and is_blank(cell):
            continue
        value = convert(cell) if convert else cell
        if value != []:
            values[slug] = value
    return _ENCODE({"default": values})
