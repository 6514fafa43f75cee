"""Cursors of paged answers: where the next page starts, as a text that clients pass back unread (contract, 8)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

import msgspec

from prismd.core.errors import PrismdError

_DIGEST_BYTES: Final = 8


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended and what it was a page of.

    Args:
        after: Of the last entry: its id or index.
        limit: Entries of a page.
        filters: The filters in force, in a fixed order; None stands for no filter.
    """

    after: str
    limit: int
    filters: tuple[str | None, ...] = ()


def write_cursor(cursor: Cursor, scope: str) -> str:
    """Return the text of a cursor.

    Args:
        cursor: Where the page ended.
        scope: What is paged, such as the route and team; the text is good for nothing else.
    """
    payload = msgspec.json.encode(cursor)
    return base64.urlsafe_b64encode(_digest(payload, scope) + payload).rstrip(b"=").decode()


def read_cursor(text: str, scope: str) -> Cursor:
    """Return the cursor that a text stands for.

    The digest is no secret: it tells an altered or foreign cursor from a real one. What a cursor leads to is bounded
    by the caller's team whatever it says.

    Args:
        text: As :func:`write_cursor` made it.
        scope: What is paged.

    Raises:
        PrismdError: ``invalid_request``: it is altered, or belongs to another listing.
    """
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        digest, payload = raw[:_DIGEST_BYTES], raw[_DIGEST_BYTES:]
        if digest == _digest(payload, scope):
            return msgspec.json.decode(payload, type=Cursor)
    except (UnicodeEncodeError, binascii.Error, msgspec.MsgspecError):
        pass
    message = "it is not a cursor of this listing; pass next_cursor back unchanged, or start without a cursor"
    raise PrismdError.invalid(".query.cursor", message, "format")


def _digest(payload: bytes, scope: str) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_BYTES, key=hashlib.sha256(scope.encode()).digest()).digest()
