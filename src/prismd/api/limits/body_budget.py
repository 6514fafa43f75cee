"""Limits of the bytes of request bodies in memory, per process and per team, and reading bodies within them."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any, Final

from litestar.types import HTTPRequestEvent, HTTPScope, Receive, ReceiveMessage

from prismd.api.http.handling import streams_body
from prismd.api.limits.shared_limits import Counts
from prismd.api.limits.shared_memory import SharedMemory
from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import quoted
from prismd.settings import Settings

#: Most bodies are done within this time, so that a retry finds room.
_RETRY_AFTER_S: Final = 1
#: What a request counts for whose body is read piece by piece: a part as it is, and packed.
STREAMED_BYTES: Final = 2 * 2**20
_ENCODED: Final = b"content-encoding"
_LENGTH: Final = b"content-length"


class BodyBudget:
    """Counts the bytes of the bodies that a process reads and holds, until their requests are answered.

    Bytes that a team announces count against the team's limit at once. Bytes count against the limit of the process
    only as they arrive, so a client that announces many bytes and sends none takes no room from other teams.

    Args:
        settings: The settings, for the limits; each limit is at least the size of the largest body.
        shared: Counts the bytes of teams over all processes.
    """

    def __init__(self, settings: Settings, shared: SharedMemory) -> None:
        self.body_bytes_max = settings.body_bytes_max
        self._most = max(settings.bodies_bytes_max, settings.body_bytes_max)
        self._most_of_team = max(settings.team_bodies_bytes_max, settings.body_bytes_max)
        self._of_teams = Counts(shared)
        #: Bytes held now.
        self.held = 0

    def announce(self, team: str, size: int) -> None:
        """Count bytes that a team is going to send.

        Args:
            team: Name of the team; empty if the caller is unknown.
            size: The number of bytes.

        Raises:
            PrismdError: ``too_many_bytes``.
        """
        if not self._of_teams.enter(team, size, most=self._most_of_team):
            raise _refusal(f"The bodies of this team's requests under way have {self._most_of_team:,} bytes")
        if self.held + size > self._most:
            self._of_teams.leave(team, size)
            raise _refusal(f"The bodies of all requests under way have {self._most:,} bytes")

    def hold(self, size: int) -> None:
        """Count bytes that have arrived.

        Raises:
            PrismdError: ``too_many_bytes``.
        """
        if self.held + size > self._most:
            raise _refusal(f"The bodies of all requests under way have {self._most:,} bytes")
        self.held += size

    def release(self, team: str, announced: int, held: int) -> None:
        """Stop counting bytes.

        Args:
            team: Name of the team, as it was announced.
            announced: The number of bytes that were announced.
            held: The number of bytes that arrived.
        """
        self.held -= held
        self._of_teams.leave(team, announced)


class BudgetedBody:
    """An ASGI ``receive`` that returns the body as one piece and counts it; it reads nothing before it is called.

    A body that its handler reads piece by piece passes as it comes, and counts as :data:`STREAMED_BYTES`.

    Args:
        receive: The server's ``receive``.
        scope: The scope of the request; the framework has put the route and the caller into it.
        budget: The budget of the process.
    """

    def __init__(self, receive: Receive, scope: HTTPScope, budget: BodyBudget) -> None:
        self._receive = receive
        self._scope = scope
        self._budget = budget
        self._team = ""
        self._announced = self._held = 0
        self._is_read = self._is_answered = False

    async def __call__(self) -> ReceiveMessage:
        """Return the whole body; from the second call on, the server's own messages, such as a disconnect."""
        if self._is_read:
            return await self._receive()
        if not self._is_answered and self._is_streamed():
            return await self._first_piece()
        if self._is_answered:
            return await self._end()
        self._is_read = True
        headers = dict(self._scope["headers"])
        _refuse_encoded(headers)
        self._team = self._caller()
        self._announce(_announced(headers))
        return await self._whole()

    def answer_begins(self) -> None:
        """Read no body from now on: a handler that streams its answer only asks whether the client has left."""
        self._is_answered = True

    def release(self) -> None:
        """Stop counting the body, because the request has been answered."""
        self._budget.release(self._team, self._announced, self._held)
        self._announced = self._held = 0

    def _is_streamed(self) -> bool:
        scope: Any = self._scope
        handler = scope.get("route_handler")
        return handler is not None and streams_body(handler)

    async def _first_piece(self) -> ReceiveMessage:
        self._is_read = True
        _refuse_encoded(dict(self._scope["headers"]))
        self._team = self._caller()
        self._announce(STREAMED_BYTES)
        self._budget.hold(STREAMED_BYTES)
        self._held = STREAMED_BYTES
        return await self._receive()

    async def _end(self) -> ReceiveMessage:
        while (message := await self._receive())["type"] == "http.request":
            pass
        return message

    async def _whole(self) -> ReceiveMessage:
        # One growing buffer: joining pieces would hold the body twice for a moment.
        body = io.BytesIO()
        most = self._most()
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            piece = message["body"]
            self._announce(body.tell() + len(piece))
            self._budget.hold(len(piece))
            self._held += len(piece)
            body.write(piece)
            if not message["more_body"] or body.tell() > most:
                return HTTPRequestEvent(type="http.request", body=body.getvalue(), more_body=False)

    def _announce(self, size: int) -> None:
        if size > self._announced:
            self._budget.announce(self._team, size - self._announced)
            self._announced = size

    def _caller(self) -> str:
        scope: Any = self._scope
        caller = scope.get("state", {}).get("caller")
        return "" if caller is None else str(caller.team_id)

    def _most(self) -> float:
        scope: Any = self._scope
        handler = scope.get("route_handler")
        return (handler and handler.resolve_request_max_body_size()) or math.inf


def _announced(headers: Mapping[bytes, bytes]) -> int:
    # The HTTP parser refuses a value that is not a number.
    return int(headers.get(_LENGTH, b"0"))


def _refuse_encoded(headers: Mapping[bytes, bytes]) -> None:
    encoding = headers.get(_ENCODED, b"").decode("latin-1").strip()
    if encoding.lower() not in ("", "identity"):
        message = f"expected a body that is not compressed, found {quoted(encoding)}; send it as it is"
        raise PrismdError.invalid(".headers.content-encoding", message, "enum")


def _refusal(why: str) -> PrismdError:
    message = f"{why}, which is the most there may be; wait for their answers"
    return PrismdError("too_many_bytes", message, retry_after_s=_RETRY_AFTER_S)
