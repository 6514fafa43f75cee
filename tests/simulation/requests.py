"""What clients of a simulation ask for: small imports whose keys overlap, some of whose rows are bad or poisonous."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from tests.simulation.expectation import ADDRESSES, POISON, UNKNOWN, Asked, Row

TYPES: Final = ("contact", "organization", "identity")
#: One native property, one that the team made.
KEY_SLUGS: Final = ("linkedin", "code")
#: Of these, rows refer to contacts by their addresses; the one property is native, the other the team's own.
LINKED_TYPES: Final = ("identity", "organization")
#: Addresses are few, so that they meet often.
_PEOPLE_MAX: Final = 8
#: A list of each type; in every team it has the same id.
LIST_IDS: Final = {name: f"0192{number:04}-0000-7000-8000-000000000000" for number, name in enumerate(TYPES)}
_ROWS_MAX: Final = 30


class Wishes:
    """Makes up imports.

    Args:
        chance: Decides.
    """

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._made_up = 0
        self._keys = chance.randint(3, 25)
        self._poison = chance.choice([0, 0, 0.03])

    def asked(self, teams: list[int]) -> Asked:
        """Return an import that somebody may ask for."""
        chance = self._chance
        asked = Asked(
            team_id=chance.choice(teams),
            object_type=chance.choice(TYPES),
            rows=[],
            options=self._options(),
            synchronous=chance.random() < 0.25,
            chunk=chance.randint(1, 5),
        )
        self._made_up += 1
        if self._made_up % 4 == 0:
            asked.options["list_id"] = LIST_IDS[asked.object_type]
        count = chance.randint(3, 8) if chance.random() < 0.8 else chance.randint(3, _ROWS_MAX)
        if asked.object_type in LINKED_TYPES and "dedupe_by" in asked.options and chance.random() < 0.4:
            asked.options["dedupe_by"] = ADDRESSES
        asked.rows = [self.row(asked) for _ in range(count)]
        return asked

    def row(self, asked: Asked) -> Row:
        """Return a row."""
        chance = self._chance
        row: Row = {}
        for slug in KEY_SLUGS:
            if chance.random() < 0.8:
                row[slug] = self._key(slug)
        if asked.object_type in LINKED_TYPES and chance.random() < 0.7:
            row[ADDRESSES] = [self._address() for _ in range(chance.randint(1, 2))]
        if asked.object_type == "contact" and chance.random() < 0.15:
            row["email"] = self._address()
        if chance.random() < 0.6:
            row["city"] = chance.choice(["Rome", "Oslo", "Łódź", None])
        if chance.random() < 0.06:
            row[UNKNOWN] = 1
        elif chance.random() < self._poison:
            row["country"] = POISON
        return row

    def _address(self) -> str:
        chance = self._chance
        text = f"p{chance.randrange(_PEOPLE_MAX)}@x.org"
        return chance.choice([text, text, text.upper(), f" {text}", "nobody@"]) if chance.random() < 0.5 else text

    def _key(self, slug: str) -> str:
        chance = self._chance
        text = f"{slug}{chance.randrange(self._keys)}"
        return chance.choice([text, text, text.upper(), f" {text} "])

    def _options(self) -> dict[str, Any]:
        chance = self._chance
        options: dict[str, Any] = {}
        if chance.random() < 0.9:
            options["dedupe_by"] = chance.choice(KEY_SLUGS)
            options["require_key"] = chance.random() < 0.3
            options["caseInsensitive"] = chance.random() < 0.8
        options["on_match"] = chance.choice(["skip", "update", "update", "fill"])
        options["dry_run"] = chance.random() < 0.15
        return options
