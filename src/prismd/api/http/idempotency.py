"""Writes that happen once: the header ``Idempotency-Key``, recognising repeats, and answering them (contract, 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response

from prismd.api.http.answering_once import Write, answer_once, answered_once
from prismd.api.http.errors import refusal, request_id_of, respond
from prismd.api.http.json_bodies import refuse_body, require_json
from prismd.api.limits.answers import within_limits
from prismd.core.errors import PrismdError
from prismd.services.idempotency.claims import Answer
from prismd.services.idempotency.client_attempts import Attempt
from prismd.services.session import Session, Transaction

KEY_CHARS_MAX: Final = 255
_HEADER: Final = "idempotency-key"
#: The header in which the official client counts its earlier attempts at the same request.
_ATTEMPT: Final = "x-stainless-retry-count"
_FIELD: Final = ".headers.idempotency-key"


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
    request_id = request_id_of(request)

    def refuse(error: PrismdError) -> Answer:
        return refusal(error, request_id)

    def done(transaction: Transaction) -> Answer:
        return within_limits(work(transaction), session.settings, written=True)

    once: Callable[[Transaction], Answer] = done

    count = request.headers.get(_ATTEMPT, "")
    if key is None and count.isascii() and count.isdigit():
        attempt = Attempt(session.caller, fingerprint(request, body), repeats=bool(count.strip("0")))
        once = answered_once(attempt, done)
    print_of_request = b"" if key is None else fingerprint(request, body)
    answer, replayed = answer_once(session, Write(key, print_of_request, once, refuse))
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


def fingerprint(request: Request[Any, Any, Any], body: bytes) -> bytes:
    """Return the SHA-256 of method, path with query as sent, and body; equal requests have equal fingerprints.

    Args:
        request: The request, for its method and path.
        body: The request body, byte for byte.
    """
    target = request.scope["raw_path"] + b"?" + request.scope["query_string"]
    digest = hashlib.sha256(f"{request.method} {len(target)} ".encode() + target)
    digest.update(body)
    return digest.digest()
