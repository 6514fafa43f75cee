"""Finds the header of a table: names above cells of other kinds, or words that names of columns have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.tables.columns.kinds import PROVING, cell_kind, common_kind, fits
from prismd.core.tables.layout.header_words import is_name
from prismd.core.values.blanks import is_blank, trimmed

_ROWS_MAX: Final = 400
_YEARS: Final = range(1900, 2101)
_BOTH: Final = 2


@dataclass(frozen=True, slots=True)
class FoundHeader:
    """The header of a table.

    Args:
        lines: The number of its rows; where it is asked, the likeliest.
        evidence: Its proof; "" where it is asked.
        others: Where it is asked, the other possible numbers.
    """

    lines: int
    evidence: str = ""
    others: tuple[int, ...] = ()


def header_lines(rows: Sequence[Sequence[str]]) -> FoundHeader:
    """Return the number of rows that are the header of a table.

    Args:
        rows: Its rows from the first, all of one width.
    """
    rows = rows[:_ROWS_MAX]
    # A header that stands there again, where files were joined, is no row; but a row may stand there twice, too.
    once = [rows[0], *(row for row in rows[1:] if row != rows[0])]
    first = _Evidence(once, 0, 1)
    if len(once) == 1:
        return _lonely(rows[0]) if len(rows) == 1 else FoundHeader(1, others=(0,))
    found = first.found()
    narrow = len(rows[0]) <= _BOTH
    if len(once) < len(rows) and found.lines and (narrow or len(first.names) * 2 <= len(first.filled)):
        return FoundHeader(1, others=(0,))
    rows = once
    if found.lines != 1 or len(rows) <= _BOTH:
        return found
    return _second(rows, found) or found


def joined_names(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of the columns under a header of any number of rows.

    A name of an upper row covers the columns after it that have none, up to the next one.

    Args:
        rows: The rows of the header, all of one width.
    """
    if len(rows) == 1:
        return tuple(trimmed(cell) for cell in rows[0])
    upper = []
    for row in rows[:-1]:
        covered, names = "", []
        for cell in row:
            covered = trimmed(cell) or covered
            names.append(covered)
        upper.append(names)
    parts = zip(*upper, [trimmed(cell) for cell in rows[-1]], strict=True)
    return tuple(" ".join(part for part in dict.fromkeys(column) if part) for column in parts)


class _Evidence:
    """What one row tells beside the rows below it."""

    def __init__(self, rows: Sequence[Sequence[str]], at: int, body: int) -> None:
        self.row = rows[at]
        below = rows[body:]
        self.kinds = [common_kind({cell_kind(row[column]) for row in below}) for column in range(len(self.row))]
        self.below = below
        typed = [
            (column, kind)
            for column, kind in enumerate(self.kinds)
            if kind not in ("", "text", "boolean") and not is_blank(self.row[column])
        ]
        #: Columns of a kind that this row's cell does not have, and those whose kind it has.
        self.breaks = [column for column, kind in typed if not fits(kind, self.row[column])]
        self.fits = [(column, kind) for column, kind in typed if fits(kind, self.row[column])]
        self.filled = [cell for cell in self.row if not is_blank(cell)]
        self.names = [cell for cell in self.filled if is_name(cell)]

    def found(self) -> FoundHeader:
        if any(cell_kind(cell) in PROVING for cell in self.filled):
            return self._with_values()
        if self.fits:
            return self._with_fits()
        named = [column for column in self.breaks if is_name(self.row[column])]
        half = len(self.names) * 2 >= len(self.filled)
        several = len(self.breaks) >= _BOTH < len(self.below) and _differ([self.row[column] for column in self.breaks])
        if self.breaks and self.stands_alone() and (named or half or several):
            column = (named or self.breaks)[0]
            return FoundHeader(1, f"{self.row[column].strip()!r} stands above a column of kind {self.kinds[column]}")
        full = len(self.filled) == len(self.row) >= _BOTH
        if full and len(self.names) * 2 > len(self.filled) and self.is_distinct():
            return FoundHeader(1, f"its cells are names of columns, such as {self.names[0].strip()!r}")
        return FoundHeader(1, others=(0,))

    def _with_values(self) -> FoundHeader:
        """Judge a row that has a cell such as an address or a date, which is no name."""
        proving = next(cell for cell in self.filled if cell_kind(cell) in PROVING)
        if not self.breaks and (self.fits or not self.names):
            return FoundHeader(0, f"the first row has the value {proving.strip()!r}")
        return FoundHeader(
            0 if len(self.breaks) < len(self.fits) else 1, others=(1 if len(self.breaks) < len(self.fits) else 0,)
        )

    def _with_fits(self) -> FoundHeader:
        numbers = [self.row[column].strip() for column, kind in self.fits if kind in ("integer", "decimal", "digits")]
        words = len(self.fits) - len(numbers)
        may_name = words > 0 or all(_may_name(number) for number in numbers) or len(numbers) > 1
        if not self.breaks and not self.names and not may_name:
            return FoundHeader(0, f"the first row has the value {numbers[0]!r} in a column of such values")
        if not self.breaks and not self.names and words:
            return FoundHeader(0, others=(1,))
        likely = 1 if self.breaks or self.names else 0
        return FoundHeader(likely, others=(1 - likely,))

    def is_distinct(self) -> bool:
        """Return whether no cell of the row stands in it twice, or in its column below."""
        return _differ(self.filled) and self.stands_alone()

    def stands_alone(self) -> bool:
        """Return whether no cell of the row stands in its column below."""
        return not any(
            row[column].strip().casefold() == self.row[column].strip().casefold()
            for row in self.below
            for column in range(len(self.row))
            if not is_blank(self.row[column])
        )


def _differ(cells: Sequence[str]) -> bool:
    return len({cell.strip().casefold() for cell in cells}) == len(cells)


def _may_name(number: str) -> bool:
    """Return whether a number may name a column, as years and small ordinals do."""
    return number.isdigit() and (int(number) in _YEARS or int(number) <= len("12 months of a year"))


def _lonely(row: Sequence[str]) -> FoundHeader:
    filled = [cell for cell in row if not is_blank(cell)]
    if any(cell_kind(cell) in PROVING for cell in filled):
        return FoundHeader(0, "the only row has values")
    names = sum(is_name(cell) for cell in filled)
    if _differ(filled) and (names == len(filled) >= _BOTH or (names > _BOTH and names * 3 >= len(filled) * 2)):
        return FoundHeader(1, "the only row has names of columns")
    return FoundHeader(1, others=(0,))


def _second(rows: Sequence[Sequence[str]], found: FoundHeader) -> FoundHeader | None:
    """Return a header of two rows, or the doubt whether it has them; None where the second row is like the others."""
    above, second = rows[0], _Evidence(rows, 1, 2)
    spans = any(is_blank(cell) and not is_blank(under) for cell, under in zip(above, rows[1], strict=True))
    texts = all(cell_kind(cell) in ("text", "boolean", "") for cell in second.filled)
    if spans and texts and len(second.filled) > 1 and (second.breaks or second.names) and not second.fits:
        first = _Evidence(rows, 0, 2)
        if len(second.names) * 2 > len(second.filled) and first.names and second.is_distinct() and first.is_distinct():
            return FoundHeader(2, f"{above[0]!r} and the names beside it cover several names of the second row")
        return FoundHeader(2, others=(1,))
    if ((second.breaks and not second.fits) or (spans and second.breaks)) and texts and not found.others:
        return FoundHeader(1, others=(2,))
    return None
