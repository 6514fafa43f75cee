"""One way to cut a sample into cells, tried out: how even its rows are, and what its cells prove."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from prismd.core.tables.columns.kinds import cell_kind, common_kind
from prismd.core.tables.dialects.csv_cells import CellRow, cell_rows
from prismd.core.tables.dialects.dialect import Dialect

_ROWS_FOR_KINDS = 200


@dataclass(frozen=True)
class TrialReading:
    """A sample read by one dialect.

    Args:
        dialect: The dialect.
        rows: All rows, blank ones left out.
    """

    dialect: Dialect
    rows: tuple[CellRow, ...]

    @cached_property
    def broken(self) -> int:
        """The number of rows with broken quotes."""
        return sum(row.broken is not None for row in self.rows)

    @cached_property
    def width(self) -> int:
        """The most frequent number of cells; of several, the largest."""
        widths = Counter(len(row.cells) for row in self.rows if not row.broken)
        return max(widths, key=lambda width: (widths[width], width), default=0)

    @cached_property
    def even(self) -> float:
        """The share of rows that have as many cells as most."""
        fits = sum(len(row.cells) == self.width and not row.broken for row in self.rows)
        return fits / len(self.rows) if self.rows else 0.0

    @cached_property
    def body_is_even(self) -> bool:
        """Whether no row differs between the first and the last row of the usual width."""
        fits = [len(row.cells) == self.width and not row.broken for row in self.rows]
        if True not in fits:
            return False
        first, last = fits.index(True), len(fits) - fits[::-1].index(True)
        return all(fits[first:last]) and last - first > 1

    @cached_property
    def body(self) -> list[list[str]]:
        """The cells of the rows of the usual width, the first ones."""
        fits = [row.cells for row in self.rows if len(row.cells) == self.width and not row.broken]
        return fits[:_ROWS_FOR_KINDS]

    @cached_property
    def kinds(self) -> list[str]:
        """The kind of each column, below what may be its header."""
        return [common_kind({cell_kind(row[at]) for row in self.body[1:]}) for at in range(self.width)]

    @cached_property
    def typed(self) -> int:
        """The number of columns whose cells are all of one kind that is not text."""
        return sum(kind not in ("", "text", "boolean") for kind in self.kinds)

    def untyped_cells_with(self, sign: str) -> int:
        """Return the number of cells that hold a sign without being a number, a date or the like.

        Args:
            sign: The delimiter of another reading.
        """
        return sum(
            sign in cell and cell_kind(cell) in ("", "text") and not _is_prose(cell, sign)
            for row in self.rows[:_ROWS_FOR_KINDS]
            if not row.broken
            for cell in row.cells
        )


def _is_prose(cell: str, sign: str) -> bool:
    """Return whether a sign stands in a cell as in a sentence or a name: always before a blank."""
    return sign in ",;:" and cell.count(sign) == cell.count(f"{sign} ")


def tried(lines: Sequence[str], dialect: Dialect, *, cut: bool = False) -> TrialReading:
    """Return a sample read by one dialect.

    Args:
        lines: The lines of the sample, with their ends.
        dialect: The dialect.
        cut: Whether the text goes on after them, so that the last row may be cut.
    """
    return TrialReading(dialect, tuple(row for row in rows_in(lines, dialect, cut=cut) if any(row.cells) or row.broken))


def rows_in(lines: Sequence[str], dialect: Dialect, *, above: int = 0, cut: bool = False) -> list[CellRow]:
    """Return the rows of a sample, without those at its end that its cut may have broken.

    Args:
        lines: The lines of the sample, with their ends.
        dialect: The dialect.
        above: The number of lines above them.
        cut: Whether the text goes on after them, so that the last row may be cut.
    """
    rows = list(cell_rows(iter(lines), dialect, range(1, 2**31), above=above))
    while cut and rows and rows[-1].broken:
        rows.pop()
    return rows
