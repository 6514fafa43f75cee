"""Rows as lines of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


class CsvLines:
    """Writes rows with commas and the line ends of RFC 4180."""

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text)

    def line(self, cells: Iterable[object]) -> str:
        """Return a row with its line end.

        Args:
            cells: The cells; None becomes an empty cell.
        """
        self._text.seek(0)
        self._text.truncate()
        self._writer.writerow(cells)
        return self._text.getvalue()
