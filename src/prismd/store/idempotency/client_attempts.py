"""Answers to writes that clients repeat by themselves, kept with the work for as long as clients can repeat them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Json

from prismd.store.connections.postgres import Connection
from prismd.store.idempotency.claims import Claim

_NAME: Final = "hashtextextended('prismd attempt ' || %s::text || ' ' || %s::text, 0)"

# First attempts do not wait for each other: two equal writes are two writes. A repeat is refused while one runs.
_LOCK_SHARED: Final = f"SELECT pg_advisory_xact_lock_shared({_NAME})"
_TRY_LOCK: Final = f"SELECT pg_try_advisory_xact_lock({_NAME})"

_FIND: Final = """
SELECT digest AS fingerprint, status, headers, body, created_at
FROM attempt_answer
WHERE team_id = %s AND digest = %s AND created_at > %s
"""

_KEEP: Final = """
INSERT INTO attempt_answer (team_id, digest, status, headers, body, created_at)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (team_id, digest) DO UPDATE
SET status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = excluded.created_at
"""


def begin_first(connection: Connection, team_id: int, digest: bytes) -> None:
    """Mark an attempt as under way until the transaction ends, so that its repeats see it.

    Args:
        connection: A connection inside a transaction.
        team_id: The team.
        digest: The digest of the request and its sender.
    """
    connection.execute(_LOCK_SHARED, (team_id, digest.hex()))


def try_begin_repeat(connection: Connection, team_id: int, digest: bytes) -> bool:
    """Return whether no attempt of a repeated request is under way; if so, none can begin until the transaction ends.

    Args:
        connection: A connection inside a transaction.
        team_id: The team.
        digest: The digest of the request and its sender.
    """
    [(taken,)] = connection.execute(_TRY_LOCK, (team_id, digest.hex()))
    return bool(taken)


def find_answer(connection: Connection, team_id: int, digest: bytes, *, after: datetime) -> Claim | None:
    """Return the answer to the last attempt; None if there was none.

    Args:
        connection: A connection that holds the lock of :func:`try_begin_repeat`.
        team_id: The team.
        digest: The digest of the request and its sender.
        after: Answers given at this time or earlier are too old to count.
    """
    return connection.cursor(row_factory=class_row(Claim)).execute(_FIND, (team_id, digest, after)).fetchone()


def keep_answer(connection: Connection, team_id: int, claim: Claim) -> None:
    """Keep the answer to an attempt, in the transaction that did the work.

    Args:
        connection: A connection whose transaction holds the work.
        team_id: The team.
        claim: The answer; the claim's fingerprint is the digest.
    """
    answer = (claim.status, Json(dict(claim.headers)), claim.body, claim.created_at)
    connection.execute(_KEEP, (team_id, claim.fingerprint, *answer))
