"""The requests of the kill test: the same for every seed, whatever happens to the server meanwhile.

There are two kinds of lanes, because jobs of one team and object type interleave chunk by chunk:

- in an *ordered* lane the next request is sent when the one before has ended. Keys overlap within and across imports,
  and matches are skipped, updated or filled with values that differ from row to row: the order decides every result,
  and it is the same in every run;
- in a *crowded* lane several imports of the same keys run at once. All rows of one round that carry the same key carry
  the same values, so whichever comes first makes or changes the record and the others find it done: what is in the
  store, and how many rows per key made, changed and matched, does not depend on who was first.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

import msgspec

TEAMS: Final = 3
#: Imports of one round of a crowded lane, sent at once.
CROWD: Final = 3
KEYS: Final = {"contact": "email", "organization": "primary_domain"}

_SYNC_ROWS_MAX: Final = 99
_ASYNC_ROWS_MAX: Final = 2_000
_CITIES: Final = ("Lisboa", "Zürich", "Kraków", "Nairobi", "臺北")
#: What an import of an ordered lane may ask for; None is an import without a key, whose every row makes a record.
_OPTIONS: Final[tuple[dict[str, Any] | None, ...]] = (
    {"on_match": "skip"},
    {"on_match": "update"},
    {"update_existing": True},
    {"on_match": "fill"},
    {"on_match": "update", "require_key": True},
    None,
)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lane:
    """Imports of one team and object type.

    Args:
        team: Which of the teams, from 0.
        ordered: Whether its imports are sent one after the other.
    """

    team: int
    ordered: bool

    @property
    def object_type(self) -> str:
        """What its rows are."""
        return "contact" if self.ordered else "organization"

    @property
    def width(self) -> int:
        """How many of its imports run at once."""
        return 1 if self.ordered else CROWD


@dataclass(frozen=True, slots=True)
class Request:
    """One import.

    Args:
        lane: To which it belongs.
        number: Which of the lane's imports, from 0.
        rows: What is imported.
        options: What is asked for.
    """

    lane: Lane
    number: int
    rows: list[Row]
    options: dict[str, Any]

    @property
    def name(self) -> str:
        """The same in every run."""
        return f"{self.lane.object_type} {self.lane.team}.{self.number}"

    @property
    def body(self) -> bytes:
        """The body of its POST."""
        return msgspec.json.encode({"objects": [{"default": row} for row in self.rows], "options": self.options})


def lanes() -> list[Lane]:
    """Return all lanes: for each team an ordered and a crowded one."""
    return [Lane(team, ordered) for team in range(TEAMS) for ordered in (True, False)]


def request(seed: int, lane: Lane, number: int) -> Request:
    """Return a request of a lane.

    Args:
        seed: The same seed gives the same requests.
        lane: Whose request.
        number: Which of them, from 0.
    """
    dice = random.Random(f"{seed} {lane} {number}")  # noqa: S311 - a repeatable load, no secret
    return _ordered(lane, number, dice) if lane.ordered else _crowded(seed, lane, number, dice)


def _ordered(lane: Lane, number: int, dice: random.Random) -> Request:
    options = dice.choice(_OPTIONS)
    count = dice.randint(1, _SYNC_ROWS_MAX) if dice.random() < 0.4 else dice.randint(100, _ASYNC_ROWS_MAX)  # noqa: PLR2004 - a share
    if options is None:
        return Request(lane, number, [_contact(f"only.{number}.{row}", dice) for row in range(count)], {})
    # The keys grow in number with the imports, so that each finds records as well as gaps.
    known = 300 + 150 * number
    rows = [_contact(str(dice.randrange(known)), dice) for _ in range(count)]
    return Request(lane, number, rows, {"dedupe_by": KEYS["contact"], **options})


def _contact(key: str, dice: random.Random) -> Row:
    row: Row = {
        "email": f"Person.{key}@example.org" if dice.random() < 0.2 else f"person.{key}@example.org",  # noqa: PLR2004 - a share
        "title": f"Engineer {dice.randrange(4)}",
        "city": dice.choice(_CITIES),
    }
    match dice.randrange(60):
        case 0:
            row["first_interaction_date"] = "the day before yesterday"  # refused
        case 1:
            del row["email"]
        case 2 | 3 | 4:
            row["city"] = None  # clears
        case 5 | 6 | 7:
            row["country"] = dice.choice(("Portugal", "Polska"))
    return row


def _crowded(seed: int, lane: Lane, number: int, dice: random.Random) -> Request:
    around = number // CROWD
    count = dice.randint(1, _SYNC_ROWS_MAX) if number % CROWD == 0 else dice.randint(100, _ASYNC_ROWS_MAX)
    rows = [_organization(dice.randrange(200 + 100 * around), around, seed) for _ in range(count)]
    options = {"dedupe_by": KEYS["organization"], "on_match": "fill" if around % 3 == 1 else "update"}
    return Request(lane, number, rows, options)


def _organization(key: int, around: int, seed: int) -> Row:
    dice = random.Random(f"{seed} {key} {around}")  # noqa: S311 - as above
    row: Row = {"primary_domain": f"firm-{key}.example", "name": f"Firm {key} of round {around}"}
    if dice.random() < 0.5:  # noqa: PLR2004 - a share
        row["tagline"] = f"Better since {around}"
    return row
