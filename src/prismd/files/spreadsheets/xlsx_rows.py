"""Rows of an XLSX sheet in the form in which nearly all programs write them, read as text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from prismd.files.spreadsheets.xlsx_cells import SheetCells
from prismd.files.spreadsheets.xlsx_parts import USUAL_SIGN

_ATTRIBUTE: Final = r' ([A-Za-z_:][A-Za-z0-9_:.-]*)="([ !#-%\'-;=?-~]*)"'
_ATTRIBUTES: Final = re.compile(_ATTRIBUTE)
_ROW: Final = re.compile(rf'<row r="([0-9]{{1,7}})"((?:{_ATTRIBUTE.replace("(", "(?:")})*)(/?)>')
#: A cell; its last group takes everything from the first sign on that belongs to no cell in the usual form.
_CELL: Final = re.compile(
    r'<c r="(([A-Z]{1,3})[0-9]{1,7})"(?: s="([0-9]{1,7})")?(?: t="(s|n|b|e|str|d|inlineStr)")?'
    rf"(?:/>|>(?:<f>{USUAL_SIGN}*</f>)?<v>({USUAL_SIGN}+)</v></c>"
    rf'|><is><t(?: xml:space="preserve")?>({USUAL_SIGN}+)</t></is></c>)'
    r"|(.+)",
    re.DOTALL,
)
_END: Final = "</row>"


class UsualRows:
    """Takes rows in their usual form, and gives their cells to a sheet.

    Args:
        cells: The cells of the sheet.
    """

    def __init__(self, cells: SheetCells) -> None:
        self._cells = cells

    def take(self, text: str, at: int) -> int:
        """Take rows, and return the place after the last one that was taken.

        Args:
            text: XML.
            at: Where rows begin.

        Raises:
            UnreadableError: A row is one that no sheet has.
        """
        cells = self._cells
        while begun := _ROW.match(text, at):
            hidden = _hides(begun[2])
            if hidden is None:
                break
            if begun[3]:
                cells.begin_row(int(begun[1]), hidden=hidden)
                cells.end_row()
                at = begun.end()
                continue
            end = text.find(_END, begun.end())
            if end < 0 or end - at > cells.chars_max or not cells.has_room:
                break
            found = _CELL.findall(text, begun.end(), end)
            if found and found[-1][-1]:
                break
            cells.begin_row(int(begun[1]), hidden=hidden)
            cells.put_usual(found)
            cells.end_row()
            at = end + len(_END)
        return at


@lru_cache(maxsize=1_000)
def _hides(attributes: str) -> bool | None:
    """Return whether the attributes of a row hide it; None if they are those of no XML."""
    found = _ATTRIBUTES.findall(attributes)
    names = {name for name, _ in found}
    if len(names) < len(found) or "r" in names:
        return None
    return any(name == "hidden" and value in ("1", "true") for name, value in found)
