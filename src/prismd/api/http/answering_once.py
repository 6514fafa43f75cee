"""Doing a write once, in one transaction with the answer that a repeat gets (contract, sections 4 and 21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prismd.core.errors import PrismdError
from prismd.services.idempotency import claims, client_attempts
from prismd.services.idempotency.claims import Answer, Keyed
from prismd.services.idempotency.client_attempts import Attempt
from prismd.services.session import Session, Transaction


@dataclass(frozen=True, slots=True)
class Write:
    """A write that a request asks for.

    Args:
        key: The idempotency key, 1 to 255 characters; None stores nothing.
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
            return _answer(transaction, Keyed(write.key, write.fingerprint, transaction.now()), write)
    except PrismdError as error:
        return write.refuse(error), False


def _answer(transaction: Transaction, keyed: Keyed, write: Write) -> tuple[Answer, bool]:
    replay = claims.begin(transaction, keyed)
    if replay is not None:
        return replay, True
    try:
        with transaction.savepoint():  # a refusal takes back what the work did, and can still be kept
            answer = write.work(transaction)
    except PrismdError as error:
        answer = write.refuse(error)
    claims.keep(transaction, keyed, answer)
    return answer, False


def answered_once(attempt: Attempt, work: Callable[[Transaction], Answer]) -> Callable[[Transaction], Answer]:
    """Return work that does a write only if no earlier attempt has done it.

    Args:
        attempt: The attempt that the request makes.
        work: Does the write, and returns the answer or raises PrismdError; refusals change nothing and are not stored.
    """

    def once(transaction: Transaction) -> Answer:
        kept = client_attempts.begin(transaction, attempt)
        if kept is not None:
            return kept
        answer = work(transaction)
        client_attempts.keep(transaction, attempt, answer)
        return answer

    return once
