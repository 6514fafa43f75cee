"""Idempotency claims: the answer given under a key, kept together with the work that it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Json

from prismd.store.connections.postgres import Connection

# PostgreSQL frees the lock with the end of the transaction, so a crash never leaves a key taken.
_TRY_LOCK: Final = """
SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency ' || %s::text || ' ' || %s::text, 0))
"""

_FIND: Final = """
SELECT fingerprint, status, headers, body, created_at
FROM idempotency_claim
WHERE team_id = %s AND key = %s
"""

# An expired key is free again: its new answer replaces the old one.
_KEEP: Final = """
INSERT INTO idempotency_claim (team_id, key, fingerprint, status, headers, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (team_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
    body = excluded.body, created_at = excluded.created_at
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer given under a key, the request that it answers, and the time.

    Args:
        fingerprint: SHA-256 of the request: method, path with query, and body.
        status: The HTTP status of the answer.
        headers: The headers that a replay repeats, by lower-case name.
        body: The body of the answer, byte for byte.
        created_at: The time of the key's first use.
    """

    fingerprint: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes
    created_at: datetime


def try_lock(connection: Connection, team_id: int, key: str) -> bool:
    """Take a key until the transaction ends; return False if another transaction holds it.

    Args:
        connection: A connection inside a transaction, whose end frees the key.
        team_id: The team that the key belongs to.
        key: The idempotency key.
    """
    [(taken,)] = connection.execute(_TRY_LOCK, (team_id, key))
    return bool(taken)


def find_claim(connection: Connection, team_id: int, key: str) -> Claim | None:
    """Return the claim of a key; None if the key is unused.

    Args:
        connection: A connection that holds the key's lock, so that nobody else is about to answer.
        team_id: The team that the key belongs to.
        key: The idempotency key.
    """
    return connection.cursor(row_factory=class_row(Claim)).execute(_FIND, (team_id, key)).fetchone()


def keep_claim(connection: Connection, team_id: int, key: str, claim: Claim) -> None:
    """Keep an answer under a key, in the transaction that did the work.

    Args:
        connection: A connection whose transaction holds the key's lock and the work.
        team_id: The team that the key belongs to.
        key: The idempotency key.
        claim: The answer and the request that it answers.
    """
    answer = (claim.status, Json(dict(claim.headers)), claim.body, claim.created_at)
    connection.execute(_KEEP, (team_id, key, claim.fingerprint, *answer))
