"""The cells and rows of a table, whatever the format of its file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that holds an error of its spreadsheet instead of a value.

    Args:
        text: The error as the spreadsheet shows it, such as ``#REF!``.
    """

    text: str


#: A text format gives str alone, where "" is an empty cell. None is no cell at all: a row that ends too early, or an
#: empty cell of a spreadsheet.
Cell = str | int | Decimal | bool | date | datetime | time | CellFault | None


class TableRow(NamedTuple):
    """One row of a table.

    Args:
        line: The line of the file at which the row begins, from 1; in a spreadsheet, the number of the row.
        cells: Its cells.
    """

    line: int
    cells: Sequence[Cell]


def cell_text(cell: Cell) -> str:
    """Return the text of a cell: what a text format would hold for it, "" for no cell.

    Args:
        cell: Any cell.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.text if isinstance(cell, CellFault) else str(cell)
