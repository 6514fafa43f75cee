"""Texts that arrive percent-encoded, in paths and query strings, and what is wrong with those that are no text."""

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
    """Something percent-encoded stands for no text; the message says why, as it stands after "it"."""


def decoded_text(encoded: bytes) -> str:
    """Return the text that something percent-encoded stands for.

    Args:
        encoded: As it arrived.

    Raises:
        UnreadableTextError: It is no UTF-8, or what no text can hold.
    """
    raw = unquote_to_bytes(encoded)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableTextError(_problem(raw, error.start)) from None
    if "\0" in text:
        raise UnreadableTextError("contains a NUL character, which no text can hold")
    return text


def _problem(raw: bytes, place: int) -> str:
    # Halves of surrogate pairs have a form in bytes, in which careless programs write them.
    if _HALF.match(raw, place):
        return "contains half of a surrogate pair, which no text can hold"
    return f"is not UTF-8 (byte {place})"


async def readable_query(connection: ASGIConnection, _handler: BaseRouteHandler) -> None:  # type: ignore[type-arg] # of any kind
    """Let a request pass whose query string is text; the framework would put other characters in place of what is not.

    Raises:
        PrismdError: ``invalid_request``, with the parameter at fault.
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
