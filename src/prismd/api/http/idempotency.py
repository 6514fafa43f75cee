"""Writes that happen once: recognising repeats of a request, and answering them (contract, sections 4 and 21)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from litestar import Request, Response

from prismd.api.http.errors import refusal, request_id_of, respond
from prismd.api.http.json_bodies import refuse_body, require_json
from prismd.api.limits.answers import within_limits
from prismd.core.errors import PrismdError
from prismd.services.idempotency import claims, client_attempts
from prismd.services.idempotency.claims import Answer, Keyed
from prismd.services.idempotency.client_attempts import Attempt
from prismd.services.session import Session, Transaction

KEY_CHARS_MAX: Final = 255
_HEADER: Final = "idempotency-key"
#: The header in which the official client counts its earlier attempts at the same request.
_ATTEMPT: Final = "x-stainless-retry-count"
_FIELD: Final = ".headers.idempotency-key"


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


def write_once(
    request: Request[Any, Any, Any],
    session: Session,
    body: bytes,
    work: Callable[[Transaction], Answer],
    *,
    keyed: bool = True,
) -> Response[bytes]:
    """Do a write in one transaction, only once if its repeats can be recognised, and answer it.

    Repeats are recognised by the idempotency key, or by the count of attempts that the official client sends by itself.

    Args:
        request: The request, for its headers, method and path.
        session: The session of the team that the key belongs to.
        body: The request body, byte for byte.
        work: Does the write in the transaction that it receives, and returns the answer or raises PrismdError.
        keyed: Whether the request can have an idempotency key; if not, a key is ignored.

    Raises:
        PrismdError: ``invalid_request``: the header is empty, too long, or occurs twice.
    """
    require_json(request, body)
    key = key_of(request) if keyed else None

    def done(transaction: Transaction) -> Answer:
        return within_limits(work(transaction), session.settings, written=True)

    once = done if key is not None else _once_for(request, session, body, done)
    fingerprint = b"" if key is None else fingerprint_of(request, body)
    refuse = partial(refusal, request_id=request_id_of(request))
    answer, replayed = answer_once(session, Write(key, fingerprint, once, refuse))
    return respond(answer, {"idempotent-replay": "true"} if replayed else None)


def delete_once(
    request: Request[Any, Any, Any], session: Session, body: bytes, work: Callable[[Transaction], None]
) -> Response[bytes]:
    """Delete something in one transaction, and answer 204, also to a repeat from a client that lost the answer.

    Args:
        request: The request; deletions take no idempotency key (contract, section 19.4, 61).
        session: The session of the caller.
        body: The request body, which must be empty.
        work: Deletes in the transaction that it receives, or raises PrismdError.

    Raises:
        PrismdError: ``invalid_request``: the body is not empty.
    """
    refuse_body(body)

    def delete(transaction: Transaction) -> Answer:
        work(transaction)
        return Answer(204, b"", {})

    return write_once(request, session, b"", delete, keyed=False)


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


def key_of(request: Request[Any, Any, Any]) -> str | None:
    """Return the request's idempotency key; None if it has none.

    Raises:
        PrismdError: ``invalid_request``: the header is empty, too long, or occurs twice.
    """
    keys = request.headers.getall(_HEADER, [])
    if not keys:
        return None
    if len(keys) > 1:
        raise PrismdError.invalid(_FIELD, f"expected one key, found {len(keys)}", "maxItems")
    if not keys[0]:
        raise PrismdError.invalid(_FIELD, "expected 1 to 255 characters, found none", "minLength")
    if len(keys[0]) > KEY_CHARS_MAX:
        raise PrismdError.invalid(_FIELD, f"expected 1 to 255 characters, found {len(keys[0])}", "maxLength")
    return keys[0]


def fingerprint_of(request: Request[Any, Any, Any], body: bytes) -> bytes:
    """Return the SHA-256 of method, path with query as sent, and body; equal requests have equal fingerprints.

    Args:
        request: The request, for its method and path.
        body: The request body, byte for byte.
    """
    target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
    digest = hashlib.sha256(f"{request.method} {len(target)} ".encode() + target)
    digest.update(body)
    return digest.digest()


def _once_for(
    request: Request[Any, Any, Any], session: Session, body: bytes, work: Callable[[Transaction], Answer]
) -> Callable[[Transaction], Answer]:
    """Return the work of a request without a key, which is done once if its client counts its attempts."""
    count = request.headers.get(_ATTEMPT, "")
    if not (count.isascii() and count.isdigit()):
        return work
    repeats = bool(count.strip("0"))
    return answered_once(Attempt(session.caller, fingerprint_of(request, body), repeats), work)
