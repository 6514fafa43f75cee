"""The format of a file of failed rows: its first columns, and cells that no spreadsheet takes for formulas.

Spreadsheets recognise a formula by its first character. They split lines at commas, semicolons, tabs or bars,
depending on the country and not on the file. So an apostrophe is put before a formula character wherever a cell may
begin: at the start of a cell or after one of those delimiters, with nothing but blanks and quotes in between. There are
no exceptions, not even for ``-5`` or ``+49 30 1234``, because a rule without exceptions can be undone without loss:
reading removes exactly one apostrophe.
"""

from __future__ import annotations

import re
from typing import Final

#: The columns before those of the original row.
FAILED_COLUMNS: Final = ("row", "line", "code", "reason")

#: The column of the row's JSON text, where the rows came from JSON.
ORIGINAL_COLUMN: Final = "original"

_SIGN: Final = "(?=[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20])"
_START: Final = "(?:^|(?<=[,;|\t\r\n]))"
_FORMULA: Final = re.compile(f"{_START}[ \u00a0\"']*+{_SIGN}")
_ESCAPED: Final = re.compile(f"{_START}([ \u00a0\"']*)'{_SIGN}")
_ESCAPED_CELL: Final = re.compile(f"[ \u00a0\"']*'{_SIGN}")


def escaped(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text, wherever it splits it."""
    return _FORMULA.sub(_with_apostrophe, cell)


def unescaped(cell: str) -> str:
    """Return the original of a cell that :func:`escaped` returned."""
    return _ESCAPED.sub(r"\1", cell) if "'" in cell else cell


def is_escaped(cell: str, *, inside: bool) -> bool:
    """Return whether a cell looks like one that :func:`escaped` has changed.

    Args:
        cell: Any cell.
        inside: Look behind delimiters inside the cell too.
    """
    return (_ESCAPED.search(cell) if inside else _ESCAPED_CELL.match(cell)) is not None


def _with_apostrophe(beginning: re.Match[str]) -> str:
    return beginning[0] + "'"
