"""The columns of a table that a mapping means: names found in the header, one column for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from prismd.core.mapping.document import Cells, Column, MappingDocument
from prismd.core.mapping.problems import MappingFault
from prismd.core.wording.quoting import nearest, quoted

#: Looking for the nearest name is slow; that many wrong names get a hint.
_HINTS_MAX: Final = 20


class TableColumn(NamedTuple):
    """A column of the table.

    Args:
        position: From 0.
        name: As the header has it.
        label: What people are told: its name in quotes, or its position where it has none or shares it.
    """

    position: int
    name: str
    label: str


class ColumnNames:
    """The columns of a header by what a mapping calls them; what it calls wrongly is noted as a fault.

    Args:
        header: The names of all columns, empty where a column has none.
    """

    def __init__(self, header: Sequence[str]) -> None:
        self._by_name: dict[str, list[int]] = {}
        for position, name in enumerate(header):
            self._by_name.setdefault(name, []).append(position)
        self.columns = tuple(
            TableColumn(position, name, self._label(position, name)) for position, name in enumerate(header)
        )
        self.faults: list[MappingFault] = []
        self._hints = _HINTS_MAX

    def found(self, wanted: str | Column, slug: str | None = None, *, optional: bool = False) -> TableColumn | None:
        """Return the column that is meant, or None after noting why there is none.

        Args:
            wanted: As the document has it.
            slug: The property that it is mapped to.
            optional: Whether the table may be without it.
        """
        name, nth = (wanted, None) if isinstance(wanted, str) else (wanted.column, wanted.nth)
        positions = self._by_name.get(name, [])
        if nth is None and len(positions) == 1:
            return self.columns[positions[0]]
        if nth is not None and nth <= len(positions):
            return self.columns[positions[nth - 1]]
        if not (optional and not positions):
            self.faults.append(MappingFault(name, slug, self._why(name, nth, len(positions))))
        return None

    def _label(self, position: int, name: str) -> str:
        if name and len(self._by_name[name]) == 1:
            return f"column {quoted(name)}"
        return f"column {position + 1}{f' ({quoted(name)})' if name else ''}"

    def _why(self, name: str, nth: int | None, count: int) -> str:
        called = f"called {quoted(name)}" if name else "without a name"
        if count and nth is None:
            return f'the table has {count} columns {called}; say which, as in {{"column": {quoted(name)}, "nth": 1}}'
        if count:
            return f"there is no {_ordinal(nth or 1)} column {called}, for the table has {count}"
        self._hints -= 1
        hint = nearest(name, filter(None, self._by_name)) if self._hints >= 0 else ""
        return f"the table has no column {called}{hint or '; write its name as in the header, or remove it'}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def cells_of(wanted: str | Column, document: MappingDocument) -> Cells:
    """Return what cells without a value mean in a column: what it says itself, else what all cells say.

    Args:
        wanted: As the document has it.
        document: The document.
    """
    cells = document.cells
    if isinstance(wanted, str):
        return cells
    return Cells(
        blank=wanted.blank or cells.blank,
        absent=wanted.absent or cells.absent,
        clear=cells.clear if wanted.clear is None else wanted.clear or None,
        null_words=cells.null_words if wanted.null_words is None else wanted.null_words or None,
    )
