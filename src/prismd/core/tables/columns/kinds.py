"""What kind of thing the text of one cell is, as strictly as a column of such cells proves something."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from prismd.core.tables.columns.dates import DateOrder, written_date
from prismd.core.tables.columns.numbers import written_number
from prismd.core.tables.columns.words import ALL_BOOLEAN_WORDS, is_null_word
from prismd.core.values.blanks import is_blank

_CHARS_MAX: Final = 512
_ORDERS: Final[tuple[DateOrder, ...]] = ("ymd", "dmy", "mdy")
_CENTURY: Final = 2000
_PATTERNS: Final = (
    ("email", re.compile(r"[^\s@,;|<>()\"]+@[^\s@,;|<>()\"]+\.[^\s@,;|<>().\"]{2,}")),
    ("url", re.compile(r"(?:https?://|www\.)[^\s|<>\"]+", re.IGNORECASE)),
    ("time", re.compile(r"\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?", re.ASCII)),
    ("phone", re.compile(r"(?:\+|00)\d[\d() ./-]{5,20}\d|\(\d{2,5}\) ?\d[\d ./-]{4,12}\d", re.ASCII)),
    ("uuid", re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)),
    ("address", re.compile(r"\d{1,3}(?:\.\d{1,3}){3}", re.ASCII)),
    ("digits", re.compile(r"\d+", re.ASCII)),
)

#: Kinds that a name of a column never has.
PROVING: Final = frozenset({"email", "url", "date", "time", "phone", "decimal", "uuid", "address"})


@lru_cache(maxsize=20_000)
def cell_kind(text: str) -> str:
    """Return the kind of a cell: "" for nothing, "text", or one that follows from its shape.

    Args:
        text: Any text, of any length.
    """
    if is_blank(text) or is_null_word(text):
        return ""
    text = text.strip()
    if len(text) > _CHARS_MAX:
        return "text"
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0"):
        return "integer"
    if (day := written_date(text)) and any(day.fits(order) and day.by(order, _CENTURY) for order in _ORDERS):
        return "date"
    return _kind_of_number(text) or next((kind for kind, pattern in _PATTERNS if pattern.fullmatch(text)), "text")


def _kind_of_number(text: str) -> str:
    number = written_number(text)
    if number and _is_number(number.digits):
        return "integer" if number.digits.isdigit() and not (number.currency or number.percent) else "decimal"
    return "boolean" if text.lower() in ALL_BOOLEAN_WORDS else ""


_NUMBER: Final = re.compile(
    r"\d{1,3}(?:([.,' \u00a0\u202f\u2019])\d{3}(?:\1\d{3})*)?(?:[.,]\d+)?|\d*[.,]?\d+", re.ASCII
)


def _is_number(digits: str) -> bool:
    return _NUMBER.fullmatch(digits) is not None and not (digits[0] == "0" and digits.isdigit() and digits != "0")


def common_kind(kinds: set[str]) -> str:
    """Return the kind of a column whose cells are of these kinds; "text" where they have none in common.

    Args:
        kinds: Kinds of cells.
    """
    kinds = kinds - {""}
    if not kinds:
        return ""
    if len(kinds) == 1:
        return next(iter(kinds))
    if kinds <= {"integer", "decimal"}:
        return "decimal"
    return "digits" if kinds <= {"integer", "digits"} else "text"


def fits(kind: str, cell: str) -> bool:
    """Return whether a cell fits a column of a kind.

    Args:
        kind: The kind of the column.
        cell: The text of the cell.
    """
    return common_kind({kind, cell_kind(cell)}) == kind or (kind == "integer" and cell_kind(cell) == "decimal")
