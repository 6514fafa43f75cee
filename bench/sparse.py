"""Contacts as people have them: ten columns of several types, of which many are blank, the same for every seed."""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import people
from bench.http import Http

#: The team's own properties, besides those that every contact has.
PROPERTIES: Final[tuple[dict[str, Any], ...]] = (
    {"name": "Score", "slug": "score", "type": "num"},
    {"name": "Visits", "slug": "visits", "type": "num"},
    {"name": "Subscribed", "slug": "subscribed", "type": "bool"},
    {
        "name": "Stage",
        "slug": "stage",
        "type": "select_str",
        "options": [{"value": value} for value in ("Lead", "Trial", "Customer", "Former customer", "Partner")],
    },
)
#: Header of each column, the slug that it becomes, and how many of a hundred rows have a value.
COLUMNS: Final = (
    ("E-mail", "email", 97),
    ("First Name", "first_name", 95),
    ("Last Name", "last_name", 92),
    ("Title", "title", 45),
    ("City", "city", 60),
    ("Score", "score", 35),
    ("Visits", "visits", 50),
    ("Subscribed", "subscribed", 70),
    ("Stage", "stage", 55),
    ("First Interaction", "first_interaction_date", 40),
)
#: Of a hundred rows, so many have an address of before, and so many a stage that is no option.
REPEATED_PERCENT: Final = 10
INVALID_PERCENT: Final = 1
#: The options of `prismd import` that say what the columns are.
MAPPING: Final = tuple(word for header, slug, _ in COLUMNS for word in ("--map", f"{header}={slug}"))

Row = dict[str, Any]


def make_properties(client: Http, path: str) -> None:
    """Make the team's own properties.

    Args:
        client: The server.
        path: Of the team.
    """
    for one in PROPERTIES:
        client.json("POST", f"{path}/contact/properties", one)


def rows(count: int, seed: int) -> Iterator[Row]:
    """Yield rows of values by slug; a value that is not there is left out.

    Args:
        count: How many.
        seed: The same seed gives the same rows.
    """
    dice = random.Random(seed)  # noqa: S311 - a repeatable load, no secret
    known = list[str]()
    for number in range(count):
        row = {slug: _value(slug, number, dice) for _, slug, percent in COLUMNS if dice.randrange(100) < percent}
        chance = dice.randrange(100)
        row = row or {"last_name": people.LAST[0]}  # a row without a value is none in a table
        if "email" in row and known and chance < REPEATED_PERCENT:
            row["email"] = dice.choice(known)
        elif chance >= 100 - INVALID_PERCENT:
            row["stage"] = f"to be asked {number % 7}"
        if "email" in row and len(known) < 100_000:  # noqa: PLR2004 - so many addresses are enough to repeat some
            known.append(str(row["email"]))
        yield row


def body(some: Sequence[Row]) -> bytes:
    """Return the body of the import request that carries rows."""
    wanted = {"dedupe_by": "email"}
    return msgspec.json.encode({"objects": [{"default": row} for row in some], "options": wanted}, enc_hook=str)


def write(path: Path, some: Iterator[Row]) -> None:
    """Write rows to a file; its name says the format.

    Args:
        path: The file: CSV, NDJSON, XLSX or Parquet.
        some: The rows.
    """
    {".csv": _write_csv, ".ndjson": _write_ndjson, ".xlsx": _write_xlsx, ".parquet": _write_parquet}[path.suffix](
        path, some
    )


def _value(slug: str, number: int, dice: random.Random) -> object:
    if slug == "email":
        return f"{dice.getrandbits(40):x}.{number}@example.org"
    if slug == "score":
        return round(dice.random() * 100, 2)
    if slug == "visits":
        return int(dice.expovariate(0.05))
    if slug == "subscribed":
        return dice.random() < 0.4  # noqa: PLR2004 - the share of those who are
    if slug == "first_interaction_date":
        return (dt.date(2010, 1, 1) + dt.timedelta(days=dice.randrange(5_800))).isoformat()
    texts: dict[str, Sequence[str]] = {
        "first_name": people.FIRST,
        "last_name": people.LAST,
        "title": people.TITLES,
        "city": [city for city, _ in people.CITIES],
        "stage": [option["value"] for option in PROPERTIES[-1]["options"]],
    }
    return dice.choice(texts[slug])


def _write_csv(path: Path, some: Iterator[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([header for header, _, _ in COLUMNS])
        writer.writerows([_text(row.get(slug)) for _, slug, _ in COLUMNS] for row in some)


def _write_ndjson(path: Path, some: Iterator[Row]) -> None:
    with path.open("wb") as file:
        file.writelines(msgspec.json.encode(row) + b"\n" for row in some)


def _write_xlsx(path: Path, some: Iterator[Row]) -> None:
    import xlsxwriter  # noqa: PLC0415 - only where a workbook is written

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, [header for header, _, _ in COLUMNS])
        for number, row in enumerate(some, 1):
            for column, (_, slug, _) in enumerate(COLUMNS):
                if slug == "first_interaction_date" and slug in row:
                    sheet.write_datetime(number, column, dt.date.fromisoformat(row[slug]), day)
                elif slug in row:
                    sheet.write(number, column, row[slug])


def _write_parquet(path: Path, some: Iterator[Row]) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only where such a file is written
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    kinds = {
        "score": pa.float64(),
        "visits": pa.int64(),
        "subscribed": pa.bool_(),
        "first_interaction_date": pa.date32(),
    }
    schema = pa.schema([(header, kinds.get(slug, pa.string())) for header, slug, _ in COLUMNS])
    with pq.ParquetWriter(path, schema) as writer:
        while held := [row for _, row in zip(range(50_000), some, strict=False)]:
            columns = [[_typed(slug, row.get(slug)) for row in held] for _, slug, _ in COLUMNS]
            writer.write_table(pa.table(columns, schema=schema))


def _typed(slug: str, value: object) -> object:
    return dt.date.fromisoformat(value) if slug == "first_interaction_date" and isinstance(value, str) else value


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else Decimal(repr(value)) if isinstance(value, float) else value
