"""Real input that nobody here wrote: places and languages, in the files of packages that ship them as data."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import airportsdata
import pycountry

#: 28,000 airports and landing strips with codes, names, cities and coordinates: a CSV file that quotes all texts.
AIRPORTS_CSV: Final = Path(airportsdata.__file__).with_name("airports.csv")

_DATABASES: Final = Path(pycountry.DATABASE_DIR)
#: 5,000 provinces, districts and islands by name, as a JSON file with one member; a fourth of the names is not ASCII.
SUBDIVISIONS_JSON: Final = _DATABASES / "iso3166-2.json"
#: 8,000 languages by name, as a JSON file with one member; some names are not in the usual form of Unicode (NFC).
LANGUAGES_JSON: Final = _DATABASES / "iso639-3.json"


@cache
def airports() -> list[dict[str, str]]:
    """Return the airports as the CSV reader of Python gives them."""
    with AIRPORTS_CSV.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def only_member(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON file that holds nothing else."""
    (rows,) = json.loads(path.read_text("utf-8")).values()
    return list(rows)


def keyed(text: str) -> str:
    """Return what two spellings of one key have in common."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())


def expected_by_one_value(values: Iterable[str | None]) -> tuple[int, int]:
    """Return how many rows make a record and how many match one, by counting distinct values."""
    keys = [keyed(value) if value else "" for value in values]
    created = len({key for key in keys if key}) + keys.count("")
    return created, len(keys) - created


def expected_by_any_value(rows: Iterable[Iterable[str]]) -> tuple[int, int, int]:
    """Return how many rows make a record, match one, and match several, row by row."""
    owners: dict[str, int] = {}
    created = existing = several = 0
    for number, values in enumerate(rows):
        keys = {keyed(value) for value in values if value}
        matched = {owners[key] for key in keys if key in owners}
        if len(matched) > 1:
            several += 1
        elif matched:
            existing += 1
        else:
            created += 1
            owners |= dict.fromkeys(keys, number)
    return created, existing, several
