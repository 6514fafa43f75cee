"""What the lines of a table are: preamble, header, rows, footer, a second table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prismd.core.tables.dialects.csv_cells import CellRow
from prismd.core.tables.layout.footers import footer_of
from prismd.core.tables.layout.headers import FoundHeader, header_lines, joined_names
from prismd.core.tables.layout.widths import (
    filled_cells,
    fits_width,
    is_empty,
    padded_to,
    parted_lines,
    shown_row,
    used_columns,
    usual_width,
    width_of_header,
)
from prismd.core.tables.questions import Decision, Question, Reading
from prismd.core.values.blanks import is_blank

_SHORT_PROVE: Final = 3
_BOTH: Final = 2
#: The answer that the names of a header stand one column further to the right.
_SHIFTED: Final = "shifted"
_MEANINGS: Final = {0: "the first row is a row like the others", 1: "the first row names the columns"}


@dataclass(slots=True)
class Layout:
    """Where the parts of a table stand.

    Args:
        names: The names of its columns; "" where a column has none.
        first_line: The line of its header or its first row, from 1.
        header_lines: The number of rows of its header.
        header: The cells of its header's rows.
        last_line: The last line that belongs to it, where a second table follows; None to the end.
        footer_rows: The number of rows at the end that are none of the table.
        short_rows: "blank" where missing cells at the end of a row are empty, "refused" where they are a fault.
        width: The number of cells of its rows, empty columns at the end included.
        decisions: What is sure.
        questions: What is open.
    """

    names: tuple[str, ...]
    first_line: int
    header_lines: int
    header: tuple[tuple[str, ...], ...]
    last_line: int | None
    footer_rows: int
    short_rows: str
    width: int
    decisions: list[Decision]
    questions: list[Question]


def layout_of(rows: Sequence[CellRow], tail: Sequence[CellRow], answers: Mapping[str, str], *, ends: bool) -> Layout:
    """Return where the parts of a table stand.

    Args:
        rows: The rows of the sample at the beginning of the file, blank ones included.
        tail: The rows at the end of the file; the same rows where the first sample holds all.
        answers: Answers by the names of their questions.
        ends: Whether ``tail`` reaches the end of the file.
    """
    return _Finder(rows, answers).layout(tail, ends=ends)


class _Finder:
    def __init__(self, rows: Sequence[CellRow], answers: Mapping[str, str]) -> None:
        self._answers = answers
        self._all = rows
        self._rows = [row for row in rows if not is_empty(row)]
        #: The lines of the rows above which a blank row stands.
        self._parted = parted_lines(rows)
        self.decisions: list[Decision] = []
        self.questions: list[Question] = []

    def layout(self, tail: Sequence[CellRow], *, ends: bool) -> Layout:
        width = usual_width(self._rows)
        start = self._start(width)
        rows, last_line = self._one_table(self._rows[start:], width)
        width = max(usual_width(rows) or width, width_of_header(rows))
        used = used_columns(rows, width)
        footer = self._footer(rows, tail, used, ends=ends) if last_line is None else 0
        rows = rows[: len(rows) - footer] if tail is self._all else rows
        padded = [padded_to(row.cells, used) for row in rows if not row.broken and fits_width(row, used, width)]
        header = self._header(padded, rows, used)
        names = joined_names(padded[:header]) if header else ("",) * used
        if self._answers.get("header") == _SHIFTED:
            names = ("", *names[:-1])
        short = self._short_rows(rows[header:], used)
        if used < width:
            self.decisions.append(Decision("columns", None, str(used), f"{width - used} columns at the end are empty"))
        first = rows[0].line if rows else 1
        head = tuple(tuple(row) for row in padded[:header])
        return Layout(
            names, first, header, head, last_line, footer, short, width, self.decisions, self.questions
        )  # fmt: skip

    def _start(self, width: int) -> int:
        """Return the position of the header or first row among the rows that are not blank."""
        if answer := self._answers.get("skip_rows"):
            self.decisions.append(Decision("skip_rows", None, answer, "given"))
            return next((at for at, row in enumerate(self._rows) if row.line > int(answer)), len(self._rows))
        start = self._top(width)
        if not start:
            return 0
        line = self._rows[start].line
        above = self._rows[:start]
        if self._is_sure_preamble(above, self._rows[start], width):
            evidence = f"{shown_row(above[0])} is no row of a table with {width} columns"
            self.decisions.append(Decision("skip_rows", None, str(line - 1), evidence))
        else:
            readings = (
                Reading(str(line - 1), f"the table begins in line {line}", shown_row(self._rows[start])),
                Reading("0", "the table begins at the top", shown_row(above[0])),
            )
            self.questions.append(Question("skip_rows", None, readings, "--skip-rows"))
        return start

    def _top(self, width: int) -> int:
        for at, row in enumerate(self._rows):
            if row.broken or (row.cells[0].lstrip().startswith("#") and len(row.cells) < max(width, _BOTH)):
                continue
            filled = filled_cells(row)
            if len(row.cells) >= width and (filled > 1 or width == 1) and not self._is_padded_note(at, width):
                return at
            if (
                len(row.cells) == width - 1
                and at == 0
                and filled == len(row.cells)
                and width > 1
                and len(row.cells) > 1
            ):
                return at
        return 0

    def _is_padded_note(self, at: int, width: int) -> bool:
        """Return whether a row is a note above the table, which a spreadsheet filled up with empty cells."""
        row = self._rows[at]
        blank_below = at + 1 < len(self._rows) and self._rows[at + 1].line in self._parted
        return 2 * filled_cells(row) <= width and (blank_below or self._blank_soon(at)) and not is_blank(row.cells[0])

    def _blank_soon(self, at: int) -> bool:
        """Return whether a blank line follows within the next rows, and notes stand until there."""
        for row, below in zip(self._rows[at : at + 12], self._rows[at + 1 : at + 13], strict=False):
            if 2 * filled_cells(row) > max(len(row.cells), 2):
                return False
            if below.line in self._parted:
                return True
        return False

    def _is_sure_preamble(self, above: Sequence[CellRow], first: CellRow, width: int) -> bool:
        parted = first.line in self._parted
        return (
            width > 1
            and all(
                (len(row.cells) < width and row.cells and row.cells[0].lstrip().startswith("#"))
                or len(row.cells) == 1
                or (parted and 2 * filled_cells(row) <= width)
                for row in above
            )
            and (width > _BOTH or parted or all(row.cells and row.cells[0].startswith("#") for row in above))
        )

    def _one_table(self, rows: list[CellRow], width: int) -> tuple[list[CellRow], int | None]:
        """Return the rows of the table that is meant, where several stand one below the other."""
        starts = [0, *(at for at in range(2, len(rows)) if self._begins_another(rows, at, width))]
        if len(starts) == 1 or not rows:
            return rows, None
        tables = [rows[begin:end] for begin, end in zip(starts, [*starts[1:], len(rows)], strict=True)]
        chosen = self._answers.get("table")
        if chosen is None:
            readings = tuple(
                Reading(str(number), f"the table from line {table[0].line} to {table[-1].line}", shown_row(table[0]))
                for number, table in enumerate(tables, start=1)
            )
            self.questions.append(Question("table", None, readings, "--table"))
        at = min(int(chosen or 1), len(tables)) - 1
        last = tables[at][-1].line if at + 1 < len(tables) else None
        return tables[at], last

    def _begins_another(self, rows: list[CellRow], at: int, width: int) -> bool:
        row, before = rows[at], rows[at - 1]
        if row.line not in self._parted or before.broken or row.broken or len(rows) - at < len(("header", "row")):
            return False
        block = rows[at:]
        other = Counter(len(one.cells) for one in block).most_common(1)[0][0]
        if other != width and other > 1:
            return True
        if filled_cells(row) < _BOTH or len(row.cells) != width:
            return False
        try:
            found = header_lines([padded_to(one.cells, width) for one in block if len(one.cells) <= width])
        except (ValueError, IndexError):
            return False
        return found.lines > 0 and bool(found.evidence)

    def _header(self, padded: list[list[str]], rows: Sequence[CellRow], used: int) -> int:
        answer = self._answers.get("header")
        if answer is not None:
            self.decisions.append(Decision("header", None, answer, "given"))
            return 1 if answer == _SHIFTED else int(answer)
        found = header_lines(padded) if padded else FoundHeader(0, "the table is empty")
        if found.lines == 1 and self._is_short(rows, used):
            return self._ask_shift(rows[0])
        if found.evidence:
            where = f"line {rows[0].line}: " if rows else ""
            self.decisions.append(Decision("header", None, str(found.lines), where + found.evidence))
            return found.lines
        readings = tuple(
            Reading(str(lines), _meaning(lines), shown_row(rows[0])) for lines in (found.lines, *found.others)
        )
        self.questions.append(Question("header", None, readings, "--header-lines"))
        return found.lines

    @staticmethod
    def _is_short(rows: Sequence[CellRow], used: int) -> bool:
        """Return whether the header has fewer cells than each of the rows below it."""
        return len(rows) > 1 and len(rows[0].cells) < used == min(len(row.cells) for row in rows[1:])

    def _ask_shift(self, first: CellRow) -> int:
        readings = (
            Reading("1", "the names stand above the first columns, and the last column has none", shown_row(first)),
            Reading(
                _SHIFTED, "the first column has no name, and the names stand above those after it", shown_row(first)
            ),
        )
        self.questions.append(Question("header", None, readings, "--header-lines"))
        return 1

    def _short_rows(self, body: Sequence[CellRow], used: int) -> str:
        answer = self._answers.get("short_rows")
        if answer is not None:
            self.decisions.append(Decision("short_rows", None, answer, "given"))
            return answer
        short = [row for row in body if not row.broken and len(row.cells) < used]
        if not short:
            return "refused"
        if _ends_are_left_out(body, short, used):
            evidence = f"{shown_row(short[0])}; no row ends with an empty cell, so those are left out"
            self.decisions.append(Decision("short_rows", None, "blank", evidence))
            return "blank"
        readings = (
            Reading("refused", "a row with too few cells is damaged", shown_row(short[0])),
            Reading("blank", "the missing cells at its end are empty", shown_row(short[0])),
        )
        self.questions.append(Question("short_rows", None, readings, "--short-rows"))
        return "refused"

    def _footer(self, body: Sequence[CellRow], tail: Sequence[CellRow], used: int, *, ends: bool) -> int:
        answer = self._answers.get("footer")
        if answer is not None:
            self.decisions.append(Decision("footer", None, answer, "given"))
            return int(answer)
        if not ends:
            return 0
        whole = tail is self._all
        rows = body if whole else [row for row in tail if not is_empty(row)]
        if whole:
            rows = [*rows[:1], *(row for row in rows[1:] if row.cells != rows[0].cells)]
        found = footer_of(rows, used, parted_lines(tail), whole=whole)
        if found is None:
            return 0
        shown = shown_row(rows[-found.rows])
        if found.evidence:
            self.decisions.append(Decision("footer", None, str(found.rows), f"{shown}: {found.evidence}"))
            return found.rows
        readings = (
            Reading(str(found.rows), "the last rows are no rows of the table", shown),
            Reading("0", "every row belongs to the table", shown),
        )
        self.questions.append(Question("footer", None, readings, "--footer-rows"))
        return found.rows


def _ends_are_left_out(body: Sequence[CellRow], short: Sequence[CellRow], used: int) -> bool:
    """Return whether rows are short because their program leaves out empty cells at the end."""
    if any(is_blank(row.cells[-1]) for row in body if row.cells) or len(short) < _SHORT_PROVE:
        return False
    lines = {row.line: len(row.cells) for row in short}
    cut = any(lines.get(row.line + 1, used + 2) + len(row.cells) <= used + 1 for row in short)
    return not cut and all(len(row.cells) > 1 for row in short)


def _meaning(lines: int) -> str:
    return _MEANINGS.get(lines, f"the first {lines} rows name the columns")
