"""The rows of the benchmark: contacts of ten properties, the same for every seed."""

from __future__ import annotations

import random
from typing import Final

import msgspec

FIRST: Final = ("Ada", "Björn", "Chloé", "Dörte", "Fatima", "Grace", "Håkon", "Inés", "José", "Mei", "Olga", "Zoë")
LAST: Final = ("Andersen", "Bauer", "Çelik", "Fernández", "Ivanova", "Kovács", "Müller", "Nguyễn", "Peña", "Tanaka")
TITLES: Final = ("Engineer", "Head of Sales", "Nurse", "Teacher", "Director", "Buyer", "Chief Technology Officer")
CITIES: Final = (("Lisboa", "Portugal"), ("Zürich", "Switzerland"), ("Kraków", "Poland"), ("Nairobi", "Kenya"))
WORDS: Final = ("called", "wrote", "met", "prefers", "mornings", "fair", "Berlin", "offer", "renewal", "two", "years")

Contact = dict[str, str]


def contacts(count: int, seed: int) -> list[Contact]:
    """Return contacts with different addresses.

    Args:
        count: How many.
        seed: The same seed gives the same contacts.
    """
    dice = random.Random(seed)  # noqa: S311 - a repeatable load, no secret
    return [_contact(number, dice) for number in range(count)]


def body(rows: list[Contact]) -> bytes:
    """Return the body of the import request that carries the rows."""
    return msgspec.json.encode({"objects": [{"default": row} for row in rows], "options": {"dedupe_by": "email"}})


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
