"""Answers are whose who asked: no cache keeps them, and no browser takes them for something else than they are."""

from __future__ import annotations

from typing import Any, Final

from litestar.types import Message, Send

#: What every answer says that does not say otherwise itself: it depends on the key and on the form that was asked for,
#: and is nobody else's.
HEADERS: Final = {
    "cache-control": "private, no-store",
    "vary": "x-api-key, accept",
    "x-content-type-options": "nosniff",
}
_ENCODED: Final = tuple((name.encode(), value.encode()) for name, value in HEADERS.items())
_BEGINNINGS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


def guarded(send: Send) -> Send:
    """Return a ``send`` whose answers say who may keep them.

    Args:
        send: Of the server.
    """

    async def send_guarded(message: Message) -> None:
        sent: Any = message
        if sent["type"] in _BEGINNINGS:
            given = list(sent.get("headers", ()))
            names = {name.lower() for name, _ in given}
            sent = {**sent, "headers": [*given, *(one for one in _ENCODED if one[0] not in names)]}
        await send(sent)

    return send_guarded
