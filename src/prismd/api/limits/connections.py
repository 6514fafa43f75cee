"""How many connections there may be, in all and from one address, and which process takes the next one."""

from __future__ import annotations

import resource
import sys
from typing import Final

from prismd.api.http.addresses import TrustedProxies, origin_of
from prismd.api.limits.shared_limits import Counts
from prismd.api.limits.shared_memory import SharedMemory
from prismd.settings import Settings

#: Files that the process keeps for everything that is no connection of a client.
_FILES_KEPT: Final = 128
_NUMBER_BYTES: Final = 8


class ConnectionLimits:
    """What the connections of one process share, and with those of the server's other processes.

    Args:
        settings: For the limits.
        shared: Where all processes count.
    """

    def __init__(self, settings: Settings | None = None, shared: SharedMemory | None = None) -> None:
        self.settings = settings or Settings()
        self._open = 0
        self._open_max = 0
        self._by_origin = Counts(shared := shared or SharedMemory())
        self._proxies: TrustedProxies | None = None
        # By process: one more than it has open while it takes further ones, else 0.
        parts = [part.cast("q") for part in shared.own(_NUMBER_BYTES)]
        self._mine = parts.pop(shared.number)
        self._others = parts

    @property
    def open(self) -> int:
        """How many connections are open."""
        return self._open

    def enter(self, address: str) -> bool:
        """Count a new connection; say whether there is room for it.

        Args:
            address: Where it comes from.
        """
        if self._open >= self._room() or not self._by_origin.enter(origin_of(address), most=self._most(address)):
            return False
        self._open += 1
        self._show()
        return True

    def leave(self, address: str) -> None:
        """Forget a connection that was counted."""
        self._by_origin.leave(origin_of(address))
        self._open -= 1
        self._show()

    def begin_to_accept(self) -> None:
        """Take part in sharing new connections with the other processes."""
        self._mine[0] = self._open + 1

    def end_accepting(self) -> None:
        """Leave new connections to the other processes."""
        self._mine[0] = 0

    def has_turn(self) -> bool:
        """Say whether no other process that takes connections has fewer of them."""
        return all(part[0] == 0 or part[0] >= self._mine[0] for part in self._others)

    def _show(self) -> None:
        if self._mine[0]:
            self._mine[0] = self._open + 1

    def _most(self, address: str) -> int:
        if self._proxies is None:
            self._proxies = TrustedProxies(self.settings.trusted_proxies)
        return sys.maxsize if address in self._proxies else self.settings.connections_per_address_max or sys.maxsize

    def _room(self) -> int:
        # Asked for when the first one comes: the process has by then all the files that it may have.
        if not self._open_max:
            files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            room = self.settings.connections_max if files == resource.RLIM_INFINITY else max(1, files - _FILES_KEPT)
            self._open_max = min(self.settings.connections_max, room)
        return self._open_max
