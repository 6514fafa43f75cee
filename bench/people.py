"""The rows of the benchmark: contacts of ten properties, the same for every seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

FIRST: Final = ("Ada", "Björn", "Chloé", "Dörte", "Fatima", "Grace", "Håkon", "Inés", "José", "Mei", "Olga", "Zoë")
LAST: Final = ("Andersen", "Bauer", "Çelik", "Fernández", "Ivanova", "Kovács", "Müller", "Nguyễn", "Peña", "Tanaka")
TITLES: Final = ("Engineer", "Head of Sales", "Nurse", "Teacher", "Director", "Buyer", "Chief Technology Officer")
WORDS: Final = ("called", "wrote", "met", "prefers", "mornings", "fair", "Berlin", "offer", "renewal", "two", "years")
_PLACES: Final = {
    "Portugal": "Lisboa Porto Braga Coimbra Faro",
    "Switzerland": "Zürich Genève Basel Bern Lugano",
    "Poland": "Kraków Łódź Gdańsk Wrocław Poznań",
    "Kenya": "Nairobi Mombasa Kisumu Nakuru Eldoret",
    "Norway": "Oslo Bergen Tromsø Bodø Ålesund",
    "Mexico": "Mérida Puebla León Torreón Cancún",
    "Japan": "Osaka Kyōto Nagoya Sapporo Sendai",
    "Canada": "Montréal Toronto Halifax Calgary Regina",
    "Türkiye": "İstanbul İzmir Bursa Konya Adana",
    "India": "Pune Jaipur Kochi Surat Indore",
}
#: Fifty cities, so that each is shared by two contacts of a hundred.
CITIES: Final = tuple((city, country) for country, cities in _PLACES.items() for city in cities.split())

#: Of a hundred rows, so many have the address of an earlier one, and so many a value that their property cannot have.
REPEATED_PERCENT: Final = 10
INVALID_PERCENT: Final = 1
_NO_DATE: Final = "31/02/2024"

Contact = dict[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """What an import is made of, and what must become of it.

    Args:
        rows: In the order in which they are sent.
        invalid: Rows that must be refused.
        repeated: Rows that must match an earlier one.
    """

    rows: list[Contact]
    invalid: int
    repeated: int

    @property
    def valid(self) -> list[Contact]:
        """The rows without those that must be refused."""
        return [row for row in self.rows if row["first_interaction_date"] != _NO_DATE]

    @property
    def created(self) -> int:
        """Records that must be made of it where there are none before."""
        return len(self.rows) - self.invalid - self.repeated


def contacts(count: int, seed: int, *, first: int = 0) -> list[Contact]:
    """Return contacts with different addresses.

    Args:
        count: How many.
        seed: The same seed gives the same contacts.
        first: Number of the first one, which is part of its address.
    """
    dice = _dice(seed)
    return [_contact(number, dice) for number in range(first, first + count)]


def load(count: int, seed: int, *, first: int = 0) -> Load:
    """Return contacts of which some repeat an earlier address and some cannot be taken.

    Args:
        count: How many.
        seed: The same seed gives the same contacts.
        first: Number of the first one.
    """
    rows = contacts(count, seed, first=first)
    dice = _dice(seed + 1)
    odd = dice.sample(range(1, count), count * REPEATED_PERCENT // 100 + count * INVALID_PERCENT // 100)
    invalid = set(odd[: count * INVALID_PERCENT // 100])
    repeated = set(odd) - invalid
    fresh = [0]
    for number in range(1, count):
        if number in invalid:
            rows[number]["first_interaction_date"] = _NO_DATE
        elif number in repeated:
            rows[number]["email"] = rows[dice.choice(fresh)]["email"]
        else:
            fresh.append(number)
    return Load(rows, len(invalid), len(repeated))


def changed(rows: Sequence[Contact], property_name: str = "title") -> list[Contact]:
    """Return the rows with one property that is different in each.

    Args:
        rows: As they were imported.
        property_name: Slug of a text property.
    """
    return [{**row, property_name: f"{row[property_name]}, since {number}"} for number, row in enumerate(rows)]


def body(rows: Sequence[Contact], *, dedupe_by: str = "email", **options: object) -> bytes:
    """Return the body of the import request that carries the rows.

    Args:
        rows: The rows.
        dedupe_by: By what contacts are told apart.
        options: Further options of the import.
    """
    wanted = {"dedupe_by": dedupe_by, **options}
    return msgspec.json.encode({"objects": [{"default": row} for row in rows], "options": wanted})


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a repeatable load, no secret


def _contact(number: int, dice: random.Random) -> Contact:
    first, last, (city, country) = dice.choice(FIRST), dice.choice(LAST), dice.choice(CITIES)
    # The number is shuffled into the address, as real keys do not arrive in the order of an index.
    return {
        "email": f"{dice.getrandbits(40):x}.{number}@example.org",
        "full_name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "title": dice.choice(TITLES),
        "city": city,
        "country": country,
        "linkedin": f"linkedin.com/in/{first}-{last}-{number}",
        "description": " ".join(dice.choices(WORDS, k=12)),
        "first_interaction_date": f"20{dice.randrange(10, 26)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}",
    }
