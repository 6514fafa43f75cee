"""Writes known tables as files, by code that shares nothing with the readers, and keeps the key of answers beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.files.corpus.known_tables import KnownTable, Locale, Value


@dataclass
class Style:
    """How a file is written.

    Args:
        delimiter: The sign between cells.
        quote: The sign around cells; "" for none.
        quotes_all: Whether every cell is quoted.
        escape: The sign that protects others; "" where quotes are doubled.
        end: The end of lines.
        date: The form of dates; None for the locale's.
        thousands: Whether thousands are parted.
        null: What stands for nothing.
        pad: Blanks around cells that are not quoted.
    """

    delimiter: str = ","
    quote: str = '"'
    quotes_all: bool = False
    escape: str = ""
    end: str = "\n"
    date: str | None = None
    thousands: bool = False
    null: str = ""
    pad: str = ""


@dataclass
class MadeFile:
    """A file and the key of its answers.

    Args:
        name: Its class, locale and encoding.
        kind: Its class.
        data: Its bytes.
        encoding: Its encoding.
        names: The names that a reader must find; () for none.
        cells: The text of each cell that a reader must find, row by row.
        values: The values of the columns of days and numbers, by column.
        answers: The right answers to the questions that the file cannot settle itself; such a file must be asked.
        refused: How many rows are damaged, so that they must be refused.
    """

    name: str
    kind: str
    data: bytes
    encoding: str
    names: tuple[str, ...]
    cells: list[list[str]]
    values: dict[int, list[Value]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    refused: int = 0


def written(value: Value, locale: Locale, style: Style) -> str:
    """Return the text by which a file writes a value."""
    if value is None:
        return style.null
    if isinstance(value, bool):
        return locale.words[0 if value else 1]
    if isinstance(value, date):
        return value.strftime(style.date or locale.date)
    return _number(value, locale, style) if isinstance(value, Decimal) else value


def _number(value: Decimal, locale: Locale, style: Style) -> str:
    text = f"{value:,f}" if style.thousands and value % 1 else f"{value:f}"
    signs = {",": locale.thousands, ".": locale.decimal}
    return "".join(signs.get(char, char) for char in text)


def cells_of(table: KnownTable, style: Style) -> list[list[str]]:
    """Return the texts of all rows."""
    return [[written(value, table.locale, style) for value in row] for row in table.rows]


def values_of(table: KnownTable) -> dict[int, list[Value]]:
    """Return the columns of days and numbers."""
    columns = zip(*table.rows, strict=True)
    return {
        at: list(column)
        for at, column in enumerate(columns)
        if all(
            value is None or (isinstance(value, (date, Decimal)) and not isinstance(value, bool)) for value in column
        )
        and any(value is not None for value in column)
    }


def line(cells: Sequence[str], style: Style) -> str:
    """Return one row as a line without its end."""
    return style.delimiter.join(_cell(cell, style) for cell in cells)


def _cell(cell: str, style: Style) -> str:
    if not style.quote:
        return (
            "".join(style.escape + char if char in (style.delimiter, style.escape, "\n") else char for char in cell)
            if style.escape
            else cell
        )
    needs = any(sign in cell for sign in (style.delimiter, style.quote, "\n", "\r"))
    if not (needs or style.quotes_all):
        return f"{style.pad}{cell}{style.pad}"
    if style.escape:
        inside = cell.replace(style.escape, style.escape * 2).replace(style.quote, style.escape + style.quote)
    else:
        inside = cell.replace(style.quote, style.quote * 2)
    return f"{style.quote}{inside}{style.quote}"
