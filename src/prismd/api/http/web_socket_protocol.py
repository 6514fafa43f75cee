"""WebSockets on the wire: the application closes its own at a stop; whoever reads nothing holds nothing for long."""

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

#: For ``uvicorn.Config``: the stream goes one way, and its messages are short and hardly shrink.
OPTIONS: Final[dict[str, Any]] = {"ws_max_size": 64 * 1024, "ws_per_message_deflate": False}

#: Uvicorn would write the address of each connection, which has a ticket in it, to the log.
_QUIET: Final = logging.getLogger("prismd.websocket")
_QUIET.setLevel(logging.WARNING)


#: What uvicorn calls errors, and clients cause: by a text that is none, and by leaving before they are let in.
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
        """Take over a connection of HTTP, with its place among those that there may be."""
        super().connection_made(transport)
        self._counted = self._limits.enter(self._address())

    def data_received(self, data: bytes) -> None:
        """Take what came; a client that goes on with what is no text while its connection closes is cut off."""
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
        """Tell the application, which closes its WebSockets in its own words."""
        self.stop_keepalive()
        if on_stop := self.app_state.get(ON_STOP):
            on_stop()

    def keepalive_timeout(self) -> None:
        """Give up a connection whose client no longer answers, with what is left to send to it."""
        super().keepalive_timeout()
        self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """Wait a while for the client to read what was sent before the end, but not for ever."""
        super().on_task_complete(task)
        self.loop.call_later(self.close_timeout, self.transport.abort)

    def _address(self) -> str:
        return self.client[0] if self.client else ""
