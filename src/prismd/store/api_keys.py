"""API keys in PostgreSQL, stored as digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row

from prismd.store.connections.postgres import Connection

_COLUMNS: Final = """
    k.id::text, t.id AS team_id, t.public_id AS team, k.digest, k.name, k.hint, k.scopes, k.created_at, k.expires_at,
    k.revoked_at, k.last_used_at, k.replaces::text,
    (SELECT n.id::text FROM api_key n WHERE n.team_id = k.team_id AND n.replaces = k.id) AS replaced_by
"""
_FROM: Final = "FROM api_key k JOIN team t ON t.id = k.team_id"

_INSERT: Final = """
    INSERT INTO api_key (id, team_id, name, digest, hint, scopes, created_at, expires_at, replaces)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_FIND: Final = """
    SELECT k.id::text AS key_id, k.digest, t.id AS team_id, t.public_id AS team, k.name, k.hint, k.scopes, k.expires_at,
           k.revoked_at, k.last_used_at
    FROM api_key k JOIN team t ON t.id = k.team_id
    WHERE k.digest = %s
"""
_GOOD: Final = """
    SELECT k.id::text
    FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT id FROM api_key
        WHERE id = wanted.id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s::timestamptz)
        OFFSET 0
    ) AS k
"""
_LIST: Final = f"""
    SELECT {_COLUMNS} {_FROM}
    WHERE %(team)s::text IS NULL OR t.public_id = %(team)s
    ORDER BY k.created_at, k.id
"""
_NAMED: Final = "k.id::text = %(key)s AND (%(team)s::text IS NULL OR t.public_id = %(team)s)"
# A statement of its own reads the key: after waiting for the lock, it sees what the other transaction committed.
_HOLD: Final = f"SELECT {_FROM} WHERE {_NAMED} FOR UPDATE OF k"
_READ: Final = f"SELECT {_COLUMNS} {_FROM} WHERE {_NAMED}"
_REVOKE: Final = "UPDATE api_key SET revoked_at = coalesce(revoked_at, %s) WHERE team_id = %s AND id = %s"
_EXPIRE: Final = "UPDATE api_key SET expires_at = %s WHERE team_id = %s AND id = %s"

# If another transaction holds the row, that one notes the use, and nobody waits.
_USED: Final = """
    UPDATE api_key SET last_used_at = %(now)s WHERE team_id = %(team)s AND id = (
        SELECT id FROM api_key
        WHERE team_id = %(team)s AND id = %(key)s AND (last_used_at IS NULL OR last_used_at <= %(before)s)
        FOR UPDATE SKIP LOCKED
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStoredKey:
    """A key to store.

    Args:
        id: UUID text of the key.
        team_id: Internal id of the key's team.
        name: The name that people gave the key.
        digest: SHA-256 of the key.
        hint: The last characters of the key.
        scopes: The scopes of the key, as texts.
        created_at: The time at which the key is made.
        expires_at: The time from which the key is refused; None for never.
        replaces: Id of the key that this one replaces, if it replaces one.
    """

    id: str
    team_id: int
    name: str
    digest: bytes
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class StoredKey:
    """All that is known of an API key, without the key.

    Args:
        id: UUID text of the key.
        team_id: Internal id of the key's team.
        team: Public id of the key's team.
        digest: SHA-256 of the key.
        name: The name that people gave the key.
        hint: The last characters of the key.
        scopes: The scopes of the key, as texts.
        created_at: The time at which the key was made.
        expires_at: The time from which the key is refused; None for never.
        revoked_at: The time at which somebody revoked the key; None if nobody did.
        last_used_at: The time of the last use, to the minute; None for never.
        replaces: Id of the key that this one replaced.
        replaced_by: Id of the key that replaced this one.
    """

    id: str
    team_id: int
    team: str
    digest: bytes
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    replaces: str | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class KeyMatch:
    """The stored key that a request sent, whether it is good or not, and its team.

    Args:
        key_id: Id of the key.
        digest: SHA-256 of the key, as stored.
        team_id: Internal id of the team.
        team: Public id of the team.
        name: The name that people gave the key.
        hint: The last characters of the key.
        scopes: The scopes of the key, as texts.
        expires_at: The time from which the key is refused; None for never.
        revoked_at: The time at which somebody revoked the key; None if nobody did.
        last_used_at: The time of the last use, to the minute; None for never.
    """

    key_id: str
    digest: bytes
    team_id: int
    team: str
    name: str
    hint: str
    scopes: list[str]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


def insert_key(connection: Connection, key: NewStoredKey) -> None:
    """Store a new key of a team, as its digest."""
    values = (key.id, key.team_id, key.name, key.digest, key.hint, key.scopes)
    connection.execute(_INSERT, (*values, key.created_at, key.expires_at, key.replaces))


def find_key(connection: Connection, digest: bytes) -> KeyMatch | None:
    """Return the key with a digest and its team, whether it is good or not; None if no key has the digest."""
    return connection.cursor(row_factory=class_row(KeyMatch)).execute(_FIND, (digest,)).fetchone()


def note_use(connection: Connection, team_id: int, key_id: str, *, now: datetime, before: datetime) -> None:
    """Note that a key is used now, unless a use after ``before`` is noted or another transaction notes one."""
    connection.execute(_USED, {"team": team_id, "key": key_id, "now": now, "before": before})


def good_keys(connection: Connection, key_ids: Sequence[str], *, now: datetime) -> set[str]:
    """Return those of the keys that are good; they can belong to any team.

    Args:
        key_ids: UUID texts.
        now: The current time, against which expiry is checked.
    """
    return {key_id for (key_id,) in connection.execute(_GOOD, {"ids": list(key_ids), "now": now})}


def list_keys(connection: Connection, team: str | None) -> list[StoredKey]:
    """Return all keys of one team (by its public id) or of all teams, oldest first."""
    return connection.cursor(row_factory=class_row(StoredKey)).execute(_LIST, {"team": team}).fetchall()


def hold_key(connection: Connection, key_id: str, team: str | None) -> StoredKey | None:
    """Return a key and keep others from changing it until the transaction ends; None if no key has the id.

    Args:
        key_id: The key's id, exactly as the caller sent it.
        team: Public id of the team that the key must belong to; None for any team.
    """
    named = {"key": key_id, "team": team}
    connection.execute(_HOLD, named)
    return connection.cursor(row_factory=class_row(StoredKey)).execute(_READ, named).fetchone()


def revoke_key(connection: Connection, team_id: int, key_id: str, now: datetime) -> None:
    """Refuse a key from now on."""
    connection.execute(_REVOKE, (now, team_id, key_id))


def expire_key(connection: Connection, team_id: int, key_id: str, expires_at: datetime) -> None:
    """Refuse a key from a given time on."""
    connection.execute(_EXPIRE, (expires_at, team_id, key_id))
