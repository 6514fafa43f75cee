"""The dialects that a sample may have: the signs that stand in it, and the quotes around its cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.tables.dialects.trial_readings import TrialReading
from prismd.core.values.blanks import INVISIBLE

#: Delimiters of nearly all tables.
USUAL: Final = (",", ";", "\t", "|")
#: Signs that separate cells in some tables, and stand in the text of others.
_RARE: Final = (
    "||",
    "|~|",
    "~|~",
    "::",
    ";;",
    "\x1f",
    "\x1e",
    "\x01",
    "^",
    "~",
    "¦",
    "§",
    "¬",
    "·",
    "!",
    "#",
    ":",
    " ",
)
#: Signs that stand in no text, so that they separate cells where they stand.
CONTROLS: Final = ("\x1f", "\x1e", "\x01")
#: The delimiter of a table with one column: a sign that no text has.
NO_DELIMITER: Final = "\x1f"
_LINES_MAX: Final = 1_000
_CHARS_MAX: Final = 200_000
_SHOWN_CHARS: Final = 40
_NAMES: Final = {"\t": "tab", " ": "space", "": "none"}
_SEP: Final = re.compile(f'[\\s{INVISIBLE}]*"?sep=(?P<sign>[^"\r\n\\w])"?(?P=sign)*[ \r\n]*', re.IGNORECASE)


def delimiter_named(line: str) -> str | None:
    """Return the delimiter that a line such as ``sep=;`` names, or None for any other line.

    Args:
        line: A line, with or without its end.
    """
    found = _SEP.fullmatch(line)
    return found["sign"] if found else None


def shown(delimiter: str) -> str:
    """Return a delimiter as an answer names it.

    Args:
        delimiter: A delimiter.
    """
    return _NAMES.get(delimiter, delimiter)


def named_delimiter(lines: Sequence[str]) -> tuple[int, str | None]:
    """Return the number of lines that only name the delimiter, and the delimiter that they name.

    Args:
        lines: The lines of a text from its beginning.
    """
    for number, line in enumerate(lines):
        if (sign := delimiter_named(line)) is not None:
            return number + 1, sign
        if line.strip():
            break
    return 0, None


def first_lines(lines: Sequence[str]) -> Sequence[str]:
    """Return as many lines as are worth a trial.

    Args:
        lines: The lines of a text.
    """
    chars = 0
    for number, line in enumerate(lines):
        chars += len(line)
        if number >= _LINES_MAX or chars > _CHARS_MAX:
            return lines[: max(number, 1)]
    return lines


def signs_in(lines: Sequence[str]) -> list[str]:
    """Return the delimiters that may cut a text: the usual ones in it, and rare ones that stand in nearly each line.

    Args:
        lines: The lines of a text.
    """
    text = "".join(lines)
    signs = [sign for sign in USUAL if sign in text]
    filled = [line for line in lines if line.strip()]
    for sign in _RARE:
        having = sum(sign in line for line in filled)
        if sign[0] == sign[-1] and len(sign) > 1 and text.count(sign[0]) != len(sign) * text.count(sign):
            continue  # the sign also stands alone
        # Cells of several lines have lines without the sign.
        if having and (having * 2 >= len(filled) or sign in CONTROLS):
            signs.append(sign)
    return signs or [","]


def variants_of(sign: str, lines: Sequence[str], quote: str | None) -> list[Dialect]:
    """Return the dialects that a text may have with one delimiter.

    Args:
        sign: The delimiter.
        lines: The lines of the text.
        quote: The quote that a person names, as for the detection; None to find it.
    """
    if quote is not None:
        escape = "\\" if quote.endswith("\\") else None
        chosen = quote.removesuffix("\\")
        return [Dialect(sign, None if chosen == "none" else chosen, escape)]
    text = "".join(lines)
    dialects = [Dialect(sign)]
    if '"' in text:
        dialects.append(Dialect(sign, None))
    if '\\"' in text:
        dialects.append(Dialect(sign, '"', "\\"))
    s = re.escape(sign)
    if re.search(f"(?:^|{s})[ ]*'[^\\r\\n]*'[ ]*(?:{s}|[\\r\\n]|\\Z)", text, re.MULTILINE):
        dialects.append(Dialect(sign, "'"))
        if "\\'" in text:
            dialects.append(Dialect(sign, "'", "\\"))
    if f"\\{sign}" in text:
        dialects.append(Dialect(sign, None, "\\"))
    return dialects


def different(readings: list[TrialReading]) -> list[TrialReading]:
    """Return the readings that differ in their cells, the first of each."""
    seen, different = set[tuple[tuple[str, ...], ...]](), []
    for reading in readings:
        cells = tuple(tuple(row.cells) + ((row.broken,) if row.broken else ()) for row in reading.rows)
        if cells not in seen:
            seen.add(cells)
            different.append(reading)
    return different


def first_difference(readings: list[TrialReading]) -> int:
    """Return the position of the first row in which readings differ.

    Args:
        readings: Readings of one sample.
    """
    for position, rows in enumerate(zip(*(reading.rows for reading in readings), strict=False)):
        if len({(tuple(row.cells), row.broken) for row in rows}) > 1:
            return position
    return 0


def cells_at(reading: TrialReading, position: int) -> str:
    """Return a row as a reading cuts it, for a person.

    Args:
        reading: A reading.
        position: The position of the row.
    """
    if not reading.rows:
        return "no whole row"
    row = reading.rows[min(max(position, 0), len(reading.rows) - 1)]
    return f"line {row.line}: " + " · ".join(cell[:_SHOWN_CHARS] for cell in row.cells[:8])
