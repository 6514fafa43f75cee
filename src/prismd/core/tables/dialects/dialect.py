"""How the text of a table is cut into cells."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """The signs by which a text becomes cells.

    Args:
        delimiter: The sign between cells: one character, or a short string.
        quote: The character around a cell that may hold any text; None where no cell is quoted.
        escape: The character that takes the next one as it is; None where a quote inside quotes is doubled.
    """

    delimiter: str
    quote: str | None = '"'
    escape: str | None = None
