"""ODS workbooks: cells as they are stored, one row after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from typing import IO, Final

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.limits import FileLimits
from prismd.files.spreadsheets.notes import SheetNotes, column_name
from prismd.files.spreadsheets.stored_numbers import day_of, number_of
from prismd.files.spreadsheets.workbooks import Sheet, UnreadableError
from prismd.files.spreadsheets.xlsx_parts import Parts
from prismd.files.spreadsheets.xml_events import Begin, End, Text, attribute, parsed

_CONTENT: Final = "content.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_DURATION: Final = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")
_WITH_SIGNS: Final = re.compile(r"[0-9 ()/-]+")
_DAY_H: Final = 24
_ROWS_MAX: Final = 2**20
_SPACES_MAX: Final = 32_768


class OdsWorkbook:
    """An ODS workbook.

    Args:
        stream: The file; it stays open as long as rows are read.
        limits: What it may cost.

    Raises:
        UnreadableError: It is broken, protected, or too large.
    """

    def __init__(self, stream: IO[bytes], limits: FileLimits) -> None:
        self.parts, self.limits = Parts(stream, limits), limits
        if self.parts.has(_MANIFEST):
            with self.parts.open(_MANIFEST) as manifest:
                if b"encryption-data" in manifest.read(limits.cell_chars_max):
                    raise UnreadableError("the workbook is protected by a password; save it without one")
        found = _Sheets()
        for _ in self._events(found.begin, lambda _: None, lambda _: None):
            pass
        self._sheets = tuple(Sheet(name, style in found.hidden_styles) for name, style in found.sheets)

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Its sheets, in their order."""
        return self._sheets

    def rows(self, sheet: str, notes: SheetNotes) -> Iterator[TableRow]:
        """Yield the rows of a sheet that hold something.

        Args:
            sheet: The name of the sheet.
            notes: Gets what the cells do not say.

        Raises:
            UnreadableError: The workbook is broken, or too large.
        """
        cells = _Cells(sheet, notes, self.limits)
        for _ in self._events(cells.begin, cells.end, cells.text):
            yield from cells.taken()
            if cells.done:
                return

    def _events(self, begin: Begin, end: End, text: Text) -> Iterator[None]:
        with self.parts.open(_CONTENT) as stream:
            yield from parsed(stream, "the workbook", begin, end, text)


class _Sheets:
    """Finds the sheets, and the styles by which a sheet is hidden."""

    def __init__(self) -> None:
        self.sheets = list[tuple[str, str]]()
        self.hidden_styles = set[str]()
        self._style = ""

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        if element == "style":
            self._style = attribute(attributes, "name") or ""
        elif element == "table-properties" and attribute(attributes, "display") == "false":
            self.hidden_styles.add(self._style)
        elif element == "table":
            self.sheets.append((attribute(attributes, "name") or "", attribute(attributes, "style-name") or ""))


class _Cells:
    """Makes rows of the events of one sheet.

    Args:
        sheet: The name of the sheet.
        notes: Gets what the cells do not say.
        limits: What it may cost.
    """

    def __init__(self, sheet: str, notes: SheetNotes, limits: FileLimits) -> None:
        self._sheet, self._notes, self._limits = sheet, notes, limits
        self.done = self._inside = False
        self._rows, self._cells = list[TableRow](), list[Cell]()
        self._number, self._position, self._row_times = 0, 0, 1
        self._cell: Mapping[str, str] = {}
        self._paragraphs, self._chars = list[str](), 0
        self._in_cell = self._in_paragraph = False
        self._aside = 0
        self._count = 0

    def taken(self) -> list[TableRow]:
        """Return the rows that are complete, once each."""
        rows, self._rows = self._rows, []
        return rows

    def begin(self, element: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        if element == "table":
            self._inside = attribute(attributes, "name") == self._sheet and not self.done
        if not self._inside:
            return
        if element == "table-row":
            self._cells, self._position = [], 0
            self._row_times = _times(attributes, "number-rows-repeated")
            if attribute(attributes, "visibility") in ("collapse", "filter"):
                self._notes.hidden_rows += 1
        elif element in ("table-cell", "covered-table-cell"):
            self._cell, self._paragraphs, self._in_cell, self._chars = attributes, [], True, 0
            if element == "table-cell":
                self._look_at_span(attributes)
        elif element in ("annotation", "shapes"):
            self._aside += 1
        elif self._in_cell and not self._aside:
            self._begin_text(element, attributes)

    def _begin_text(self, element: str, attributes: Mapping[str, str]) -> None:
        if element == "p":
            self._paragraphs.append("")
            self._in_paragraph = True
        elif element == "s" and self._in_paragraph:
            self.text(" " * min(_times(attributes, "c"), _SPACES_MAX))
        elif element == "tab" and self._in_paragraph:
            self.text("\t")
        elif element == "line-break" and self._in_paragraph:
            self.text("\n")

    def end(self, element: str) -> None:
        """Take the end of an element."""
        if not self._inside:
            return
        if element in ("annotation", "shapes"):
            self._aside -= 1
        elif element == "p" and not self._aside:
            self._in_paragraph = False
        elif element in ("table-cell", "covered-table-cell"):
            self._end_cell()
        elif element == "table-row":
            self._end_row()
        elif element == "table":
            self._inside, self.done = False, True

    def text(self, text: str) -> None:
        """Take text between elements."""
        if self._in_paragraph and not self._aside:
            self._chars += len(text)
            if self._chars > self._limits.cell_chars_max:
                raise UnreadableError(f"a cell has more than {self._limits.cell_chars_max:,} characters")
            self._paragraphs[-1] += text

    def _look_at_span(self, attributes: Mapping[str, str]) -> None:
        wide, high = _times(attributes, "number-columns-spanned"), _times(attributes, "number-rows-spanned")
        if wide > 1 or high > 1:
            first = f"{column_name(self._position)}{self._number + 1}"
            last = f"{column_name(self._position + wide - 1)}{self._number + high}"
            self._notes.merge(f"{first}:{last}")

    def _end_cell(self) -> None:
        self._in_cell = False
        times = _times(self._cell, "number-columns-repeated")
        value = self._value("\n".join(self._paragraphs))
        if value is None or value == "":
            self._position += times
            return
        if isinstance(value, CellFault):
            self._notes.fault(self._number + 1, self._position, value.text)
        missing = self._position - len(self._cells)
        self._position += times
        if self._position > self._limits.columns_max:
            raise UnreadableError(f"row {self._number + 1} has more than {self._limits.columns_max:,} cells")
        self._count += (missing + times) * self._row_times
        if self._count > self._limits.cells_max:
            raise UnreadableError(f"the sheet has more than {self._limits.cells_max:,} cells; import it in parts")
        self._cells.extend([None] * missing)
        self._cells.extend([value] * times)

    def _end_row(self) -> None:
        first, self._number = self._number + 1, self._number + self._row_times
        if self._number > _ROWS_MAX and self._cells:
            raise UnreadableError(f"the sheet has more than {_ROWS_MAX:,} rows")
        if self._cells:
            self._rows.extend(TableRow(number, self._cells) for number in range(first, self._number + 1))

    def _value(self, shown: str) -> Cell:
        kind = attribute(self._cell, "value-type")
        if _has_error(self._cell):
            return CellFault(shown[:100] or "#ERROR")
        if kind is None and attribute(self._cell, "formula"):
            return CellFault("a formula without a stored value")
        if kind not in _READERS:
            return attribute(self._cell, "string-value") or shown
        name, read = _READERS[kind]
        value = read(attribute(self._cell, name) or "")
        return shown if _shows_zeros(shown, value) else value


def _has_error(cell: Mapping[str, str]) -> bool:
    # LibreOffice gives errors a type of their own beside that of the standard.
    return any(key.rpartition(":")[2] == "value-type" and value == "error" for key, value in cell.items())


def _number(text: str) -> Cell:
    number = number_of(text)
    return CellFault(f"{text[:20]!r} as a number") if number is None else number


def _shows_zeros(shown: str, number: Cell) -> bool:
    """Return whether a whole number is shown with zeros before it or signs inside it, as postcodes are."""
    if not isinstance(number, int) or isinstance(number, bool) or number < 0 or not _WITH_SIGNS.fullmatch(shown):
        return False
    digits = "".join(filter(str.isdigit, shown))
    with_zeros = digits[:1] == "0" < digits
    return digits.lstrip("0") == str(number or "") and (with_zeros or any(sign in shown for sign in "-/("))


def _time(text: str) -> Cell:
    found = _DURATION.fullmatch(text)
    if not found:
        return CellFault(f"{text[:20]!r} as a time")
    hours, minutes, seconds = (int(part) for part in found.groups())
    if hours < _DAY_H and minutes < 60 and seconds < 60:  # noqa: PLR2004
        return time(hours, minutes, seconds)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _times(attributes: Mapping[str, str], name: str) -> int:
    found = attribute(attributes, name)
    if found is None:
        return 1
    return int(found) if found.isascii() and found.isdecimal() and len(found) < 8 and int(found) else 1  # noqa: PLR2004


#: Where a cell of each kind has its value, and how it is read; cells of other kinds are text.
_READERS: Final[Mapping[str | None, tuple[str, Callable[[str], Cell]]]] = {
    "float": ("value", _number),
    "percentage": ("value", _number),
    "currency": ("value", _number),
    "date": ("date-value", day_of),
    "time": ("time-value", _time),
    "boolean": ("boolean-value", lambda text: text == "true"),
}
