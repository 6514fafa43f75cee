"""Accepts connections from a socket that several processes share, so that each process gets its share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from prismd.api.limits.connections import ConnectionLimits

#: Seconds in which the process with the turn should accept; after that, another process does.
_TURN_S: Final = 0.005
#: Seconds to wait if the system has no memory or descriptor for a connection.
_NO_ROOM_S: Final = 0.1

_Served = tuple[asyncio.Transport, asyncio.Protocol]


class Acceptor:
    """Accepts connections one by one, and leaves each to the process with the fewest connections.

    Without this rule the first process that wakes up accepts all waiting connections. If the process with the turn is
    busy or hangs, another process accepts after a moment.

    Args:
        listener: The socket; the caller closes it.
        limits: Counts the connections of all processes.
        protocol: Makes the protocol of a connection.
    """

    def __init__(
        self, listener: socket.socket, limits: ConnectionLimits, protocol: Callable[[], asyncio.Protocol]
    ) -> None:
        self._listener = listener
        self._limits = limits
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._beginning: set[asyncio.Task[_Served]] = set()
        self._closed = False
        listener.setblocking(False)  # noqa: FBT003 - the socket's own signature
        limits.begin_to_accept()
        self._watch()

    def close(self) -> None:
        """Stop accepting, and close connections that were accepted but are not served yet."""
        self._closed = True
        self._loop.remove_reader(self._listener)
        if self._later:
            self._later.cancel()
        self._limits.end_accepting()

    async def wait_closed(self) -> None:
        """Wait until every accepted connection is served or closed."""
        await asyncio.gather(*self._beginning, return_exceptions=True)

    def _watch(self) -> None:
        self._later = None
        self._loop.add_reader(self._listener, self._on_connection)

    def _on_connection(self) -> None:
        if self._limits.has_turn():
            self._accept()
        else:
            self._rest(_TURN_S, self._accept_anyway)

    def _accept_anyway(self) -> None:
        self._watch()
        self._accept()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return  # another process was quicker, or the client has left
        except OSError:
            self._rest(_NO_ROOM_S, self._watch)
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
        self._beginning.add(task)
        task.add_done_callback(self._begun)

    def _begun(self, task: asyncio.Task[_Served]) -> None:
        self._beginning.discard(task)
        # A task that failed means that the client has left; this needs no report.
        if not task.cancelled() and not task.exception() and self._closed:
            transport, _ = task.result()
            transport.close()

    def _rest(self, wait_s: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener)
        self._later = self._loop.call_later(wait_s, then)
