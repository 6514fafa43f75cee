"""A messy file of people as a spreadsheet leaves it: seeded, so that everybody sees the same mess."""

from __future__ import annotations

import csv
import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

COLUMNS: Final = (
    "full_name",
    "email",
    "title",
    "city",
    "country",
    "seniority",
    "customer_number",
    "first_interaction_date",
    "description",
)

FIRST_NAMES: Final = (
    "Ada", "André", "Anaïs", "Björn", "Chloé", "Dörte", "Élodie", "Fatima", "Grace", "Håkon", "Ines", "José", "Jürgen",
    "Kateřina", "Linus", "Łukasz", "Márta", "Mei", "Nóra", "Olga", "Priya", "Renée", "Søren", "Tomáš", "Uğur", "Zoë",
)  # fmt: skip
LAST_NAMES: Final = (
    "Andersen", "Björnsdóttir", "Çelik", "Da Silva", "Eğilmez", "Fernández", "García", "Hernández", "Ivanova",
    "Jørgensen", "Kovács", "Lindström", "Müller", "Nguyễn", "O'Brien", "Peña", "Quiñones", "Růžička", "Schröder",
    "Šimić", "Tanaka", "Ünal", "Van der Berg", "Weiß", "Öztürk", "Żółć",
)  # fmt: skip
TITLES: Final = ("Engineer", "Head of Sales", "Nurse", "Teacher, retired", 'Director "EMEA"', "Buyer", "CTO", "")
CITIES: Final = (
    ("Lisboa", "Portugal"),
    ("Zürich", "Switzerland"),
    ("São Paulo", "Brazil"),
    ("Kraków", "Poland"),
    ("Reykjavík", "Iceland"),
    ("東京", "Japan"),
    ("القاهرة", "Egypt"),
)
NOTES: Final = (
    "",
    "",
    "Met at the fair.\nWants a call; prefers mornings.",
    'Said: "send me the file, then we talk".',
    "Semi;colons, commas,\tand a tab",
    "=HYPERLINK(A1)",
    "👋 likes emoji",
)


#: What one row of a file is.
Person = dict[str, str]


class Kind(Enum):
    """What is planted into a row."""

    GOOD = "good"
    DUPLICATE = "an earlier person in another spelling"
    WITHOUT_EMAIL = "without an address"
    WRONG_DATE = "a date that no calendar has"
    WRONG_SENIORITY = "an unknown seniority"


#: Percent of the rows.
SHARES: Final = {
    Kind.GOOD: 85.5,
    Kind.DUPLICATE: 10,
    Kind.WITHOUT_EMAIL: 2,
    Kind.WRONG_DATE: 1.5,
    Kind.WRONG_SENIORITY: 1,
}


def write(path: Path, rows: int, seed: int, seniorities: Sequence[str]) -> Counter[Kind]:
    """Write a CSV file of people and return how many rows of each kind it holds.

    Args:
        path: File to write.
        rows: How many people.
        seed: The same seed gives the same file.
        seniorities: Option slugs that `seniority` really has.
    """
    dice = random.Random(seed)  # noqa: S311 - a repeatable mess, no secret
    known: list[Person] = []
    kinds: Counter[Kind] = Counter()
    # A byte order mark and CRLF: this is how spreadsheets save.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in range(rows):
            kind = dice.choices(list(SHARES), list(SHARES.values()))[0] if known else Kind.GOOD
            person = _spoiled(kind, _person(number, dice, seniorities), dice, known)
            kinds[kind] += 1
            writer.writerow(person)
    return kinds


def expected(kinds: Counter[Kind]) -> dict[str, int]:
    """Return how many rows must be created, match and fail, if the file goes into an empty team by email."""
    return {
        "created": kinds[Kind.GOOD] + kinds[Kind.WITHOUT_EMAIL],
        "existing": kinds[Kind.DUPLICATE],
        "failed": kinds[Kind.WRONG_DATE] + kinds[Kind.WRONG_SENIORITY],
    }


def _person(number: int, dice: random.Random, seniorities: Sequence[str]) -> Person:
    first, last, (city, country) = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES), dice.choice(CITIES)
    day = f"20{dice.randrange(15, 26)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
    return {
        "full_name": dice.choice((f"{first} {last}", f"{first} {last}  ", f"{last}, {first}")),
        "email": f"{first}.{last}.{number}@example.org".translate(UNUSUAL_IN_ADDRESSES).lower(),
        "title": dice.choice(TITLES),
        "city": city,
        "country": country,
        "seniority": dice.choice((*seniorities, "")),
        "customer_number": f"{number:07}",
        "first_interaction_date": dice.choice((day, day, "")),
        "description": dice.choice(NOTES),
    }


def _spoiled(kind: Kind, person: Person, dice: random.Random, known: list[Person]) -> Person:
    match kind:
        case Kind.GOOD:
            known.append(person)
        case Kind.DUPLICATE:
            twin = dice.choice(known)
            person |= {"full_name": twin["full_name"], "email": dice.choice(SPELLINGS)(twin["email"])}
        case Kind.WITHOUT_EMAIL:
            person["email"] = dice.choice(("", "   "))
        case Kind.WRONG_DATE:
            person["first_interaction_date"] = dice.choice(("31/02/2024", "2024-13-45", "last spring", "2023-02-29"))
        case Kind.WRONG_SENIORITY:
            person["seniority"] = dice.choice(("Grand Vizier", "n/a", "C-Level???"))
    return person


def _decomposed(email: str) -> str:
    return unicodedata.normalize("NFD", email)


def _padded(email: str) -> str:
    return f"{email}  "


#: How the same address comes back in another row. All of them mean the same person.
SPELLINGS: Final[tuple[Callable[[str], str], ...]] = (str, str.upper, str.title, _decomposed, _padded)
UNUSUAL_IN_ADDRESSES: Final = str.maketrans("", "", " '")
