"""Limits of open connections, in all and per address, and the choice of the process that accepts the next one."""

from __future__ import annotations

import resource
import sys
from typing import Final

from prismd.api.http.addresses import TrustedProxies, origin_of
from prismd.api.limits.shared_limits import Counts
from prismd.api.limits.shared_memory import SharedMemory
from prismd.settings import Settings

#: Descriptors that a process reserves for everything other than connections of clients.
_FILES_KEPT: Final = 128
_NUMBER_BYTES: Final = 8


class ConnectionLimits:
    """Counts the open connections of one process, and sees the counts of the server's other processes.

    Args:
        settings: The settings, for the limits.
        shared: Memory in which all processes count.
    """

    def __init__(self, settings: Settings | None = None, shared: SharedMemory | None = None) -> None:
        self.settings = settings or Settings()
        self._open = 0
        self._open_max = 0
        self._by_origin = Counts(shared := shared or SharedMemory())
        self._proxies: TrustedProxies | None = None
        # Per process: the number of open connections plus one while the process accepts further ones, otherwise 0.
        parts = [part.cast("q") for part in shared.own(_NUMBER_BYTES)]
        self._mine = parts.pop(shared.number)
        self._others = parts

    @property
    def open(self) -> int:
        """The number of open connections."""
        return self._open

    def enter(self, address: str) -> bool:
        """Count a new connection, and return whether there is room for it.

        Args:
            address: Address of the client.
        """
        if self._open >= self._room() or not self._by_origin.enter(origin_of(address), most=self._most(address)):
            return False
        self._open += 1
        self._show()
        return True

    def leave(self, address: str) -> None:
        """Stop counting a connection."""
        self._by_origin.leave(origin_of(address))
        self._open -= 1
        self._show()

    def begin_to_accept(self) -> None:
        """Take a share of new connections from now on."""
        self._mine[0] = self._open + 1

    def end_accepting(self) -> None:
        """Leave new connections to the other processes."""
        self._mine[0] = 0

    def has_turn(self) -> bool:
        """Return whether no other accepting process has fewer connections than this one."""
        return all(part[0] == 0 or part[0] >= self._mine[0] for part in self._others)

    def _show(self) -> None:
        if self._mine[0]:
            self._mine[0] = self._open + 1

    def _most(self, address: str) -> int:
        if self._proxies is None:
            self._proxies = TrustedProxies(self.settings.trusted_proxies)
        return sys.maxsize if address in self._proxies else self.settings.connections_per_address_max or sys.maxsize

    def _room(self) -> int:
        # Computed at the first connection: by then the process has raised its limit of open files.
        if not self._open_max:
            files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            room = self.settings.connections_max if files == resource.RLIM_INFINITY else max(1, files - _FILES_KEPT)
            self._open_max = min(self.settings.connections_max, room)
        return self._open_max
