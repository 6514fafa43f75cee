"""Headers that keep answers private: no cache stores them, and no browser guesses another content type."""

from __future__ import annotations

from typing import Any, Final

from litestar.types import Message, Send

#: Defaults for every answer. An answer depends on the API key and on the requested format.
HEADERS: Final = {
    "cache-control": "private, no-store",
    "vary": "x-api-key, accept",
    "x-content-type-options": "nosniff",
}
_ENCODED: Final = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())
_BEGINNINGS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


def guarded(send: Send) -> Send:
    """Return a ``send`` that adds these headers to answers that do not set them.

    Args:
        send: The server's ``send``.
    """

    async def send_guarded(message: Message) -> None:
        sent: Any = message
        if sent["type"] in _BEGINNINGS:
            given = list(sent.get("headers", ()))
            names = {name.lower() for name, _ in given}
            sent = {**sent, "headers": [*given, *(one for one in _ENCODED if one[0] not in names)]}
        await send(sent)

    return send_guarded
