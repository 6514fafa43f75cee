"""XLSX workbooks: cells as they are stored, with their number formats, one row after another.

A library that reads ranges gives an empty text for an error, loses leading zeros, and takes the memory of the whole
rectangle up to the last cell. So cells are read one by one here, and what has no value is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Final, NoReturn

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.limits import FileLimits
from prismd.files.spreadsheets.notes import SheetNotes
from prismd.files.spreadsheets.number_formats import PLAIN
from prismd.files.spreadsheets.stored_numbers import day_of, formatted, number_of
from prismd.files.spreadsheets.workbooks import Sheet, UnreadableError
from prismd.files.spreadsheets.xlsx_parts import Parts, SharedTexts, formats, sheet_parts, unescaped
from prismd.files.spreadsheets.xml_events import parsed

_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_ROWS_MAX: Final = 2**20


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
        cells = _Cells(self, notes)
        with self.parts.open(path) as stream:
            for _ in parsed(stream, f"the sheet {sheet!r}", cells.begin, cells.end, cells.text):
                yield from cells.taken()


class _Cells:
    """Makes rows of the events of a sheet's XML.

    Args:
        book: The workbook.
        notes: Gets what the cells do not say.
    """

    def __init__(self, book: XlsxWorkbook, notes: SheetNotes) -> None:
        self._book, self._notes, self._limits = book, notes, book.limits
        self._rows = list[TableRow]()
        self._cells = list[Cell]()
        self._number = 0
        self._columns = dict[str, int]()
        self._position = -1
        self._kind, self._form = "n", PLAIN
        self._pieces, self._chars = list[str](), 0
        self._within = self._aside = False
        self._has_value = self._has_formula = False
        self._count = 0

    def taken(self) -> list[TableRow]:
        """Return the rows that are complete, once each."""
        rows, self._rows = self._rows, []
        return rows

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        if element == "c":
            self._begin_cell(attributes)
        elif element in ("v", "t"):
            self._within, self._has_value = not self._aside, True
        elif element == "f":
            self._has_formula = True
        elif element == "rPh":
            # How a text is spoken is no part of it.
            self._aside = True
        elif element == "row":
            self._begin_row(attributes)
        elif element == "col" and attributes.get("hidden") in ("1", "true"):
            self._notes.hidden_columns += 1
        elif element == "mergeCell":
            self._notes.merge(attributes.get("ref", ""))

    def end(self, element: str) -> None:
        """Take the end of an element."""
        if element in ("v", "t"):
            self._within = False
        elif element == "c":
            self._end_cell()
        elif element == "rPh":
            self._aside = False
        elif element == "row":
            self._end_row()

    def text(self, text: str) -> None:
        """Take text between elements."""
        if self._within:
            self._chars += len(text)
            if self._chars > self._limits.cell_chars_max:
                self._refuse(f"a cell has more than {self._limits.cell_chars_max:,} characters")
            self._pieces.append(text)

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r", "")
        given = int(number) if number.isascii() and number.isdecimal() and len(number) < 8 else self._number + 1  # noqa: PLR2004
        if not self._number < given <= _ROWS_MAX:
            raise UnreadableError(f"row {given} follows row {self._number} in the sheet; save the workbook again")
        self._number, self._cells, self._position = given, [], -1
        if attributes.get("hidden") in ("1", "true"):
            self._notes.hidden_rows += 1

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        reference = attributes.get("r")
        position = self._position + 1 if reference is None else self._column(reference)
        if position <= self._position:
            self._refuse(f"the cell {reference} stands twice")
        self._position = position
        self._kind = attributes.get("t", "n")
        style = attributes.get("s")
        self._form = PLAIN
        if style is not None and style.isascii() and style.isdecimal() and len(style) < 8:  # noqa: PLR2004
            found = self._book.formats
            self._form = found[int(style)] if int(style) < len(found) else PLAIN
        self._pieces, self._chars = [], 0
        self._has_value = self._has_formula = False

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        known = self._columns.get(letters)
        if known is not None:
            return known
        if not _REFERENCE.fullmatch(reference):
            self._refuse(f"{reference[:20]!r} is no cell")
        number = 0
        for letter in letters.replace("$", ""):
            number = number * 26 + ord(letter) - 64
        if number > self._limits.columns_max:
            self._refuse(f"the cell {reference} stands beyond the last column")
        self._columns[letters] = number - 1
        return number - 1

    def _end_cell(self) -> None:
        if not self._has_value:
            if not self._has_formula:
                return
            value: Cell = CellFault("a formula without a stored value")
        else:
            value = self._value("".join(self._pieces))
        if value is None or value == "":
            return
        if isinstance(value, CellFault):
            self._notes.fault(self._number, self._position, value.text)
        missing = self._position - len(self._cells)
        self._count += missing + 1
        if self._count > self._limits.cells_max:
            raise UnreadableError(f"the sheet has more than {self._limits.cells_max:,} cells; import it in parts")
        if missing:
            self._cells.extend([None] * missing)
        self._cells.append(value)

    def _value(self, text: str) -> Cell:
        if self._kind == "s":
            return self._shared(text)
        read = _READERS.get(self._kind)
        if read is not None:
            return read(text)
        if not text.strip():
            return None
        number = number_of(text)
        if number is None:
            return CellFault(f"{text[:20]!r} as a number")
        if self._form is PLAIN:
            return number
        return formatted(number, self._form, from_1904=self._book.from_1904)

    def _shared(self, text: str) -> str:
        texts = self._book.texts
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < len(texts)):  # noqa: PLR2004
            self._refuse("a cell refers to a text that is not there")
        return texts[int(text)]

    def _refuse(self, why: str) -> NoReturn:
        raise UnreadableError(f"row {self._number}: {why}; save the workbook again")

    def _end_row(self) -> None:
        if self._cells:
            self._rows.append(TableRow(self._number, self._cells))


def _boolean(text: str) -> Cell:
    known: dict[str, bool] = {"1": True, "0": False, "true": True, "false": False}
    return known.get(text.strip(), CellFault(f"{text[:20]!r} as true or false"))


#: How the texts of cells are read by the kind of the cell; a number is read by its format.
_READERS: Final[Mapping[str, Callable[[str], Cell]]] = {
    "inlineStr": unescaped,
    "str": unescaped,
    "b": _boolean,
    "e": lambda text: CellFault(text[:100] or "#ERROR"),
    "d": day_of,
}
