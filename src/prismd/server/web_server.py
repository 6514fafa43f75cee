"""The web server of ``prismd serve``: uvicorn, run by our order of starting and stopping."""

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

#: Files that the server wants to open at once: each connection is one, and watchers of imports stay long.
_FILES: Final = 65_536


class WebServer(uvicorn.Server):
    """Uvicorn, which tells when it is ready and when it begins to stop, and leaves signals to its caller.

    Args:
        app: What answers.
        grace_s: Time that requests under way get at a stop, in seconds.
        ends: Says whether the server shall end.
        ready: Called once requests are answered.
        stopping: Called when no more connections are accepted; must not block.
        alone: Whether no other process accepts connections of the same socket.
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
        """Answer requests until asked to stop.

        Args:
            listener: From :func:`prismd.server.listener.listen`; closed at the end.
        """
        _allow_files()
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        # Closing the loop in full would wait for threads of requests that were given up.
        loop.run_until_complete(self.serve(sockets=[listener]))

    async def on_tick(self, counter: int) -> bool:
        """Do what uvicorn does ten times a second, and say whether to stop."""
        return await super().on_tick(counter) or self._ends()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets if self._alone else [])
        if not self._alone:
            self._share(sockets or [])
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that the end begins, and let requests under way finish."""
        self._stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals as they are."""
        yield

    def _share(self, listeners: list[socket.socket]) -> None:
        life: dict[str, Any] = self.lifespan.state
        protocol = partial(HttpProtocol, config=self.config, server_state=self.server_state, app_state=life)
        servers: list[Any] = self.servers  # closed and waited for like those of uvicorn
        servers += [Acceptor(listener, life[CONNECTION_LIMITS], protocol) for listener in listeners]


def whole_grace_s(grace_s: float) -> int:
    """Return the time that requests under way get at a stop, in the whole seconds that uvicorn knows."""
    return max(1, round(grace_s))


def _allow_files() -> None:
    """Have as many files open as this process may have; it begins with what suits old programs, often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
