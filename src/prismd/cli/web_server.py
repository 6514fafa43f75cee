"""The web server of ``prismd serve``: uvicorn, run by our order of starting and stopping."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
import uvloop
from litestar.types import ASGIApp

from prismd.api.http_protocol import HttpProtocol
from prismd.api.web_socket_protocol import OPTIONS, WebSocketProtocol
from prismd.worker.stop import Stop

#: Files that the server wants to open at once: each connection is one, and watchers of imports stay long.
_FILES: Final = 65_536


class WebServer(uvicorn.Server):
    """Uvicorn, which tells when it is ready and when it begins to stop, and leaves signals to its caller.

    Args:
        app: What answers.
        grace_s: Time that requests under way get at a stop, in seconds.
        stop: Asks the server to end.
        ready: Called once requests are answered.
        stopping: Called when no more connections are accepted; must not block.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        grace_s: float,
        stop: Stop,
        ready: Callable[[], None],
        stopping: Callable[[], None],
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
            timeout_graceful_shutdown=max(1, round(grace_s)),
        )
        super().__init__(config)
        self._stop = stop
        self._ready = ready
        self._stopping = stopping

    def serve_on(self, listener: socket.socket) -> None:
        """Answer requests until asked to stop.

        Args:
            listener: From :func:`prismd.cli.listener.listen`; closed at the end.
        """
        _allow_files()
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        # Closing the loop in full would wait for threads of requests that were given up.
        loop.run_until_complete(self.serve(sockets=[listener]))

    async def on_tick(self, counter: int) -> bool:
        """Do what uvicorn does ten times a second, and say whether to stop."""
        return await super().on_tick(counter) or self._stop.is_set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that the end begins, and let requests under way finish."""
        self._stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals as they are."""
        yield


def _allow_files() -> None:
    """Have as many files open as this process may have; it begins with what suits old programs, often 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
