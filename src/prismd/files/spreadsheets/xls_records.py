"""The records of an XLS workbook that say what a library of values leaves out: errors, formats, hidden rows."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from prismd.core.tables.cells import Cell, CellFault
from prismd.files.spreadsheets.number_formats import BUILT_IN, PLAIN, NumberFormat, number_format
from prismd.files.spreadsheets.stored_numbers import formatted, number_of
from prismd.files.spreadsheets.workbooks import UnreadableError

_ERRORS: Final = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
_BOF, _EOF, _SHEET, _PASSWORD, _DATES, _FORMAT, _XF = 0x809, 0x0A, 0x85, 0x2F, 0x22, 0x41E, 0xE0
_ROW, _BOOL_OR_ERROR, _FORMULA, _NUMBER, _RK, _MANY_RK = 0x208, 0x205, 0x06, 0x203, 0x27E, 0xBD
_STRING_RESULT: Final = 0xFFFF
_ERROR_RESULT: Final = 2
_HIDDEN_ROW: Final = 0x20
#: The version of records from which texts are Unicode.
_UNICODE: Final = 0x600


class XlsRecords:
    """The records of a workbook.

    Args:
        stream: The stream of the workbook.

    Raises:
        UnreadableError: It is protected by a password.
    """

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._starts = list[int]()
        self._formats: dict[int, NumberFormat] = {number: number_format(code) for number, code in BUILT_IN.items()}
        self._styles = list[NumberFormat]()
        self._from_1904, self._unicode = False, True
        for kind, data in self._records(0):
            self._global(kind, data)

    def told(self, sheet: int) -> tuple[dict[tuple[int, int], Cell], int]:
        """Return the cells that a library gets wrong, by row and column from 0, and the number of hidden rows.

        Args:
            sheet: Its position among all sheets, charts included.
        """
        found: dict[tuple[int, int], Cell] = {}
        hidden = 0
        for kind, data in self._records(self._starts[sheet]):
            if kind == _ROW:
                hidden += bool(struct.unpack_from("<H", data, 12)[0] & _HIDDEN_ROW)
            else:
                found.update(self._cells(kind, data))
        return found, hidden

    def _records(self, at: int) -> Iterator[tuple[int, bytes]]:
        deep, end = 0, len(self._stream) - 4
        while at <= end:
            kind, length = struct.unpack_from("<HH", self._stream, at)
            yield kind, self._stream[at + 4 : at + 4 + length]
            at += 4 + length
            deep += (kind == _BOF) - (kind == _EOF)
            if deep <= 0:
                return

    def _global(self, kind: int, data: bytes) -> None:
        if kind == _PASSWORD:
            raise UnreadableError("the workbook is protected by a password; save it without one")
        if kind == _BOF:
            self._unicode = struct.unpack_from("<H", data)[0] >= _UNICODE
        elif kind == _SHEET:
            self._starts.append(struct.unpack_from("<I", data)[0])
        elif kind == _DATES:
            self._from_1904 = struct.unpack_from("<H", data)[0] == 1
        elif kind == _FORMAT:
            self._formats[struct.unpack_from("<H", data)[0]] = number_format(self._text(data[2:]))
        elif kind == _XF:
            self._styles.append(self._formats.get(struct.unpack_from("<H", data, 2)[0], PLAIN))

    def _text(self, data: bytes) -> str:
        if not self._unicode:
            return data[1:].decode("latin-1")
        wide = len(data) > 2 and data[2] & 1  # noqa: PLR2004 - length and flags
        return data[3:].decode("utf-16-le" if wide else "latin-1", "replace")

    def _cells(self, kind: int, data: bytes) -> Iterator[tuple[tuple[int, int], Cell]]:
        if kind == _BOOL_OR_ERROR:
            row, column, _, value, is_error = struct.unpack_from("<HHHBB", data)
            if is_error:
                yield (row, column), CellFault(_ERRORS.get(value, "#ERROR"))
        elif kind == _FORMULA:
            row, column, style = struct.unpack_from("<HHH", data)
            result = data[6:14]
            if struct.unpack_from("<H", result, 6)[0] != _STRING_RESULT:
                yield from self._number(row, column, style, struct.unpack("<d", result)[0])
            elif result[0] == _ERROR_RESULT:
                yield (row, column), CellFault(_ERRORS.get(result[2], "#ERROR"))
        elif kind == _NUMBER:
            row, column, style, number = struct.unpack_from("<HHHd", data)
            yield from self._number(row, column, style, number)
        elif kind == _RK:
            row, column, style, packed = struct.unpack_from("<HHHI", data)
            yield from self._number(row, column, style, _unpacked(packed))
        elif kind == _MANY_RK:
            row, column = struct.unpack_from("<HH", data)
            for position in range((len(data) - 6) // 6):
                style, packed = struct.unpack_from("<HI", data, 4 + 6 * position)
                yield from self._number(row, column + position, style, _unpacked(packed))

    def _number(self, row: int, column: int, style: int, number: float) -> Iterator[tuple[tuple[int, int], Cell]]:
        form = self._styles[style] if style < len(self._styles) else PLAIN
        if form is not PLAIN:
            known = number_of(repr(number))
            shown = CellFault("a number that is none") if known is None else known
            yield (
                (row, column),
                shown if isinstance(shown, CellFault) else formatted(shown, form, from_1904=self._from_1904),
            )


def _unpacked(packed: int) -> float:
    """Return the number of four bytes: a whole number or the upper half of a double, and maybe its hundredth."""
    if packed & 2:
        whole = packed >> 2
        number = float(whole - (1 << 30) if whole >= 1 << 29 else whole)
    else:
        number = struct.unpack("<d", struct.pack("<II", 0, packed & 0xFFFFFFFC))[0]
    return number / 100 if packed & 1 else number
