"""Holds the decisions about columns against every row, and names the first one that a cell contradicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from prismd.core.tables.cell_forms import NumberForm
from prismd.core.tables.cell_words import is_null_word
from prismd.core.tables.cells import Cell
from prismd.core.tables.column_doubts import NO_DECIMALS
from prismd.core.tables.columns import ColumnProfile, told_name
from prismd.core.tables.questions import Decision
from prismd.core.tables.samples import Sample
from prismd.core.values.blanks import is_blank

_BY_POINT: Final = NumberForm(".", ",")
_BY_COMMA: Final = NumberForm(",", ".")
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


class ByteWatch:
    """Looks at the bytes of a file for one that the samples had not, and that other encodings read otherwise.

    In the samples, several encodings may give the same text; then they prove each of them, and only a further byte
    shows that they differ.

    Args:
        encoding: The encoding that was decided.
        alike: Other encodings in which the samples are the same text.
        unproved: The bytes that tell them apart, from :func:`unproved_bytes`.
    """

    def __init__(self, encoding: str, alike: Sequence[str], unproved: bytes) -> None:
        self._names = (encoding, *alike)
        self._harmless = bytes(byte for byte in range(0x100) if byte not in unproved)
        self._bytes = 0

    def see(self, chunk: bytes) -> str | None:
        """Return what a chunk contradicts, or None.

        Args:
            chunk: The next bytes of the file.
        """
        found = chunk.translate(None, self._harmless)
        self._bytes += len(chunk)
        if not found:
            return None
        at = self._bytes - len(chunk) + chunk.index(found[0]) + 1
        readings = ", ".join(f"{_read(found[0], name)!r} in {name}" for name in self._names)
        return (
            f"byte {at} of the file is 0x{found[0]:02X}, which no sample had: {readings}; "
            "name the encoding with --encoding"
        )


class SignWatch:
    """Looks for a number with a sign that may stand before decimals or between thousands, in columns that had none.

    Args:
        columns: The columns of the table.
        decisions: The decisions about it.
    """

    def __init__(self, columns: Sequence[ColumnProfile], decisions: Sequence[Decision]) -> None:
        whole = {one.column for one in decisions if one.name == "decimal" and one.value == NO_DECIMALS}
        #: The positions and names of these columns.
        self.columns = tuple(
            (column.position, told_name(column.name, column.position))
            for column in columns
            if told_name(column.name, column.position) in whole
        )

    def see(self, line: int, cells: Sequence[Cell]) -> str | None:
        """Return what a row contradicts, or None.

        Args:
            line: The line at which the row begins.
            cells: Its cells.
        """
        for position, name in self.columns:
            cell = cells[position] if position < len(cells) else None
            if isinstance(cell, str) and not cell.isdigit() and (readings := _two_numbers(cell)):
                one, other = readings
                return (
                    f"line {line}: column {name} holds {cell[:60]!r}, which is {one} or {other}, and no row of the "
                    f'samples tells which; say it with --decimal "{name}=." or --decimal "{name}=,"'
                )
        return None


def unproved_bytes(encoding: str, alike: Sequence[str], samples: Sequence[Sample]) -> bytes:
    """Return the bytes that no sample has, and that encodings read differently in which the samples are alike.

    Args:
        encoding: The encoding that was decided.
        alike: The others.
        samples: The samples.
    """
    if not alike:
        return b""
    seen = {byte for sample in samples for byte in set(sample.data)}
    names = (encoding, *alike)
    return bytes(
        byte for byte in range(0x80, 0x100) if byte not in seen and len({_read(byte, one) for one in names}) > 1
    )


def _two_numbers(cell: str) -> tuple[object, object] | None:
    one, other = _BY_POINT.read(cell), _BY_COMMA.read(cell)
    return (one, other) if one is not None and other is not None and one != other else None


def _read(byte: int, encoding: str) -> str:
    return bytes([byte]).decode(encoding, errors="replace")


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
                decision = by_name.get((name, told_name(column.name, column.position)))
                forms = column.date_forms if name == "date_format" else column.number_forms
                if decision is not None and len(forms) == 1:
                    read = _whole(forms[0].read) if decision.value == NO_DECIMALS else forms[0].read
                    self._checks.append((column.position, decision, read))

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


def _whole(read: Callable[[str], object]) -> Callable[[str], object]:
    """Return a reader of whole numbers in which no sign stands: one could be before decimals or between thousands."""

    def whole(text: str) -> object:
        number = read(text)
        return number if isinstance(number, int) and "." not in text and "," not in text else None

    return whole


def _message(decision: Decision, line: int, cell: str) -> str:
    return (
        f"line {line}: column {decision.column} holds {cell[:60]!r}, which {decision.name} {decision.value} does not "
        f"read; that was decided since {decision.evidence}"
    )
