"""How wide the rows of a text are, and which of them hold nothing."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Final

from prismd.core.tables.dialects.csv_cells import CellRow
from prismd.core.values.blanks import is_blank

#: The most columns of a table.
COLUMNS_MAX: Final = 16_384

_SHOWN_CHARS: Final = 60


def is_empty(row: CellRow) -> bool:
    """Return whether a row holds nothing.

    Args:
        row: A row.
    """
    return not row.broken and all(map(is_blank, row.cells))


def filled_cells(row: CellRow) -> int:
    """Return how many cells of a row hold something.

    Args:
        row: A row.
    """
    return sum(not is_blank(cell) for cell in row.cells)


def usual_width(rows: Sequence[CellRow]) -> int:
    """Return the usual number of cells, of several the largest.

    Args:
        rows: Rows without blank ones.
    """
    widths = Counter(min(len(row.cells), COLUMNS_MAX) for row in rows if not row.broken)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def width_of_header(rows: Sequence[CellRow]) -> int:
    """Return the number of cells of the first row, where each holds something: other rows may be shorter.

    Args:
        rows: Rows without blank ones.
    """
    full = bool(rows) and not rows[0].broken and not any(map(is_blank, rows[0].cells))
    return min(len(rows[0].cells), COLUMNS_MAX) if full else 0


def used_columns(rows: Sequence[CellRow], width: int) -> int:
    """Return the number of columns up to the last one with any content.

    Args:
        rows: Rows without blank ones.
        width: The usual number of their cells.
    """
    used = max(
        (max((at + 1 for at, cell in enumerate(row.cells[:width]) if not is_blank(cell)), default=0)
         for row in rows if not row.broken),
        default=0,
    )  # fmt: skip
    return max(used, 1)


def fits_width(row: CellRow, used: int, width: int) -> bool:
    """Return whether a row has no more than empty cells beyond the columns in use.

    Args:
        row: A row.
        used: The number of columns in use.
        width: The usual number of cells.
    """
    return len(row.cells) <= max(width, used) or all(map(is_blank, row.cells[used:]))


def padded_to(cells: Sequence[str], width: int) -> list[str]:
    """Return cells cut or filled up to a number.

    Args:
        cells: The cells of a row.
        width: The number.
    """
    return [*cells[:width], *[""] * (width - len(cells))]


def shown_row(row: CellRow) -> str:
    """Return a row for a person.

    Args:
        row: A row.
    """
    text = " · ".join(row.cells[:8]) if not row.broken else row.raw
    return f"line {row.line}: {text[:_SHOWN_CHARS]}"


def parted_lines(rows: Sequence[CellRow]) -> frozenset[int]:
    """Return the lines of the rows above which a blank row stands.

    Args:
        rows: Rows, blank ones included.
    """
    return frozenset(row.line for above, row in itertools.pairwise(rows) if is_empty(above))
