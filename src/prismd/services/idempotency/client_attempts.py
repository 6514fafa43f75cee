"""Recognise new attempts of a client that repeats its writes by itself, and replay the answer that it did not receive.

The official client repeats an unanswered request by itself, without an idempotency key, and counts its attempts in a
header. The answer to a first attempt is stored for a few minutes; a later attempt of the same request with the same API
key gets that answer, and the work is not done again. Two first attempts are never matched with each other, because two
equal writes are two writes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from prismd.core.errors import PrismdError
from prismd.services.api_keys.authentication import Caller
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Transaction
from prismd.store.idempotency import client_attempts
from prismd.store.idempotency.claims import Claim


@dataclass(frozen=True, slots=True)
class Attempt:
    """A write without an idempotency key, by a client that counts its attempts.

    Args:
        caller: The sender of the request.
        fingerprint: SHA-256 of method, path with query, and body.
        repeats: Whether this is a later attempt.
    """

    caller: Caller
    fingerprint: bytes
    repeats: bool

    @property
    def digest(self) -> bytes:
        """SHA-256 of the API key's id and the fingerprint: attempts of the same write share it."""
        return hashlib.sha256(self.caller.key_id.encode() + self.fingerprint).digest()


def begin(transaction: Transaction, attempt: Attempt) -> Answer | None:
    """Return the answer of an earlier attempt at the same write, or None if the write is to be done.

    Args:
        transaction: The transaction of the write.
        attempt: The attempt that the request makes.

    Raises:
        PrismdError: ``idempotency_key_in_progress``: an earlier attempt is still under way.
    """
    connection, team_id, digest = transaction.connection, transaction.team_id, attempt.digest
    if not attempt.repeats:
        client_attempts.begin_first(connection, team_id, digest)
        return None
    if not client_attempts.try_begin_repeat(connection, team_id, digest):
        raise PrismdError(
            "idempotency_key_in_progress",
            "The request that this one repeats is still under way; repeat it in a second to get its answer",
            retry_after_s=1,
        )
    after = transaction.now() - timedelta(seconds=transaction.settings.client_repeat_s)
    kept = client_attempts.find_answer(connection, team_id, digest, after=after)
    if kept is None:
        return None
    return Answer(kept.status, kept.body, {**kept.headers, "idempotent-replay": "true"})


def keep(transaction: Transaction, attempt: Attempt, answer: Answer) -> None:
    """Store the answer of a write for later attempts; refusals change nothing and are not stored.

    Args:
        transaction: The transaction of the write.
        attempt: The attempt that did the write.
        answer: The answer.
    """
    claim = Claim(attempt.digest, answer.status, answer.headers, answer.body, transaction.now())
    client_attempts.keep_answer(transaction.connection, transaction.team_id, claim)
