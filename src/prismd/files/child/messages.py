"""The messages of the process that reads a file: rows of cells, its findings, or a refusal, each of a bounded size."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Final

import msgspec

from prismd.core.tables.cells import Cell, CellFault, TableRow
from prismd.files.limits import MEBIBYTE
from prismd.files.rows import FileProblemError

#: The most bytes of one message; a row of the longest cells that are read fits.
MESSAGE_BYTES_MAX: Final = 64 * MEBIBYTE
LENGTH: Final = struct.Struct(">I")

_DECIMAL, _DATE, _DATETIME, _TIME, _FAULT, _LONG = 1, 2, 3, 4, 5, 6
#: The most usual cells, which messages hold as they are.
_AS_THEY_ARE: Final = frozenset({str, type(None), bool})
_INT_MAX: Final = 2**63
#: A number with more digits is no number that a file of people means.
_NUMBER_CHARS_MAX: Final = 5_000

_ENCODER: Final = msgspec.msgpack.Encoder()


class Found(msgspec.Struct, frozen=True):
    """What a file holds, once all of it is read.

    Args:
        header: The names of columns, where the format has them apart from its rows; None where the rows tell them.
        sheets: The sheets or files that could be chosen: name and whether it is hidden.
        sheet: The one that was read.
        notes: Sentences for people.
        rows: The number of rows.
    """

    header: tuple[str, ...] | None = None
    sheets: tuple[tuple[str, bool], ...] = ()
    sheet: str | None = None
    notes: tuple[str, ...] = ()
    rows: int = 0


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message: exactly one of its members is set.

    Args:
        rows: Rows: line and cells.
        found: The end of the file.
        refused: Why the file cannot be read.
        choose: Several sheets hold something, and nobody has chosen one: their names, and whether each is hidden.
    """

    rows: tuple[tuple[int, tuple[object, ...]], ...] | None = None
    found: Found | None = None
    refused: str | None = None
    choose: tuple[tuple[str, bool], ...] | None = None


def written(cell: Cell) -> object:
    """Return a cell in the form of a message."""
    if cell is None or isinstance(cell, str | bool):
        return cell
    if isinstance(cell, int):
        if -_INT_MAX <= cell < _INT_MAX:
            return cell
        return msgspec.msgpack.Ext(_LONG, f"{cell:x}".encode())
    if isinstance(cell, CellFault):
        return msgspec.msgpack.Ext(_FAULT, cell.text.encode(errors="replace"))
    if isinstance(cell, Decimal):
        return msgspec.msgpack.Ext(_DECIMAL, str(cell).encode())
    kind = _DATETIME if isinstance(cell, datetime) else _DATE if isinstance(cell, date) else _TIME
    return msgspec.msgpack.Ext(kind, cell.isoformat().encode())


def _read(kind: int, data: memoryview) -> object:
    text = bytes(data[:_NUMBER_CHARS_MAX] if kind != _FAULT else data).decode()
    if kind == _LONG:
        return int(text, 16)
    if kind == _DECIMAL:
        return Decimal(text)
    if kind == _DATE:
        return date.fromisoformat(text)
    if kind == _DATETIME:
        return datetime.fromisoformat(text)
    return time.fromisoformat(text) if kind == _TIME else CellFault(text)


_DECODER: Final = msgspec.msgpack.Decoder(Message, ext_hook=_read)


def encoded_rows(rows: Sequence[TableRow]) -> bytes:
    """Return a message of rows."""
    return _ENCODER.encode(Message(rows=tuple((line, _written_cells(cells)) for line, cells in rows)))


def _written_cells(cells: Sequence[Cell]) -> tuple[object, ...]:
    return tuple(cell if type(cell) in _AS_THEY_ARE else written(cell) for cell in cells)


def encoded(message: Message) -> bytes:
    """Return a message without rows."""
    return _ENCODER.encode(message)


def decoded(data: bytes) -> Message:
    """Return a message of the process.

    Args:
        data: Its bytes.

    Raises:
        FileProblemError: It is no message, because the process has gone wrong.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError):
        raise FileProblemError("the file makes its reader fail; save it in another format, such as CSV") from None


def send(stream: IO[bytes], data: bytes) -> None:
    """Write a message to a stream, after its length."""
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
