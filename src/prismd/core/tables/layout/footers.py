"""Finds what stands below the rows of a table: totals, which are proved by adding up, and notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from prismd.core.tables.columns.forms import NumberForm
from prismd.core.tables.dialects.csv_cells import CellRow
from prismd.core.tables.layout.header_words import TOTAL_WORDS
from prismd.core.tables.layout.widths import filled_cells
from prismd.core.values.blanks import is_blank

_ROWS_MAX: Final = 12
_FORMS: Final = (NumberForm(".", ","), NumberForm(",", "."), NumberForm(".", " "), NumberForm(",", " "))
_NOTE: Final = re.compile(r"\s*(?:[*#(©†‡—–]|-{2,}|={2,}|\d\)|source|quelle|note|notes|hinweis|stand|fuente|nota|bron|"
                          r"export|generated|created|erstellt|généré|end of|"
                          r"\d+ rows|\d+ records|confidential|report|page|seite)",
                          re.IGNORECASE)  # fmt: skip
_WORDS: Final = re.compile(r"[^\W\d_]+")
_NARROW: Final = 2


@dataclass(frozen=True, slots=True)
class FoundFooter:
    """The rows below a table.

    Args:
        rows: Their number.
        evidence: The proof; "" where it is only likely.
    """

    rows: int
    evidence: str = ""


def footer_of(rows: Sequence[CellRow], width: int, parted: frozenset[int], *, whole: bool) -> FoundFooter | None:
    """Return the rows below a table, or None where its last row is one of its rows.

    Args:
        rows: The last rows of the file, blank ones left out.
        width: The number of the table's columns.
        parted: The lines of the rows above which a blank row stands.
        whole: Whether these are all its rows.
    """
    notes = _notes(rows, width)
    body = rows[: len(rows) - notes]
    total = _totals(body, width)
    sums = ""
    if total:
        sums = _sums(body[: len(body) - total], body[-total:]) if whole else ""
        if not sums and any(filled_cells(row) < width or width == _NARROW for row in body[-total:]):
            return FoundFooter(notes + total)
        total = total if sums else 0  # a full row that begins so, such as an airport named SUM
    if not notes and not total:
        return None
    if notes and not _is_sure_note(rows, notes, width, parted):
        return FoundFooter(notes + total)
    return FoundFooter(notes + total, sums or "it is a note, since it has one cell")


def _notes(rows: Sequence[CellRow], width: int) -> int:
    """Return how many rows at the end have one cell, or are parted from the table by a blank line and hardly filled."""
    if width < _NARROW:
        return 0
    count = 0
    for at in range(len(rows) - 1, max(0, len(rows) - _ROWS_MAX), -1):
        row = rows[at]
        if row.broken or filled_cells(row) > 1 or is_blank(row.cells[0]):
            break
        count += 1
    return count if count < len(rows) else 0


def _is_sure_note(rows: Sequence[CellRow], notes: int, width: int, parted: frozenset[int]) -> bool:
    first = rows[-notes]
    if first.line in parted:
        return True
    single = all(len(row.cells) == 1 for row in rows[-notes:])
    return single and _NOTE.match(first.cells[0]) is not None and width > _NARROW


def _totals(rows: Sequence[CellRow], width: int) -> int:
    """Return how many rows at the end begin with a word for a total."""
    count = 0
    for row in reversed(rows[1:][-_ROWS_MAX:]):
        first = next((cell for cell in row.cells if not is_blank(cell)), "")
        words = [word.casefold() for word in _WORDS.findall(first)]
        if row.broken or width < _NARROW or not words or words[0] not in TOTAL_WORDS:
            break
        count += 1
    return count


def _sums(rows: Sequence[CellRow], totals: Sequence[CellRow]) -> str:
    """Return the proof that rows are totals: their numbers are the sums of those above; "" where one is not."""
    if len(totals) != 1:
        return ""
    row, proved = totals[0], ""
    for at, cell in enumerate(row.cells):
        above = [one.cells[at] for one in rows if at < len(one.cells) and not is_blank(one.cells[at])]
        if above and not any(char.isdigit() for char in above[0]):
            above = above[1:]  # the name of the column
        if is_blank(cell) or not any(char.isdigit() for char in cell):
            continue
        if not any(_adds_up(form, above, cell) for form in _FORMS) or len(above) < _NARROW:
            return ""
        proved = f"{cell.strip()} is the sum of the column"
    return proved


def _adds_up(form: NumberForm, above: Sequence[str], total: str) -> bool:
    told, numbers = form.read(total), [form.read(cell) for cell in above]
    known = [Decimal(number) for number in numbers if number is not None]
    return told is not None and len(known) == len(numbers) and sum(known) == told
