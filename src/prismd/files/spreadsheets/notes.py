"""What the cells of a sheet do not say: merged cells, errors, and rows and columns that the program hides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_KINDS_MAX: Final = 20
_SHOWN_MAX: Final = 5


@dataclass(slots=True)
class SheetNotes:
    """What is told about a sheet besides its cells.

    Args:
        hidden_rows: The number of rows that the program hides.
        hidden_columns: The number of groups of columns that it hides.
        merges: The number of merged areas.
        first_merge: The first of them, such as ``A1:C1``.
        faults: Errors by their text, with their number.
        first_fault: The first cell with an error, such as ``C7``.
    """

    hidden_rows: int = 0
    hidden_columns: int = 0
    merges: int = 0
    first_merge: str = ""
    faults: Counter[str] = field(default_factory=Counter)
    first_fault: str = ""

    def merge(self, area: str) -> None:
        """Count a merged area."""
        self.merges += 1
        self.first_merge = self.first_merge or area[:40]

    def fault(self, row: int, column: int, text: str) -> None:
        """Count a cell with an error.

        Args:
            row: Its number, from 1.
            column: Its position, from 0.
            text: The error.
        """
        self.first_fault = self.first_fault or f"{column_name(column)}{row}"
        if text in self.faults or len(self.faults) < _KINDS_MAX:
            self.faults[text] += 1

    def sentences(self) -> Iterator[str]:
        """Yield what people should know."""
        if self.merges:
            yield (
                f"{_number(self.merges, 'merged area')} (first: {self.first_merge}): the value stands in the first "
                "cell, the others are empty."
            )
        if self.faults:
            shown = ", ".join(f"{text} ({count:,})" for text, count in self.faults.most_common(_SHOWN_MAX))
            yield (
                f"{_number(self.faults.total(), 'cell')} without a value (first: {self.first_fault}): {shown}; "
                "the rows that need them are refused."
            )
        if self.hidden_rows:
            yield f"{_number(self.hidden_rows, 'hidden row')}: read as the others are."
        if self.hidden_columns:
            yield f"{_number(self.hidden_columns, 'hidden group')} of columns: read as the others are."


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def column_name(position: int) -> str:
    """Return the letters of a column of a spreadsheet.

    Args:
        position: From 0.
    """
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
