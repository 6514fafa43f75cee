"""Accepting connections of a socket that other processes accept from, too, so that each gets its share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Final

from prismd.api.limits.connections import ConnectionLimits

#: Time in which the process that has the turn takes a connection; then another one does.
_TURN_S: Final = 0.005
#: Wait where the system has no room for a connection, or for its file.
_NO_ROOM_S: Final = 0.1

_Served = tuple[asyncio.Transport, asyncio.Protocol]


class Acceptor:
    """Accepts connections one by one, and leaves each to the process that has the fewest.

    Without that, whoever wakes up first takes all that wait. A process that has the turn but is busy, or stands still,
    keeps nobody waiting for more than a moment.

    Args:
        listener: The socket; not closed here.
        limits: Know who has how many connections.
        protocol: Makes what serves a connection.
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
        """Accept no more, and close what was accepted and is not served yet."""
        self._closed = True
        self._loop.remove_reader(self._listener)
        if self._later:
            self._later.cancel()
        self._limits.end_accepting()

    async def wait_closed(self) -> None:
        """Wait until nothing that was accepted is left unserved."""
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
        # Where it failed, the client has left, and nobody need know.
        if not task.cancelled() and not task.exception() and self._closed:
            transport, _ = task.result()
            transport.close()

    def _rest(self, wait_s: float, then: Callable[[], None]) -> None:
        self._loop.remove_reader(self._listener)
        self._later = self._loop.call_later(wait_s, then)
