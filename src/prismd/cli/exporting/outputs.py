"""The formats that ``prismd export`` writes: rows as lines of JSON, or as cells of CSV, XLSX and Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import IO, Any, Final, Protocol

import xlsxwriter

from prismd.cli.csv_lines import CsvLines
from prismd.core.exports.columns import Column, cell_text, value_at
from prismd.core.json.text import decode_stored
from prismd.core.wording.quoting import quoted
from prismd.files.failed_cells import escaped
from prismd.importer.calls import ClientError

#: Limits of the format XLSX: rows of a sheet with its header, columns, and characters of a cell.
SHEET_ROWS_MAX: Final = 1_048_576
_SHEET_COLUMNS_MAX: Final = 16_384
_CELL_CHARS_MAX: Final = 32_767
#: A number of more digits is written as text, because cells of a sheet hold numbers of 15 digits.
_DIGITS_MAX: Final = 15
_PARQUET_EXTRA: Final = "Parquet needs pyarrow, which is not installed: pip install 'prismd[parquet]'"


class Output(Protocol):
    """A file in the making."""

    #: Number of cells that a spreadsheet takes for formulas.
    formulas: int

    def write(self, rows: Sequence[bytes]) -> None:
        """Write rows, each as JSON."""

    def close(self) -> None:
        """Write what is left, and the end of the format."""


class NdjsonOutput:
    """One JSON object a line."""

    formulas = 0

    def __init__(self, file: IO[bytes], _columns: Sequence[Column], _name: str) -> None:
        self._file = file

    def write(self, rows: Sequence[bytes]) -> None:
        """Write rows as they came."""
        self._file.write(b"".join(row + b"\n" for row in rows))

    def close(self) -> None:
        """Do nothing: each line is whole."""


class CsvOutput:
    """CSV in UTF-8 with a header."""

    def __init__(self, file: IO[bytes], columns: Sequence[Column], _name: str, *, protects: bool = False) -> None:
        self._file, self._columns, self._protects = file, columns, protects
        self._lines = CsvLines()
        self.formulas = 0
        file.write(self._lines.line(column.name for column in columns).encode())

    def write(self, rows: Sequence[bytes]) -> None:
        """Write a line for each row."""
        self._file.write("".join(self._lines.line(self._cells(decode_stored(row))) for row in rows).encode())

    def _cells(self, row: dict[str, Any]) -> list[str]:
        cells = [cell_text(value_at(row, column.at)) for column in self._columns]
        safe = [escaped(cell) if cell else cell for cell in cells]
        self.formulas += sum(map(str.__ne__, cells, safe))
        return safe if self._protects else cells

    def close(self) -> None:
        """Do nothing: each line is whole."""


class XlsxOutput:
    """A workbook of one sheet, which is written row by row.

    Texts stay texts, whatever they look like, so no cell is a formula. Numbers that a cell would round are texts too.
    """

    formulas = 0

    def __init__(self, file: IO[bytes], columns: Sequence[Column], name: str) -> None:
        if len(columns) > _SHEET_COLUMNS_MAX:
            raise ClientError(f"a sheet holds {_SHEET_COLUMNS_MAX:,} columns, and the export has {len(columns):,}")
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": False})
        self._sheet = self._book.add_worksheet(name)
        self._columns, self._row = columns, 0
        self._write_cells([column.name for column in columns])

    def write(self, rows: Sequence[bytes]) -> None:
        """Write rows below those that are there."""
        for raw in rows:
            row = decode_stored(raw)
            self._write_cells([_sheet_value(value_at(row, column.at)) for column in self._columns])

    def _write_cells(self, cells: Sequence[str | bool | int | float | None]) -> None:
        if self._row >= SHEET_ROWS_MAX:
            raise ClientError(
                f"a sheet holds {SHEET_ROWS_MAX - 1:,} records below its header, and there are more; "
                "export fewer with --query, or take --format csv"
            )
        for position, cell in enumerate(cells):
            if isinstance(cell, str):
                self._check(cell, position)
                self._sheet.write_string(self._row, position, cell)
            elif isinstance(cell, bool):
                self._sheet.write_boolean(self._row, position, cell)
            elif cell is not None:
                self._sheet.write_number(self._row, position, cell)
        self._row += 1

    def _check(self, cell: str, position: int) -> None:
        # A sheet counts the two halves of a pair.
        if len(cell) <= _CELL_CHARS_MAX // 2 or len(cell.encode("utf-16-le")) // 2 <= _CELL_CHARS_MAX:
            return
        raise ClientError(
            f"a cell of a sheet holds {_CELL_CHARS_MAX:,} characters, and {quoted(self._columns[position].name)} of "
            f"record {self._row:,} of the export has more; leave it out with --query, or take --format csv"
        )

    def close(self) -> None:
        """Write the workbook."""
        self._book.close()


def _sheet_value(value: Any) -> str | bool | int | float | None:  # noqa: ANN401 - JSON is any value
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        exact = len(number.as_tuple().digits) <= _DIGITS_MAX and Decimal(repr(float(number))) == number
        return float(number) if exact else cell_text(value)
    return cell_text(value)


class ParquetOutput:
    """A Parquet file: texts, truth values and lists of texts; numbers are texts, because they keep all their digits."""

    formulas = 0

    def __init__(self, file: IO[bytes], columns: Sequence[Column], _name: str) -> None:
        try:
            import pyarrow as pa  # noqa: PLC0415 - an extra, and half a second to load
            from pyarrow import parquet  # noqa: PLC0415 - as above
        except ImportError:
            raise ClientError(_PARQUET_EXTRA) from None
        types = {"bool": pa.bool_(), **dict.fromkeys(("multi_str", "multiselect_str"), pa.list_(pa.string()))}
        self._columns = columns
        self._types = [types.get(column.kind, pa.string()) for column in columns]
        self._schema = pa.schema(list(zip([column.name for column in columns], self._types, strict=True)))
        self._arrow, self._writer = pa, parquet.ParquetWriter(file, self._schema)

    def write(self, rows: Sequence[bytes]) -> None:
        """Write rows as a group of rows."""
        decoded = [decode_stored(row) for row in rows]
        if decoded:
            columns = [
                self._arrow.array([self._value(value_at(row, column.at), kind) for row in decoded], kind)
                for column, kind in zip(self._columns, self._types, strict=True)
            ]
            self._writer.write_table(self._arrow.Table.from_arrays(columns, schema=self._schema))

    def _value(self, value: Any, kind: Any) -> Any:  # noqa: ANN401 - JSON is any value
        if value is None or kind == self._arrow.bool_():
            return value
        if kind == self._arrow.string():
            return cell_text(value)
        return [None if item is None else cell_text(item) for item in value]

    def close(self) -> None:
        """Write the end of the file."""
        self._writer.close()


OUTPUTS: Final[dict[str, Any]] = {
    "ndjson": NdjsonOutput,
    "csv": CsvOutput,
    "xlsx": XlsxOutput,
    "parquet": ParquetOutput,
}
