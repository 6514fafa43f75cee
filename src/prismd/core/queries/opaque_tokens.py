"""Texts that clients pass back unread: sealed to what they were given for, so that others are told from them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

_DIGEST_BYTES: Final = 8


def seal(payload: bytes, scope: str) -> str:
    """Return a text that stands for a payload, within one scope.

    The digest is no secret: it tells an altered or foreign text from a real one. Whoever reads a payload still holds it
    to what could have been written.

    Args:
        payload: Anything.
        scope: What the text is good for.
    """
    return base64.urlsafe_b64encode(_digest(payload, scope) + payload).rstrip(b"=").decode()


def unseal(text: str, scope: str) -> bytes | None:
    """Return the payload of a sealed text; None where it is altered, or was given for something else.

    Args:
        text: As :func:`seal` made it.
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
