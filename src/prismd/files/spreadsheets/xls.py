"""XLS workbooks: values by a library, corrected by what the records say of errors, days and shown zeros."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.limits import MEBIBYTE, FileLimits
from prismd.files.spreadsheets.compound_files import stream_of
from prismd.files.spreadsheets.notes import SheetNotes, column_name
from prismd.files.spreadsheets.stored_numbers import number_of
from prismd.files.spreadsheets.workbooks import Sheet, UnreadableError
from prismd.files.spreadsheets.xls_records import XlsRecords

#: The format holds at most 65,536 rows of 256 cells; a file is held in memory.
_BYTES_MAX: Final = 256 * MEBIBYTE
_STREAMS: Final = ("Workbook", "Book")


class XlsWorkbook:
    """An XLS workbook.

    Args:
        stream: The file.
        limits: What it may cost.

    Raises:
        UnreadableError: It is broken, protected, or too large.
    """

    def __init__(self, stream: IO[bytes], limits: FileLimits) -> None:
        self._limits = limits
        content = stream_of(stream, _STREAMS, _BYTES_MAX)
        try:
            self._records = XlsRecords(content)
            stream.seek(0)
            self._book = CalamineWorkbook.from_filelike(io.BytesIO(stream.read()))
        except PasswordError:
            raise UnreadableError("the workbook is protected by a password; save it without one") from None
        except (CalamineError, struct.error, IndexError):
            raise UnreadableError("the workbook is broken or cut off; save it again") from None

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Its sheets of cells, in their order."""
        return tuple(
            Sheet(known.name, known.visible != SheetVisibleEnum.Visible)
            for known in self._book.sheets_metadata
            if known.typ == SheetTypeEnum.WorkSheet
        )

    def rows(self, sheet: str, notes: SheetNotes) -> Iterator[TableRow]:
        """Yield the rows of a sheet that hold something.

        Args:
            sheet: The name of the sheet.
            notes: Gets what the cells do not say.

        Raises:
            UnreadableError: The workbook is broken.
        """
        number = next(at for at, known in enumerate(self._book.sheets_metadata) if known.name == sheet)
        try:
            told, notes.hidden_rows = self._records.told(number)
            found = self._book.get_sheet_by_index(number)
        except (CalamineError, struct.error, IndexError):
            raise UnreadableError(f"the sheet {sheet!r} is broken; save the workbook again") from None
        for first, last in found.merged_cell_ranges or []:
            notes.merge(f"{_cell_name(first)}:{_cell_name(last)}")
        widths: dict[int, int] = {}
        for row, column in told:
            widths[row] = max(widths.get(row, 0), column + 1)
        grid = found.to_python(skip_empty_area=False) if found.start is not None else []
        for row in range(max(len(grid), max(widths, default=-1) + 1)):
            cells = [_cell(value) for value in grid[row]] if row < len(grid) else []
            cells += [None] * (widths.get(row, 0) - len(cells))
            for column in range(len(cells)):
                cells[column] = told.get((row, column), cells[column])
                fault = cells[column]
                if isinstance(fault, CellFault):
                    notes.fault(row + 1, column, fault.text)
            while cells and cells[-1] in (None, ""):
                cells.pop()
            if cells:
                yield TableRow(row + 1, cells)


def _cell(value: object) -> Cell:
    if isinstance(value, bool | datetime | date | time):
        return value
    if isinstance(value, int | float):
        return number_of(repr(value))
    if isinstance(value, str):
        return value or None
    return CellFault(f"{value} as a value")


def _cell_name(found: tuple[int, int]) -> str:
    return f"{column_name(found[1])}{found[0] + 1}"
