"""Teams and their API keys in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prismd.store.postgres import Connection

#: Any number of our own: of two servers that start at once on an empty database, one makes the first team.
_BOOTSTRAP_LOCK: Final = 7_223_196_072

_INSERT_TEAM: Final = "INSERT INTO team (public_id, created_at) VALUES (%s, %s) RETURNING id"
_SELECT_TEAM: Final = "SELECT id FROM team WHERE public_id = %s"
_SELECT_TEAMS: Final = "SELECT public_id FROM team ORDER BY id LIMIT %s"
_INSERT_KEY: Final = """
    INSERT INTO api_key (id, team_id, name, digest, hint, created_at) VALUES (%s, %s, %s, %s, %s, %s)
"""
_SELECT_KEY: Final = """
    SELECT k.id::text, k.digest, t.id, t.public_id
    FROM api_key k JOIN team t ON t.id = k.team_id
    WHERE k.digest = %s AND k.revoked_at IS NULL
"""
_SELECT_KEYS: Final = """
    SELECT k.id::text, t.public_id, k.name, k.hint, k.created_at, k.revoked_at
    FROM api_key k JOIN team t ON t.id = k.team_id
    WHERE %(team)s::text IS NULL OR t.public_id = %(team)s
    ORDER BY k.created_at, k.id
"""
_REVOKE_KEY: Final = """
    UPDATE api_key k SET revoked_at = coalesce(k.revoked_at, %(now)s) FROM team t
    WHERE t.id = k.team_id AND k.id::text = %(key)s AND (%(team)s::text IS NULL OR t.public_id = %(team)s)
"""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What is known of an API key, without the key.

    Args:
        id: By which it is revoked.
        team: Public id of its team.
        name: What people call it.
        hint: Its last characters.
        created_at: When it was made.
        revoked_at: Since when it is refused; None while it is good.
    """

    id: str
    team: str
    name: str
    hint: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """A key that is good, and its team.

    Args:
        key_id: Id of the key.
        digest: SHA-256 of the key, as stored.
        team_id: Internal id of the team.
        team: Public id of the team.
    """

    key_id: str
    digest: bytes
    team_id: int
    team: str


def lock_bootstrap(connection: Connection) -> None:
    """Wait until nobody else makes the first team, and keep others from it until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_BOOTSTRAP_LOCK,))


def insert_team(connection: Connection, public_id: str, now: datetime) -> int:
    """Store a new team and return its internal id."""
    row = connection.execute(_INSERT_TEAM, (public_id, now)).fetchone()
    assert row is not None  # noqa: S101 - an insert without conflict clause returns its row
    return int(row[0])


def find_team(connection: Connection, public_id: str) -> int | None:
    """Return a team's internal id, None if there is no such team."""
    row = connection.execute(_SELECT_TEAM, (public_id,)).fetchone()
    return int(row[0]) if row else None


def first_teams(connection: Connection, limit: int) -> list[str]:
    """Return the public ids of the oldest teams, at most ``limit``."""
    return [row[0] for row in connection.execute(_SELECT_TEAMS, (limit,))]


def insert_key(
    connection: Connection, *, key_id: str, team_id: int, name: str, digest: bytes, hint: str, now: datetime
) -> None:
    """Store a new key of a team, as its digest."""
    connection.execute(_INSERT_KEY, (key_id, team_id, name, digest, hint, now))


def find_key(connection: Connection, digest: bytes) -> KeyMatch | None:
    """Return the good key with a digest and its team, None if there is none or it is revoked."""
    row = connection.execute(_SELECT_KEY, (digest,)).fetchone()
    return KeyMatch(row[0], row[1], row[2], row[3]) if row else None


def list_keys(connection: Connection, team: str | None) -> list[StoredKey]:
    """Return all keys, oldest first, of one team (public id) or of all."""
    return [StoredKey(*row) for row in connection.execute(_SELECT_KEYS, {"team": team})]


def revoke_key(connection: Connection, key_id: str, team: str | None, now: datetime) -> bool:
    """Refuse a key from now on; say whether there is such a key (in that team, where one is named)."""
    return connection.execute(_REVOKE_KEY, {"key": key_id, "team": team, "now": now}).rowcount == 1
