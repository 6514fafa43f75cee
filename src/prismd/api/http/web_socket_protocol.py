"""The WebSocket protocol: the application closes its sockets at a stop, and a client that reads nothing is cut off."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import InvalidState

from prismd.api.http.scope_keys import CONNECTION_LIMITS, ON_STOP
from prismd.api.limits.connections import ConnectionLimits

#: For ``uvicorn.Config``: clients send next to nothing, and short messages hardly shrink by compression.
OPTIONS: Final[dict[str, Any]] = {"ws_max_size": 64 * 1024, "ws_per_message_deflate": False}

#: Uvicorn would log the URL of each connection, and the URL contains a ticket.
_QUIET: Final = logging.getLogger("prismd.websocket")
_QUIET.setLevel(logging.WARNING)


#: Uvicorn logs these as errors, but clients cause them: by invalid UTF-8, and by leaving during the handshake.
_FAULTS_OF_CLIENTS: Final = ("Invalid UTF-8 sequence", "ASGI callable returned without completing handshake")


def _as_warning(record: logging.LogRecord) -> bool:
    if str(record.msg).startswith(_FAULTS_OF_CLIENTS):
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
    return True


_QUIET.addFilter(_as_warning)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's protocol, for ``uvicorn.Config(ws=WebSocketProtocol)``."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = self.conn.logger = _QUIET
        self.conn.debug = False
        self._limits: ConnectionLimits = app_state.get(CONNECTION_LIMITS) or ConnectionLimits()
        self._counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection from HTTP, and count it among the open ones."""
        super().connection_made(transport)
        self._counted = self._limits.enter(self._address())

    def data_received(self, data: bytes) -> None:
        """Parse received bytes; cut off a client that sends invalid text while its connection closes."""
        try:
            super().data_received(data)
        except InvalidState:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        if self._counted:
            self._limits.leave(self._address())
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Tell the application, so that it closes its WebSockets with its own code and reason."""
        self.stop_keepalive()
        if on_stop := self.app_state.get(ON_STOP):
            on_stop()

    def keepalive_timeout(self) -> None:
        """Abort a connection whose client no longer answers, and drop what is left to send."""
        super().keepalive_timeout()
        self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Give the client a limited time to read the last messages."""
        super().on_task_complete(task)
        self.loop.call_later(self.close_timeout, self.transport.abort)

    def _address(self) -> str:
        return self.client[0] if self.client else ""
