"""Do a write with an idempotency key once, and give every repeat the same answer (contract, sections 4 and 21)."""

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
class Write:
    """A write that a request asks for.

    Args:
        key: The idempotency key, 1 to 255 characters; None does the write without storing anything.
        fingerprint: SHA-256 of method, path with query, and body.
        work: Does the write in the given transaction, and returns the answer or raises PrismdError.
        refuse: Turns an error into an answer.
    """

    key: str | None
    fingerprint: bytes
    work: Callable[[Transaction], Answer]
    refuse: Callable[[PrismdError], Answer]


def answer_once(session: Session, write: Write) -> tuple[Answer, bool]:
    """Do the work in one transaction, unless an earlier request with the same key has done it.

    The transaction of the work also stores the answer, so both exist or neither does. If the work refuses, its changes
    are rolled back and the refusal is stored. Faults of the server are not stored.

    Args:
        session: The session of the team that the key belongs to; each team has its own keys.
        write: The write, with its key.

    Returns:
        The answer, and whether it is a replay (contract, section 4).
    """
    try:
        with session.transaction() as transaction:
            if write.key is None:
                return write.work(transaction), False
            return _answer(transaction, write.key, write)
    except PrismdError as error:
        return write.refuse(error), False


def _answer(transaction: Transaction, key: str, write: Write) -> tuple[Answer, bool]:
    connection, team_id = transaction.connection, transaction.team_id
    if not claims.try_lock(connection, team_id, key):
        raise PrismdError(
            "idempotency_key_in_progress",
            "A request with this Idempotency-Key is still under way; repeat it in a second to get its answer",
            retry_after_s=1,
        )
    now = transaction.now()
    claim = claims.find_claim(connection, team_id, key)
    if claim is not None and (replay := _replay(claim, write.fingerprint, now, transaction.settings)) is not None:
        return replay, True
    answer = _done_or_refused(transaction, write)
    if answer.status < _SERVER_FAULT and answer.status not in _NOT_KEPT:
        kept = Claim(write.fingerprint, answer.status, answer.headers, answer.body, now)
        claims.keep_claim(connection, team_id, key, kept)
    return answer, False


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


def _done_or_refused(transaction: Transaction, write: Write) -> Answer:
    try:
        with transaction.savepoint():  # a refusal rolls back the work, and can still be stored
            return write.work(transaction)
    except PrismdError as error:
        return write.refuse(error)


def _lifetimes(settings: Settings) -> tuple[timedelta, timedelta]:
    return timedelta(hours=settings.idempotency_hours), timedelta(days=settings.idempotency_stale_days)
