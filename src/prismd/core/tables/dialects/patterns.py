"""The patterns by which one dialect cuts lines into cells."""

from __future__ import annotations

import csv
import re

from prismd.core.tables.dialects.dialect import Dialect
from prismd.core.values.blanks import INVISIBLE


class CellPatterns:
    """The patterns of cells in one dialect.

    Args:
        dialect: The signs that cut a text into cells.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.delimiter, self.quote, self.escape = dialect.delimiter, dialect.quote, dialect.escape
        sign, blank = re.escape(self.delimiter), f"(?:(?!{re.escape(self.delimiter)})(?:[^\\S\r\n]|[{INVISIBLE}]))*+"
        # Where no cell is quoted, the patterns of quotes are never looked for.
        end, q, e = f"(?={sign}|[\r\n]|\\Z)", re.escape(self.quote or '"'), re.escape(self.escape or "")
        one = len(self.delimiter) == 1
        plain = f"[^{sign}{e}\r\n]" if one else f"(?:(?!{sign})[^{e}\r\n])"
        plain = f"(?:{plain}++|{e}[^\r\n])*+" if e else f"{plain}*+"
        within = f"(?:[^{q}{e}]++|{e}[\\s\\S]|{q}{q})*+" if e else f"(?:[^{q}]++|{q}{q})*+"
        quoted = f"{blank}{q}({within})({q}{blank}{end})?" if self.quote else "(?!)()()"
        #: A whole cell, quoted or not; groups: the quoted text, whether its quote is closed, the text without quotes.
        self.cell = re.compile(f"{quoted}|({plain})")
        #: The rest of a quoted cell that began in an earlier line; the same groups.
        self.rest = re.compile(f"({within})({q}{blank}{end})?")
        #: A line in which every quote is at the start or end of a cell, or doubled inside one.
        self._strict = re.compile(f"(?:(?:{q}(?:[^{q}]++|{q}{q})*+{q}|[^{q}{sign}\r\n]*+)(?:{sign}|[\r\n]*+\\Z))*+")
        #: A quote inside a cell that looks like the start of quoted text: before a word, and not after one.
        self.opens = re.compile(f"(?<![^\\s(\\[]){q}(?=[^\\s{q}])")
        self._escaped = re.compile(f"{e}([{q}{e}{sign}\r\n])")
        self._protected = re.compile(f"{e}([{q}{e}{sign}\r\n])|({q}){q}")
        self._line = list[str]()
        self._reader = csv.reader(
            iter(self._line.pop, None),
            delimiter=self.delimiter if one else ",",
            quotechar=self.quote or '"',
            strict=True,
        )
        self._reads = one and self.quote is not None

    def splits(self, line: str) -> bool:
        """Return whether a line is cut by its delimiters alone."""
        return (self.quote is None or self.quote not in line) and (self.escape is None or self.escape not in line)

    def strict(self, line: str) -> list[str] | None:
        """Return the cells of a line that follows the standard, by the fastest way; None for any other line."""
        if not self._reads or (self.escape is not None and self.escape in line) or not self._strict.fullmatch(line):
            return None
        self._line.append(line)
        return next(self._reader)

    def quoted_text(self, text: str) -> str:
        """Return the text that stands between quotes, without the signs that protect others."""
        if self.escape is None:
            return text.replace(f"{self.quote}{self.quote}", self.quote or "")
        return self._protected.sub(r"\1\2", text)

    def plain_text(self, text: str) -> str:
        """Return the text of a cell without quotes, without the signs that protect others."""
        return self._escaped.sub(r"\1", text) if self.escape is not None else text
