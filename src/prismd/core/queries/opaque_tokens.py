"""Opaque tokens: texts that clients pass back unread, each good for the one thing that it was given for."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

_DIGEST_BYTES: Final = 8


def write_token(payload: bytes, scope: str) -> str:
    """Return the token of a payload.

    Its digest is no secret, so anybody can make one up: it only tells an altered token, or one of another scope, from a
    real one. Callers check that the payload is one that they could have written.

    Args:
        payload: Anything.
        scope: What the token is good for.
    """
    return base64.urlsafe_b64encode(_digest(payload, scope) + payload).rstrip(b"=").decode()


def read_token(text: str, scope: str) -> bytes | None:
    """Return the payload of a token; None where the text is altered, or is the token of another scope.

    Args:
        text: As :func:`write_token` made it.
        scope: What it is used for.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    digest, payload = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
    return payload if digest == _digest(payload, scope) else None


def _digest(payload: bytes, scope: str) -> bytes:
    key = hashlib.sha256(scope.encode()).digest()
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES, key=key).digest()
