"""Recognise the repeats of a client that repeats its writes by itself, and give them the answer that it has lost.

The official client tries a request that was not answered again, unasked and without an idempotency key; it counts its
attempts in a header. A first attempt leaves its answer for a few minutes, and a repeat of the same request by the same
API key takes it instead of doing the work once more. First attempts are never taken for one another: two equal writes
are two writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
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
    """A write without an idempotency key, of a client that counts its attempts.

    Args:
        caller: Whose client it is.
        fingerprint: SHA-256 of method, path with query, and body.
        repeats: Whether the client has tried before.
    """

    caller: Caller
    fingerprint: bytes
    repeats: bool

    @property
    def digest(self) -> bytes:
        """SHA-256 of what makes two requests attempts at one write."""
        return hashlib.sha256(self.caller.key_id.encode() + self.fingerprint).digest()


def answered_once(attempt: Attempt, work: Callable[[Transaction], Answer]) -> Callable[[Transaction], Answer]:
    """Return work that a repeat does only if nothing has done it before.

    Args:
        attempt: The request.
        work: Does the write, and answers or raises PrismdError; refusals are not kept, as they leave nothing behind.
    """

    def once(transaction: Transaction) -> Answer:
        connection, team_id, digest = transaction.connection, transaction.team_id, attempt.digest
        if attempt.repeats:
            kept = _answer_before(transaction, attempt)
            if kept is not None:
                return kept
        else:
            client_attempts.begin_first(connection, team_id, digest)
        answer = work(transaction)
        claim = Claim(digest, answer.status, answer.headers, answer.body, transaction.now())
        client_attempts.keep_answer(connection, team_id, claim)
        return answer

    return once


def _answer_before(transaction: Transaction, attempt: Attempt) -> Answer | None:
    connection, team_id, digest = transaction.connection, transaction.team_id, attempt.digest
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
