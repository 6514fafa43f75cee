"""Do a write with an idempotency key once, and give every repeat the same answer (contract, sections 4 and 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prismd.core.errors import PrismdError
from prismd.services.session import Transaction
from prismd.settings import Settings
from prismd.store.idempotency import claims
from prismd.store.idempotency.claims import Claim

#: Statuses of refusals that are not stored: the same request can succeed with another API key, or later.
_NOT_KEPT: Final = frozenset({401, 403, 429})
_SERVER_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a write, in the form in which it is stored and replayed.

    Args:
        status: The HTTP status.
        body: The body, byte for byte; empty if the answer has none.
        headers: The headers to replay, by lower-case name.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A write with an idempotency key; each team has its own keys.

    Args:
        key: The idempotency key, 1 to 255 characters.
        fingerprint: SHA-256 of method, path with query, and body.
        at: The time at which the write begins.
    """

    key: str
    fingerprint: bytes
    at: datetime


def begin(transaction: Transaction, keyed: Keyed) -> Answer | None:
    """Return the answer of an earlier request with the same key, or None if the write is to be done.

    Args:
        transaction: The transaction of the write, which holds the key until it ends.
        keyed: The write.

    Raises:
        PrismdError: ``idempotency_key_in_progress``, ``idempotency_key_stale`` or ``idempotency_key_mismatch``.
    """
    connection, team_id = transaction.connection, transaction.team_id
    if not claims.try_lock(connection, team_id, keyed.key):
        raise PrismdError(
            "idempotency_key_in_progress",
            "A request with this Idempotency-Key is still under way; repeat it in a second to get its answer",
            retry_after_s=1,
        )
    claim = claims.find_claim(connection, team_id, keyed.key)
    return None if claim is None else _replay(claim, keyed.fingerprint, keyed.at, transaction.settings)


def keep(transaction: Transaction, keyed: Keyed, answer: Answer) -> None:
    """Store the answer of a write, so that both exist or neither does; faults of the server are not stored.

    Args:
        transaction: The transaction of the write.
        keyed: The write.
        answer: The answer, or the refusal.
    """
    if answer.status < _SERVER_FAULT and answer.status not in _NOT_KEPT:
        kept = Claim(keyed.fingerprint, answer.status, answer.headers, answer.body, keyed.at)
        claims.keep_claim(transaction.connection, transaction.team_id, keyed.key, kept)


def _replay(claim: Claim, fingerprint: bytes, now: datetime, settings: Settings) -> Answer | None:
    """Return the stored answer; None if it has expired and the key can be used again."""
    alive, stale = _lifetimes(settings)
    age = now - claim.created_at
    if age >= alive + stale:
        return None
    if age >= alive:
        raise PrismdError(
            "idempotency_key_stale",
            f"This Idempotency-Key was first used more than {settings.idempotency_hours} hours ago; take a new one",
        )
    if claim.fingerprint != fingerprint:
        raise PrismdError(
            "idempotency_key_mismatch",
            "This Idempotency-Key was used for another request: method, path, query and body must all be the same; "
            "take a new key for a new request",
        )
    return Answer(claim.status, claim.body, claim.headers)


def _lifetimes(settings: Settings) -> tuple[timedelta, timedelta]:
    return timedelta(hours=settings.idempotency_hours), timedelta(days=settings.idempotency_stale_days)
