"""Opaque tokens: texts that clients pass back unread, each valid for one scope only."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

_DIGEST_BYTES: Final = 8


def write_token(payload: bytes, scope: str) -> str:
    """Return the token of a payload.

    The digest is no secret, so anybody can forge a token: it only detects altered tokens and tokens of other scopes.
    Callers must check that they could have written the payload.

    Args:
        payload: Any bytes.
        scope: The use that the token is valid for.
    """
    return base64.urlsafe_b64encode(_digest(payload, scope) + payload).rstrip(b"=").decode()


def read_token(text: str, scope: str) -> bytes | None:
    """Return the payload of a token; None if the token is altered, or of another scope.

    Args:
        text: A token from :func:`write_token`.
        scope: The use of the token.
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
