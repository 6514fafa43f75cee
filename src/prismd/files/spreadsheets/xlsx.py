"""XLSX workbooks: cells as they are stored, with their number formats, one row after another.

A library that reads ranges gives an empty text for an error, loses leading zeros, and takes the memory of the whole
rectangle up to the last cell. So cells are read one by one here, and what has no value is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from prismd.core.tables.cells import TableRow
from prismd.files.limits import FileLimits
from prismd.files.spreadsheets.notes import SheetNotes
from prismd.files.spreadsheets.workbooks import Sheet
from prismd.files.spreadsheets.xlsx_cells import SheetCells
from prismd.files.spreadsheets.xlsx_parts import Parts, SharedTexts, formats, sheet_parts
from prismd.files.spreadsheets.xlsx_rows import UsualRows
from prismd.files.spreadsheets.xml_elements import UsualElements, parsed_past_usual


class XlsxWorkbook:
    """An XLSX workbook.

    Args:
        stream: The file; it stays open as long as rows are read.
        limits: What it may cost.

    Raises:
        UnreadableError: It is broken, or too large.
    """

    def __init__(self, stream: IO[bytes], limits: FileLimits) -> None:
        self.parts = Parts(stream, limits)
        self.limits = limits
        self._sheets, self.from_1904 = sheet_parts(self.parts)
        self.formats = formats(self.parts)
        self._texts: SharedTexts | None = None

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Its sheets of cells, in their order."""
        return tuple(Sheet(sheet.name, sheet.hidden) for sheet in self._sheets)

    @property
    def texts(self) -> list[str]:
        """The texts that cells refer to by number."""
        if self._texts is None:
            self._texts = SharedTexts(self.parts, self.limits)
        return self._texts.texts

    def rows(self, sheet: str, notes: SheetNotes) -> Iterator[TableRow]:
        """Yield the rows of a sheet that hold something.

        Args:
            sheet: The name of the sheet.
            notes: Gets what the cells do not say.

        Raises:
            UnreadableError: The workbook is broken, or too large.
        """
        path = next(part.path for part in self._sheets if part.name == sheet)
        cells = SheetCells(self, notes)
        usual = UsualElements("row", UsualRows(cells).take)
        with self.parts.open(path) as stream:
            what = f"the sheet {sheet!r}"
            for _ in parsed_past_usual(stream, what, usual, cells.begin, cells.end, cells.text):
                yield from cells.taken()
