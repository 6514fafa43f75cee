"""Idempotency claims: the answer that was given under a key, kept with the work that it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Json

from prismd.store.connections.postgres import Connection

# The lock ends with the transaction, however that ends, so a crash never leaves a key taken.
_TRY_LOCK: Final = """
SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency ' || %s::text || ' ' || %s::text, 0))
"""

_FIND: Final = """
SELECT fingerprint, status, headers, body, created_at
FROM idempotency_claim
WHERE team_id = %s AND key = %s
"""

# A key whose time has passed is free again: its new answer takes the place of the old one.
_KEEP: Final = """
INSERT INTO idempotency_claim (team_id, key, fingerprint, status, headers, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (team_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, created_at = excluded.created_at
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What was answered under a key, to which request, and when.

    Args:
        fingerprint: SHA-256 of the request: method, path with query, and body.
        status: The HTTP status of the answer.
        headers: The headers that a replay repeats, by lower-case name.
        body: The body of the answer, byte for byte.
        created_at: When the key was first used.
    """

    fingerprint: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes
    created_at: datetime


def try_lock(connection: Connection, team_id: int, key: str) -> bool:
    """Take a key for the rest of the transaction; False where another transaction holds it.

    Args:
        connection: In a transaction, whose end gives the key back.
        team_id: The team that the key belongs to.
        key: The idempotency key.
    """
    [(taken,)] = connection.execute(_TRY_LOCK, (team_id, key))
    return bool(taken)


def find_claim(connection: Connection, team_id: int, key: str) -> Claim | None:
    """Return what is remembered of a key, or None.

    Args:
        connection: Holds the key's lock, so that nobody else is about to answer.
        team_id: The team that the key belongs to.
        key: The idempotency key.
    """
    return connection.cursor(row_factory=class_row(Claim)).execute(_FIND, (team_id, key)).fetchone()


def keep_claim(connection: Connection, team_id: int, key: str, claim: Claim) -> None:
    """Remember an answer under a key, in the transaction that did the work.

    Args:
        connection: Holds the key's lock and the work.
        team_id: The team that the key belongs to.
        key: The idempotency key.
        claim: The answer and the request that it answers.
    """
    answer = (claim.status, Json(dict(claim.headers)), claim.body, claim.created_at)
    connection.execute(_KEEP, (team_id, key, claim.fingerprint, *answer))
