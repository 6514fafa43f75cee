"""The format of a file of failed rows: its first columns, and cells that no spreadsheet takes for formulas.

A cell that begins with a sign by which spreadsheets know formulas gets an apostrophe before it, and so does a cell that
begins with apostrophes and such a sign. There are no exceptions, not even for ``-5`` or ``+49 30 1234``, because a rule
without exceptions can be undone without loss: reading takes exactly one apostrophe away again.
"""

from __future__ import annotations

import re
from typing import Final

#: The columns before those of the original row.
FAILED_COLUMNS: Final = ("row", "line", "code", "reason")

#: The one column after them for rows that came from JSON.
ORIGINAL_COLUMN: Final = "original"

_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_ESCAPED: Final = re.compile("'" + _FORMULA.pattern)


def escaped(cell: str) -> str:
    """Return a cell that a spreadsheet shows as text."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unescaped(cell: str) -> str:
    """Return the cell that :func:`escaped` was given."""
    return cell[1:] if _ESCAPED.match(cell) else cell
