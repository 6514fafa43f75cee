"""Watches bytes and rows for what no sample had and what has two readings; forms refuse whatever else contradicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prismd.core.tables.cells import Cell
from prismd.core.tables.columns.doubts import NO_DECIMALS
from prismd.core.tables.columns.forms import NumberForm
from prismd.core.tables.columns.profile import ColumnProfile, told_name
from prismd.core.tables.questions import Decision
from prismd.core.tables.samples import Sample

_BY_POINT: Final = NumberForm(".", ",")
_BY_COMMA: Final = NumberForm(",", ".")


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
            if isinstance(cell, str) and cell and not cell.isdigit() and (readings := _two_numbers(cell)):
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
