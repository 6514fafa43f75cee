"""How many connections there may be, in all and from one address, and how long each part of a request may take."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from typing import Final

from prismd.api.addresses import TrustedProxies, origin_of
from prismd.settings import Settings

#: Files that the process keeps for everything that is no connection of a client.
_FILES_KEPT: Final = 128


@dataclass(slots=True)
class ConnectionLimits:
    """What the connections of one server share.

    Args:
        settings: For the limits.
    """

    settings: Settings = field(default_factory=Settings)
    _open: int = 0
    _by_origin: dict[str, int] = field(default_factory=dict)
    _most: int = 0
    _proxies: TrustedProxies | None = None

    def enter(self, address: str) -> bool:
        """Count a new connection; say whether there is room for it.

        Args:
            address: Where it comes from.
        """
        origin = origin_of(address)
        if self._open >= self._open_max() or self._is_full(origin, address):
            return False
        self._open += 1
        self._by_origin[origin] = self._by_origin.get(origin, 0) + 1
        return True

    def leave(self, address: str) -> None:
        """Forget a connection that was counted."""
        origin = origin_of(address)
        self._open -= 1
        left = self._by_origin.pop(origin) - 1
        if left:
            self._by_origin[origin] = left

    def _is_full(self, origin: str, address: str) -> bool:
        if self._proxies is None:
            self._proxies = TrustedProxies(self.settings.trusted_proxies)
        most = self.settings.connections_per_address_max
        return bool(most) and self._by_origin.get(origin, 0) >= most and address not in self._proxies

    def _open_max(self) -> int:
        # Asked for when the first one comes: the server has by then all the files that it may have.
        if not self._most:
            files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            room = self.settings.connections_max if files == resource.RLIM_INFINITY else max(1, files - _FILES_KEPT)
            self._most = min(self.settings.connections_max, room)
        return self._most
