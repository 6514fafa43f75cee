"""Do a write once under its idempotency key, and give the same answer to whoever repeats it (contract, 4 and 21)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prismd.core.errors import PrismdError
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.idempotency import claims
from prismd.store.idempotency.claims import Claim

#: Refusals that say nothing about the request itself: with another key, or later, the same request may pass.
_NOT_KEPT: Final = frozenset({401, 403, 429})
_SERVER_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write answers, in the form in which it can be kept and given again.

    Args:
        status: The HTTP status.
        body: The body, byte for byte; empty where there is none.
        headers: The headers that a replay repeats, by lower-case name.
    """

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Keyed:
    """A write that must be done once.

    Args:
        key: The idempotency key, 1 to 255 characters.
        fingerprint: SHA-256 of method, path with query, and body.
        work: Does the write in the transaction that it gets, and answers or raises PrismdError.
        refuse: Turns an error into its answer.
    """

    key: str
    fingerprint: bytes
    work: Callable[[Transaction], Answer]
    refuse: Callable[[PrismdError], Answer]


def answer_once(
    session: Session,
    key: str | None,
    fingerprint: bytes,
    work: Callable[[Transaction], Answer],
    refuse: Callable[[PrismdError], Answer],
) -> tuple[Answer, bool]:
    """Do the work in one transaction, unless it was done before under the same key.

    The answer is kept in the transaction of the work, so that either both exist or neither does. What the work refuses
    with is kept too, after its traces have been rolled back; faults of the server are not.

    Args:
        session: Of the team whose key it is; teams do not share keys.
        key: The idempotency key, or None for a write that is simply done.
        fingerprint: SHA-256 of method, path with query, and body.
        work: Does the write in the transaction that it gets, and answers or raises PrismdError.
        refuse: Turns an error into its answer.

    Returns:
        The answer, and whether it is a replay (contract, section 4).
    """
    try:
        with session.transaction() as transaction:
            if key is None:
                return work(transaction), False
            return _answer(transaction, Keyed(key, fingerprint, work, refuse))
    except PrismdError as error:
        return refuse(error), False


def _answer(transaction: Transaction, write: Keyed) -> tuple[Answer, bool]:
    connection, team_id = transaction.connection, transaction.team_id
    if not claims.try_lock(connection, team_id, write.key):
        raise PrismdError(
            "idempotency_key_in_progress",
            "A request with this Idempotency-Key is still under way; repeat it in a second to get its answer",
            retry_after_s=1,
        )
    now = transaction.now()
    claim = claims.find_claim(connection, team_id, write.key)
    if claim is not None and (replay := _replay(claim, write.fingerprint, now, transaction.settings)) is not None:
        return replay, True
    answer = _done_or_refused(transaction, write)
    if answer.status < _SERVER_FAULT and answer.status not in _NOT_KEPT:
        kept = Claim(write.fingerprint, answer.status, answer.headers, answer.body, now)
        claims.keep_claim(connection, team_id, write.key, kept)
    return answer, False


def _replay(claim: Claim, fingerprint: bytes, now: datetime, settings: Settings) -> Answer | None:
    """Return the kept answer; None where the key is free again."""
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


def _done_or_refused(transaction: Transaction, write: Keyed) -> Answer:
    try:
        with (
            transaction.connection.transaction()
        ):  # a savepoint: a refusal takes back what the work did, and can still be kept
            return write.work(transaction)
    except PrismdError as error:
        return write.refuse(error)


def _lifetimes(settings: Settings) -> tuple[timedelta, timedelta]:
    return timedelta(hours=settings.idempotency_hours), timedelta(days=settings.idempotency_stale_days)
