"""Answers that clients have not read yet: large answers are sent in slices and count for their team until then."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from litestar.types import Message, Send

from prismd.api.limits.turns import OWNER
from prismd.core.errors import PrismdError

#: About as much as a connection buffers before it makes the next slice wait.
_SLICE_BYTES: Final = 64 * 2**10
_COME_BACK_S: Final = 1


class UnreadAnswers:
    """Counts the bytes of answers that the clients of each team have not read yet, in one API process.

    Args:
        each_max: The most bytes of one team; a team with more gets no further answers until it has read some.
    """

    def __init__(self, each_max: int) -> None:
        self._each_max = each_max
        self._bytes: dict[Hashable, int] = {}

    def check(self, owner: Hashable) -> None:
        """Admit a request whose answer may be large; any thread can call this.

        Args:
            owner: Owner of the request.

        Raises:
            PrismdError: ``too_many_requests``.
        """
        if self._bytes.get(owner, 0) > self._each_max:
            message = f"the team has not read {self._each_max:,} bytes of what was answered (PRISMD_UNREAD_BYTES_MAX)"
            raise PrismdError(
                "too_many_requests", f"{message}; read answers before you ask for more", retry_after_s=_COME_BACK_S
            )

    async def send(self, message: Message, send: Send) -> None:
        """Send a part of an answer, as fast as the client reads it.

        Args:
            message: The ASGI message.
            send: The ASGI ``send``; it waits while the client does not read.
        """
        part: Any = message
        body = part.get("body", b"") if part["type"] == "http.response.body" else b""
        if len(body) <= _SLICE_BYTES:
            await send(message)
            return
        owner = OWNER.get()
        self._bytes[owner] = self._bytes.get(owner, 0) + len(body)
        try:
            for start in range(0, len(body), _SLICE_BYTES):
                end = start + _SLICE_BYTES
                more = end < len(body) or part.get("more_body", False)
                await send({"type": "http.response.body", "body": body[start:end], "more_body": more})
        finally:
            left = self._bytes.pop(owner) - len(body)
            if left:
                self._bytes[owner] = left
