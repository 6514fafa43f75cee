"""What every reader of workbooks offers: its sheets, the rows of one, and what is told about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from prismd.core.tables.cells import TableRow
from prismd.files.rows import FileProblemError
from prismd.files.spreadsheets.notes import SheetNotes


class UnreadableError(FileProblemError):
    """A workbook cannot be read; the message says why and what to do."""


class Sheet(NamedTuple):
    """One sheet of a workbook.

    Args:
        name: Its name, as the program shows it.
        hidden: Whether the program hides it.
    """

    name: str
    hidden: bool = False


class Workbook(Protocol):
    """An open workbook."""

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """Its sheets of cells, in their order; charts and macros are none."""
        ...

    def rows(self, sheet: str, notes: SheetNotes) -> Iterator[TableRow]:
        """Yield the rows of a sheet that hold something.

        Args:
            sheet: The name of the sheet.
            notes: Gets what the cells do not say, such as merged cells.

        Raises:
            UnreadableError: The workbook is broken, or too large.
        """
        ...
