"""Percent-encoded text in paths and query strings: decode it, and say what is wrong with bytes that are not text."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import quoted

_HALF: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


class UnreadableTextError(ValueError):
    """Percent-encoded bytes are not text; the message is a predicate, so callers put "it" in front of it."""


def decoded_text(encoded: bytes) -> str:
    """Return the text that percent-encoded bytes stand for.

    Args:
        encoded: The bytes, as they arrived.

    Raises:
        UnreadableTextError: The bytes are not UTF-8, or contain a character that no text can hold.
    """
    raw = unquote_to_bytes(encoded)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTextError(_problem(raw, error.start)) from None
    if "\0" in text:
        raise UnreadableTextError("contains a NUL character, which no text can hold")
    return text


def _problem(raw: bytes, position: int) -> str:
    # Some programs encode half of a surrogate pair as three bytes; this deserves a message of its own.
    if _HALF.match(raw, position):
        return "contains half of a surrogate pair, which no text can hold"
    return f"is not UTF-8 (byte {position})"


async def readable_query(connection: ASGIConnection, _handler: BaseRouteHandler) -> None:  # type: ignore[type-arg] # of any kind
    """Refuse a query string that is not text; the framework would replace the bad bytes and say nothing.

    Raises:
        PrismdError: ``invalid_request``, with the name of the bad parameter.
    """
    raw = connection.scope["query_string"]
    if raw.isalnum():
        return
    for pair in raw.split(b"&"):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        shown = quoted(name.decode("latin-1"))[1:-1]
        for what, part in (("the name", name), ("the value", value)):
            try:
                decoded_text(part)
            except UnreadableTextError as error:
                message = f"{what} {error}; remove it, and send text as percent-encoded UTF-8"
                raise PrismdError.invalid(f".query.{shown}", message, "format") from None
