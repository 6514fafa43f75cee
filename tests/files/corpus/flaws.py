"""The classes of flaws that files have, each made from a known table."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from tests.files.corpus.known_tables import KnownTable
from tests.files.corpus.writing import MadeFile, Style, cells_of, line, values_of

#: Makes the text of a file; it may change the key.
Flaw = Callable[[KnownTable, Style, random.Random, MadeFile], str]


def plain(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, style)


def text_of(table: KnownTable, style: Style) -> str:
    """Return the text of a table: its names and its rows."""
    lines = [line(list(table.names), style), *(line(cells, style) for cells in cells_of(table, style))]
    return "".join(one + style.end for one in lines)


def quoted(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, replace(style, quotes_all=True))


def backslashes(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, replace(style, escape="\\", quotes_all=True))


def apostrophes(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, replace(style, quote="'", quotes_all=True))


def unquoted(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    """No cell is quoted, and no cell needs it."""
    style.delimiter = "|" if style.delimiter == table.locale.decimal else style.delimiter
    gone = str.maketrans({style.delimiter: " ", "\n": " ", '"': ""})
    key.cells = [[cell.translate(gone) for cell in row] for row in key.cells]
    return "".join(style.delimiter.join(cells) + style.end for cells in ([*table.names], *key.cells))


def no_quotes_but_backslashes(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    flat = [
        [value.replace("\n", " ").replace('"', "") if isinstance(value, str) else value for value in row]
        for row in table.rows
    ]
    table = table.with_rows([*flat[:-1], [*flat[-1][:1], f"one{style.delimiter} two", *flat[-1][2:]]])
    key.cells = cells_of(table, style)
    return text_of(table, replace(style, quote="", escape="\\"))


def named_delimiter(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return f"sep={style.delimiter}{style.end}" + text_of(table, style)


def carriage_returns(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, replace(style, end="\r"))


def mixed_ends(table: KnownTable, style: Style, dice: random.Random, __: MadeFile) -> str:
    lines = [line(cells, style) for cells in ([*table.names], *cells_of(table, style))]
    return "".join(one + dice.choice(["\n", "\r\n"]) for one in lines)


def no_last_end(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, style).removesuffix(style.end)


def blank_lines(table: KnownTable, style: Style, dice: random.Random, __: MadeFile) -> str:
    lines = [line(cells, style) for cells in ([*table.names], *cells_of(table, style))]
    blanks = ["", "", style.delimiter * (len(table.names) - 1)]
    return "".join(
        one + style.end + (dice.choice(blanks) + style.end if dice.random() < 0.2 and at else "")
        for at, one in enumerate(lines)
    )


def preamble(table: KnownTable, style: Style, dice: random.Random, __: MadeFile) -> str:
    notes = dice.choice([
        ["Export of contacts", "Created 2024-05-31", ""], ["Report", ""], ["Monthly list of everything that was sold"],
        ["# made by a program", "# version 2"], ["Kontoauszug", "Zeitraum: Mai", "", ""],
    ])  # fmt: skip
    return "".join(note + style.end for note in notes) + text_of(table, style)


def padded_preamble(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    rest = style.delimiter * (len(table.names) - 1)
    return f"All of them{rest}{style.end}{rest}{style.end}" + text_of(table, style)


def footer_note(table: KnownTable, style: Style, dice: random.Random, __: MadeFile) -> str:
    note = dice.choice(["Source: the office", "* without warranty", "(c) 2024", "End of report"])
    return text_of(table, style) + style.end + note + style.end


def total(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    """A row of totals, which adds up where the table has a column of amounts."""
    column = next(
        (at for at, values in key.values.items() if all(isinstance(v, Decimal) and v % 1 for v in values)), None
    )
    cells = ["Total", *[""] * (len(table.names) - 1)]
    if column:
        amount = sum((value for value in key.values[column] if isinstance(value, Decimal)), Decimal(0))
        cells[column] = cells_of(replace(table, rows=((amount,),)), style)[0][0]
    else:
        cells[-1] = "12"
        key.answers = {"footer": "1"}
    return text_of(table, style) + line(cells, style) + style.end


def empty_columns(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    lines = [line(cells, style) for cells in ([*table.names], *cells_of(table, style))]
    return "".join(one + style.delimiter * 2 + style.end for one in lines)


def trailing_delimiter(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    rows = "".join(line(cells, style) + style.delimiter + style.end for cells in cells_of(table, style))
    return line([*table.names], style) + style.end + rows


def empty_rows(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, style) + (style.delimiter * (len(table.names) - 1) + style.end) * 25


def repeated_header(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    lines = [line(cells, style) for cells in ([*table.names], *cells_of(table, style))]
    middle = len(lines) // 2 + 1
    return "".join(one + style.end for one in [*lines[:middle], lines[0], *lines[middle:]])


def two_headers(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    half = max(2, len(table.names) // 2)
    upper = ["Name", *[""] * (half - 1), "Contact", *[""] * (len(table.names) - half - 1)]
    key.names = tuple(f"{'Name' if at < half else 'Contact'} {name}" for at, name in enumerate(table.names))
    key.names = tuple(" ".join(dict.fromkeys(name.split(" "))) if name == "Name Name" else name for name in key.names)
    return line(upper, style) + style.end + text_of(table, style)


def no_header(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    key.names = ()
    return "".join(line(cells, style) + style.end for cells in cells_of(table, style))


def short_rows(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    """A program leaves out empty cells at the end of a row."""
    lines = [line([*table.names], style)]
    for row in key.cells:
        cells = list(row)
        while len(cells) > 2 and not cells[-1]:
            cells.pop()
        lines.append(line(cells, style))
    short = sum(not row[-1] for row in key.cells)
    if 0 < short < 3 or (short and any(len(one.split(style.delimiter)) < 3 for one in lines)):
        key.answers = {"short_rows": "blank"}
    return "".join(one + style.end for one in lines)


def damaged_rows(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    """One row has a delimiter too many, so that nobody can tell where it belongs."""
    lines = [line(cells, style) for cells in ([*table.names], *cells_of(table, style))]
    at = len(lines) // 2
    lines[at] += style.delimiter + "x"
    del key.cells[at - 1]
    key.values = {column: [*values[: at - 1], *values[at:]] for column, values in key.values.items()}
    key.refused = 1
    return "".join(one + style.end for one in lines)


def two_tables(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    key.answers = {"table": "1"}
    second = "".join(
        style.delimiter.join(cells) + style.end for cells in (["color", "weight"], ["red", "5"], ["blue", "7"])
    )
    return text_of(table, style) + style.end + second


def blanks_around(table: KnownTable, style: Style, _: random.Random, __: MadeFile) -> str:
    return text_of(table, replace(style, pad=" "))


def single_column(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    at = next((at for at, name in enumerate(table.names) if "mail" in name.lower()), 0)
    key.names, key.values = ("email",), {}
    key.cells = [[row[at]] if "@" in row[at] else [f"{row[at].lower()}@example.org"] for row in key.cells]
    return "".join(cell + style.end for cell in ("email", *(row[0] for row in key.cells)))


def only_header(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    key.cells, key.values = [], {}
    return line([*table.names], style) + style.end


def inches(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    """Quotes stand inside cells that are not quoted."""
    style.delimiter = "|" if style.delimiter == table.locale.decimal else style.delimiter
    at = next(at for at, value in enumerate(table.rows[0]) if isinstance(value, str))
    key.cells = [
        [cell.replace('"', "").replace("\n", " ").replace(style.delimiter, " ") for cell in row] for row in key.cells
    ]
    for row in key.cells:
        row[at] = f'{row[at]} 5" wide'
    return "".join(style.delimiter.join(cells) + style.end for cells in ([*table.names], *key.cells))


def short_years(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    style.date = (style.date or table.locale.date).replace("%Y", "%y")
    key.cells = cells_of(table, style)
    for at, values in key.values.items():
        if any(isinstance(value, date) for value in values):
            key.answers[f"century:{table.names[at]}"] = "1930"
            years = style.date.startswith("%y")
            key.answers[f"date_format:{table.names[at]}"] = (
                "ymd" if years else "mdy" if style.date.startswith("%m") else "dmy"
            )
    return text_of(table, style)


def _early(day: date, dice: random.Random) -> date:
    return day.replace(day=dice.randrange(1, 13), month=dice.randrange(1, 13))


def early_days(table: KnownTable, style: Style, dice: random.Random, key: MadeFile) -> str:
    """No day is after the twelfth, so that nothing proves the order of day and month."""
    rows = [[_early(value, dice) if isinstance(value, date) else value for value in row] for row in table.rows]
    table = table.with_rows(rows)
    key.cells, key.values = cells_of(table, style), values_of(table)
    order = {"%Y": "", "%d": "dmy", "%m": "mdy"}[(style.date or table.locale.date)[:2]]
    for at, values in key.values.items():
        if order and any(isinstance(value, date) for value in values):
            key.answers[f"date_format:{table.names[at]}"] = order
    return text_of(table, style)


def thousands(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    style.thousands = True
    key.cells = cells_of(table, style)
    return text_of(table, style)


def only_thousands(table: KnownTable, style: Style, dice: random.Random, key: MadeFile) -> str:
    """Every number has one sign before three digits, so that nothing tells decimals from thousands."""
    sign = dice.choice([".", ","])
    at = next(iter(at for at, values in key.values.items() if isinstance(values[0], Decimal)), None)
    if at is None or sign == style.delimiter:
        return text_of(table, style)
    numbers = [Decimal(dice.randrange(1_000, 999_999)) for _ in table.rows]
    key.values[at] = list(numbers)
    for row, number in zip(key.cells, numbers, strict=True):
        row[at] = f"{number:,f}".replace(",", sign)
    key.answers = {f"decimal:{table.names[at]}": "," if sign == "." else "."}
    return "".join(line(cells, style) + style.end for cells in ([*table.names], *key.cells))


def null_words(table: KnownTable, style: Style, dice: random.Random, key: MadeFile) -> str:
    """A word stands for nothing in a column of numbers."""
    style.null = dice.choice(["N/A", "-", "NULL", "#N/A", "n/a"])
    at = next(iter(key.values), None)
    rows = [list(row) for row in table.rows]
    for row in rows[1:-1:4]:
        if at is not None:
            row[at] = None
    table = table.with_rows(rows)
    key.cells, key.values = cells_of(table, style), values_of(table)
    for column, name in enumerate(table.names):
        texts = [row[column] for row in table.rows]
        if None in texts and not (column in key.values and sum(value is not None for value in texts) > 2):
            key.answers[f"null:{name}"] = "blank"
    return text_of(table, style)


def zeros(table: KnownTable, style: Style, dice: random.Random, key: MadeFile) -> str:
    rows = [(f"{dice.randrange(99_999):05}", str(dice.randrange(10**18, 10**19)), *row[1:]) for row in table.rows]
    table = KnownTable(table.locale, ("zip", "card", *table.names[1:]), tuple(rows))
    key.names, key.cells, key.values = table.names, cells_of(table, style), values_of(table)
    return text_of(table, style)


def repeated_names(table: KnownTable, style: Style, _: random.Random, key: MadeFile) -> str:
    table = (
        KnownTable(table.locale, (*table.names[:2], table.names[1], "", *table.names[4:]), table.rows)
        if len(table.names) > 4
        else table
    )
    key.names = table.names
    return text_of(table, style)


def many_columns(table: KnownTable, style: Style, dice: random.Random, key: MadeFile) -> str:
    width = dice.choice([60, 200])
    extra = tuple(f"field_{at}" for at in range(width))
    rows = [(*row, *(Decimal(dice.randrange(1000)) for _ in extra)) for row in table.rows]
    table = KnownTable(table.locale, (*table.names, *extra), tuple(rows))
    key.names, key.cells, key.values = table.names, cells_of(table, style), values_of(table)
    return text_of(table, style)


FLAWS: Final[dict[str, Flaw]] = {
    flaw.__name__: flaw
    for flaw in (
        plain, quoted, backslashes, apostrophes, unquoted, no_quotes_but_backslashes, named_delimiter, carriage_returns,
        mixed_ends, no_last_end, blank_lines, preamble, padded_preamble, footer_note, total, empty_columns,
        trailing_delimiter, empty_rows, repeated_header, two_headers, no_header, short_rows, damaged_rows, two_tables,
        blanks_around, single_column, only_header, inches, short_years, early_days, thousands, only_thousands,
        null_words, zeros, repeated_names, many_columns,
    )
}  # fmt: skip
