"""The cells of a sheet of an XLSX workbook, made of the events of its XML or of rows in their usual form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NoReturn, Protocol

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.limits import FileLimits
from prismd.files.spreadsheets.notes import SheetNotes
from prismd.files.spreadsheets.number_formats import PLAIN, NumberFormat
from prismd.files.spreadsheets.stored_numbers import day_of, formatted, number_of
from prismd.files.spreadsheets.workbooks import UnreadableError
from prismd.files.spreadsheets.xlsx_parts import unescaped

_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")
_ROWS_MAX: Final = 2**20
#: How many styles are remembered by the texts that name them.
_FORMS_KNOWN_MAX: Final = 10_000


#: A cell as it is written: reference, letters of its column, style, kind, stored value, text of its own, and nothing.
UsualCell = tuple[str, str, str, str, str, str, str]


class Book(Protocol):
    """What the cells of a sheet need of their workbook."""

    limits: FileLimits
    from_1904: bool

    @property
    def formats(self) -> Sequence[NumberFormat]:
        """The number format of each style, by its number."""
        ...

    @property
    def texts(self) -> Sequence[str]:
        """The texts that cells refer to by number."""
        ...


class SheetCells:
    """Makes rows of the events of a sheet's XML.

    Args:
        book: The workbook.
        notes: Gets what the cells do not say.
    """

    def __init__(self, book: Book, notes: SheetNotes) -> None:
        self._book, self._notes, self._limits = book, notes, book.limits
        self._forms = dict[str, NumberFormat]()
        self._texts: Sequence[str] | None = None
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

    @property
    def chars_max(self) -> int:
        """The most characters of a cell."""
        return self._limits.cell_chars_max

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
            self.end_row()

    def text(self, text: str) -> None:
        """Take text between elements."""
        if self._within:
            self._chars += len(text)
            if self._chars > self._limits.cell_chars_max:
                self._refuse(f"a cell has more than {self._limits.cell_chars_max:,} characters")
            self._pieces.append(text)

    def begin_row(self, number: int, *, hidden: bool) -> None:
        """Begin a row.

        Args:
            number: Its number, from 1.
            hidden: Whether the program hides it.

        Raises:
            UnreadableError: It does not follow the row before, or is beyond the last row.
        """
        if not self._number < number <= _ROWS_MAX:
            raise UnreadableError(f"row {number} follows row {self._number} in the sheet; save the workbook again")
        self._number, self._cells, self._position = number, [], -1
        if hidden:
            self._notes.hidden_rows += 1

    def move_to(self, reference: str | None, letters: str) -> None:
        """Go on to a cell.

        Args:
            reference: Such as ``AB12``; None for the next cell.
            letters: Of its column.

        Raises:
            UnreadableError: It is no cell, or does not follow the one before.
        """
        position = self._columns.get(letters) if reference else self._position + 1
        if position is None:
            position = self._column(reference or "", letters)
        if position <= self._position:
            self._refuse(f"the cell {reference} stands twice")
        self._position = position

    def form_of(self, style: str | None) -> NumberFormat:
        """Return the number format of a style.

        Args:
            style: The number of the style, as the cell names it.
        """
        if style is None:
            return PLAIN
        form = self._forms.get(style)
        if form is None:
            found, form = self._book.formats, PLAIN
            if style.isascii() and style.isdecimal() and len(style) < 8 and int(style) < len(found):  # noqa: PLR2004
                form = found[int(style)]
            if len(self._forms) < _FORMS_KNOWN_MAX:
                self._forms[style] = form
        return form

    def value(self, kind: str, form: NumberFormat, text: str) -> Cell:
        """Return the value of a cell.

        Args:
            kind: As the cell names it; ``n`` for a number.
            form: Its number format.
            text: What the workbook stores.

        Raises:
            UnreadableError: It refers to a text that is not there.
        """
        if kind == "s":
            return self._shared(text)
        read = _READERS.get(kind)
        if read is not None:
            return read(text)
        if not text.strip():
            return None
        number = number_of(text)
        if number is None:
            return CellFault(f"{text[:20]!r} as a number")
        return number if form is PLAIN else formatted(number, form, from_1904=self._book.from_1904)

    def put(self, value: Cell) -> None:
        """Put a value into the current cell; None and an empty text leave it empty.

        Raises:
            UnreadableError: The sheet has too many cells.
        """
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

    @property
    def has_room(self) -> bool:
        """Whether the sheet may have as many cells more as a row can have."""
        return self._count + self._limits.columns_max <= self._limits.cells_max

    def put_usual(self, found: Iterable[UsualCell]) -> None:
        """Put the cells of a row, as :meth:`move_to` and :meth:`put` do for each, in a third of the time.

        Args:
            found: The cells; the sheet has room for them.

        Raises:
            UnreadableError: A cell does not follow the one before, or refers to a text that is not there.
        """
        cells, columns = self._cells, self._columns
        for reference, letters, style, kind, stored, inline, _ in found:
            position = columns.get(letters)
            if position is None or position <= self._position:
                self.move_to(reference, letters)
                position = self._position
            self._position = position
            text = stored or inline
            if not text:
                continue
            if kind == "s":
                value: Cell = self._shared(text)
            elif kind == "inlineStr" and "_x" not in text:
                value = text
            else:
                value = self.value(kind or "n", self.form_of(style) if style else PLAIN, text)
                if type(value) is CellFault:
                    self._notes.fault(self._number, position, value.text)
            if value is None or value == "":
                continue
            if len(cells) < position:
                cells.extend([None] * (position - len(cells)))
            cells.append(value)
        self._count += len(cells)

    def end_row(self) -> None:
        """End the current row."""
        if self._cells:
            self._rows.append(TableRow(self._number, self._cells))

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        number = attributes.get("r", "")
        given = int(number) if number.isascii() and number.isdecimal() and len(number) < 8 else self._number + 1  # noqa: PLR2004
        self.begin_row(given, hidden=attributes.get("hidden") in ("1", "true"))

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        reference = attributes.get("r")
        self.move_to(reference, reference.rstrip("0123456789") if reference else "")
        self._kind, self._form = attributes.get("t", "n"), self.form_of(attributes.get("s"))
        self._pieces, self._chars = [], 0
        self._has_value = self._has_formula = False

    def _end_cell(self) -> None:
        if self._has_value:
            self.put(self.value(self._kind, self._form, "".join(self._pieces)))
        elif self._has_formula:
            self.put(CellFault("a formula without a stored value"))

    def _column(self, reference: str, letters: str) -> int:
        if not _REFERENCE.fullmatch(reference):
            self._refuse(f"{reference[:20]!r} is no cell")
        number = 0
        for letter in letters.replace("$", ""):
            number = number * 26 + ord(letter) - 64
        if number > self._limits.columns_max:
            self._refuse(f"the cell {reference} stands beyond the last column")
        self._columns[letters] = number - 1
        return number - 1

    def _shared(self, text: str) -> str:
        if self._texts is None:
            self._texts = self._book.texts
        texts = self._texts
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) < len(texts)):  # noqa: PLR2004
            self._refuse("a cell refers to a text that is not there")
        return texts[int(text)]

    def _refuse(self, why: str) -> NoReturn:
        raise UnreadableError(f"row {self._number}: {why}; save the workbook again")


def _boolean(text: str) -> Cell:
    known = _BOOLEANS.get(text.strip())
    return CellFault(f"{text[:20]!r} as true or false") if known is None else known


_BOOLEANS: Final = {"1": True, "0": False, "true": True, "false": False}

#: How the texts of cells are read by the kind of the cell; a number is read by its format.
_READERS: Final[Mapping[str, Callable[[str], Cell]]] = {
    "inlineStr": unescaped,
    "str": unescaped,
    "b": _boolean,
    "e": lambda text: CellFault(text[:100] or "#ERROR"),
    "d": day_of,
}
