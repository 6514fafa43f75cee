"""Holds the decisions about columns against every row, and names the first one that a cell contradicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from prismd.core.tables.cell_words import is_null_word
from prismd.core.tables.cells import Cell
from prismd.core.tables.columns import ColumnProfile
from prismd.core.tables.questions import Decision
from prismd.core.values.blanks import is_blank

_NAMES: Final = ("date_format", "decimal")


class Contradiction(NamedTuple):
    """A cell that a decision does not allow.

    Args:
        decision: The decision.
        line: The line of the cell's row.
        text: The cell.
        message: What was decided, what was found, and what to do.
    """

    decision: Decision
    line: int
    text: str
    message: str


class Watch:
    """Looks at each row for cells that contradict what the samples proved.

    Args:
        columns: The columns of the table.
        decisions: The decisions about it.
    """

    def __init__(self, columns: Sequence[ColumnProfile], decisions: Sequence[Decision]) -> None:
        by_name = {(decision.name, decision.column): decision for decision in decisions}
        self._checks: list[tuple[int, Decision, Callable[[str], object]]] = []
        #: The first contradiction, or None.
        self.first: Contradiction | None = None
        for column in columns:
            for name in _NAMES:
                decision = by_name.get((name, column.name or f"column {column.position + 1}"))
                forms = column.date_forms if name == "date_format" else column.number_forms
                if decision is not None and len(forms) == 1:
                    self._checks.append((column.position, decision, forms[0].read))

    def see(self, line: int, cells: Sequence[Cell]) -> Contradiction | None:
        """Return the contradiction in a row, or None.

        Args:
            line: The line at which the row begins.
            cells: Its cells.
        """
        for position, decision, read in self._checks:
            cell = cells[position] if position < len(cells) else None
            if not isinstance(cell, str) or read(cell) is not None or is_blank(cell) or is_null_word(cell):
                continue
            found = Contradiction(decision, line, cell, _message(decision, line, cell))
            self.first = self.first or found
            return found
        return None


def _message(decision: Decision, line: int, cell: str) -> str:
    return (
        f"line {line}: column {decision.column} holds {cell[:60]!r}, which {decision.name} {decision.value} does not "
        f"read; that was decided since {decision.evidence}"
    )
