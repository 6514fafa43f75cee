"""Imports into a team that has many records already, next to the same into one that has few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg

from bench import imports, people, places, prism
from bench.figures import Figure, Peer, Target
from bench.people import Contact
from bench.places import Ground

SEED: Final = 8403
FEW: Final = 10_000
AS_FAST: Final = 0.8
#: A property of the team's own, of which each record has a value, too.
CUSTOM: Final = "badge"
KEYS: Final = ("email", CUSTOM)

#: In the order of time, as prismd's own ids are.
_ID: Final = "('0180' || lpad(to_hex(number), 12, '0') || '8000000000000000')::uuid"
_DROP_KEY: Final = "ALTER TABLE record_key DROP CONSTRAINT record_key_pkey"
_ADD_KEY: Final = "ALTER TABLE record_key ADD PRIMARY KEY (team_id, key_hash, record_id)"
_RECORDS: Final = f"""
    INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
    SELECT team.id, 'contact', {_ID}, 1, now(), now(), jsonb_build_object(
        'email', 'standing.' || number || '@example.org', 'full_name', 'Ada Andersen', 'first_name', 'Ada',
        'last_name', 'Andersen', 'title', 'Engineer', 'city', 'Oslo', 'country', 'Norway',
        'linkedin', 'linkedin.com/in/standing-' || number, 'first_interaction_date', '2019-05-04',
        'description', 'called wrote met prefers mornings fair Berlin offer renewal two years called',
        'badge', 'standing ' || number)
    FROM team, generate_series(%s::bigint, %s::bigint) AS number
"""
#: Hashes fall anywhere, whatever they are made of.
_KEYS: Final = f"""
    INSERT INTO record_key (team_id, key_hash, record_id)
    SELECT team.id, hashint8extended(number, 1), {_ID}
    FROM team, generate_series(%s::bigint, %s::bigint) AS number
"""


@dataclass(slots=True)
class Team:
    """A team that grows, and knows its records by one key.

    Args:
        ground: Where.
        key: The key.
        count: Records made so far, which numbers the next ones.
    """

    ground: Ground
    key: str
    count: int = 0

    def begin(self) -> None:
        """Make the team one without records, that has a property of its own and uses its key."""
        self.ground.clear(properties=True)
        server = self.ground.server
        with prism.connect(server) as client:
            wanted = {"name": "Badge", "slug": CUSTOM, "type": "str"}
            client.json("POST", prism.path(server, "/contact/properties"), wanted)
            content = people.body([{"email": "first@example.org", CUSTOM: "none"}], dedupe_by=self.key)
            client.send("POST", prism.path(server, "/contact/import"), content)

    def fill(self, count: int) -> None:
        """Bring the team to so many records, straight into the tables: they are not what is measured."""
        self.ground.clear()
        with psycopg.connect(self.ground.database, autocommit=True) as connection:
            connection.execute("SET maintenance_work_mem = '1GB'")
            connection.execute(_DROP_KEY)
            connection.execute(_RECORDS, (0, count - 1))
            connection.execute(_KEYS, (0, count - 1))
            connection.execute(_ADD_KEY)
        self.count = count
        places.settle(self.ground.database, "record", "record_key")

    def rate(self, rows: int) -> float:
        """Import contacts that the team does not have, and return how many a second.

        Args:
            rows: How many.
        """
        content = people.body(self._next_rows(rows), dedupe_by=self.key)
        places.settle(self.ground.database)
        return rows / imports.timed_import(self.ground.server, [content], created=rows)

    def _next_rows(self, count: int) -> list[Contact]:
        rows = people.contacts(count, SEED + self.count, first=self.count)
        for number, row in enumerate(rows, self.count):
            row[CUSTOM] = f"badge {number}"
        self.count += count
        return rows


def measure(ground: Ground, *, standing: int, rows: int, runs: int) -> list[Figure]:
    """Return the figures of imports by a native and by a custom key.

    Args:
        ground: Where.
        standing: Records of the team that has many.
        rows: Of an import.
        runs: How often each is measured.
    """
    return [_measured(Team(ground, key), standing, rows, runs) for key in KEYS]


def _measured(team: Team, standing: int, rows: int, runs: int) -> Figure:
    team.begin()
    few = []
    for _ in range(runs):
        team.fill(min(FEW, standing))
        few.append(team.rate(rows))
    team.fill(standing)
    # What was just filled in bulk is not in PostgreSQL's memory as that of a team at work is.
    team.rate(rows)
    many = [team.rate(rows) for _ in range(runs)]
    kind = "a native property" if team.key == "email" else "a custom property"
    name = f"{rows:,} new contacts by {kind}, {standing:,} records there before"
    peer = Peer(f"{FEW:,} records there before", few)
    return Figure("Import into many records", name, imports.RATE, many, peer, Target(AS_FAST, of_ratio=True))
