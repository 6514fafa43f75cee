"""The web server of ``prismd serve``: uvicorn, with prismd's own order of starting and stopping."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import uvicorn
import uvloop
from litestar.types import ASGIApp

from prismd.api.http.http_protocol import HttpProtocol
from prismd.api.http.scope_keys import CONNECTION_LIMITS
from prismd.api.http.web_socket_protocol import OPTIONS, WebSocketProtocol
from prismd.server.acceptor import Acceptor

#: The number of open files to ask the system for: each connection uses one, and event streams stay open long.
_FILES: Final = 65_536


class WebServer(uvicorn.Server):
    """Uvicorn with callbacks for ready and stopping; it leaves signals to its caller.

    Args:
        app: The ASGI application.
        grace_s: Time that running requests get at a stop, in seconds.
        ends: Says whether the server should end.
        ready: Called once the server answers requests.
        stopping: Called when no more connections are accepted; must not block.
        alone: Whether no other process accepts connections from the same socket.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        grace_s: float,
        ends: Callable[[], bool],
        ready: Callable[[], None],
        stopping: Callable[[], None] = lambda: None,
        alone: bool = True,
    ) -> None:
        config = uvicorn.Config(
            app,
            http=HttpProtocol,
            ws=WebSocketProtocol,
            **OPTIONS,
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=whole_grace_s(grace_s),
        )
        super().__init__(config)
        self._ends = ends
        self._ready = ready
        self._stopping = stopping
        self._alone = alone

    def serve_on(self, listener: socket.socket) -> None:
        """Answer requests until the server must stop.

        Args:
            listener: The socket from :func:`prismd.server.listener.listen`; closed at the end.
        """
        _allow_files()
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        # The loop stays open, because closing it would wait for threads of abandoned requests.
        loop.run_until_complete(self.serve(sockets=[listener]))

    async def on_tick(self, counter: int) -> bool:
        """Do uvicorn's work of every tick, ten times a second; return whether to stop."""
        return await super().on_tick(counter) or self._ends()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and call ``ready``."""
        await super().startup(sockets if self._alone else [])
        if not self._alone:
            self._share(sockets or [])
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Call ``stopping``, and let running requests finish."""
        self._stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the caller."""
        yield

    def _share(self, listeners: list[socket.socket]) -> None:
        life: dict[str, Any] = self.lifespan.state
        protocol = partial(HttpProtocol, config=self.config, server_state=self.server_state, app_state=life)
        servers: list[Any] = self.servers  # uvicorn closes them and waits for them, as for its own
        servers += [Acceptor(listener, life[CONNECTION_LIMITS], protocol) for listener in listeners]


def whole_grace_s(grace_s: float) -> int:
    """Return the time that running requests get at a stop, in whole seconds, which uvicorn requires."""
    return max(1, round(grace_s))


def _allow_files() -> None:
    """Raise the limit of open files as far as allowed; the default, often 1,024, is made for old programs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
