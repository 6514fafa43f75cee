"""Unknown API keys: a limit of tries per address, and one line of the log per minute that counts them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from prismd.api.http.addresses import origin_of
from prismd.api.limits.shared_limits import Buckets, Marks
from prismd.api.limits.shared_memory import SharedMemory
from prismd.core.errors import PrismdError

_LOG = structlog.get_logger()

_MINUTE_S: Final = 60
#: The most addresses that one line of the log counts.
_COUNTED_MAX: Final = 10_000

#: Calls a function after a number of seconds.
Later = Callable[[float, Callable[[], None]], object]


class WrongKeys:
    """Counts unknown keys over all API processes of a server, in bounded memory.

    Args:
        per_minute_max: Unknown keys that one address can send in a minute; 0 sets no limit.
        now: Returns the time.
        later: Calls a function after a number of seconds.
        shared: Memory in which all processes count; each process logs its own counts.
    """

    def __init__(self, per_minute_max: int, now: Callable[[], datetime], later: Later, shared: SharedMemory) -> None:
        self._most = per_minute_max
        self._later = later
        self._tries = Buckets(shared, tokens=max(1, per_minute_max), fill_s=_MINUTE_S, now=now)
        self._good = Marks(shared)
        self._count = 0
        self._counted: dict[str, int] = {}

    def check(self, address: str, key: str) -> None:
        """Admit a key to the look-up, unless its address has sent too many unknown keys.

        A key that was good at its last use is always admitted, so that a client keeps working while somebody guesses
        keys from the same address.

        Args:
            address: Address of the client.
            key: The key, exactly as the client sent it.

        Raises:
            PrismdError: ``rate_limited``: the address sent too many; the error says when to try again.
        """
        if not self._most or key in self._good:
            return
        origin = origin_of(address)
        # Take the try before the look-up, so that simultaneous requests do not all pass.
        if short_s := self._tries.take(origin):
            self._note(origin)
            wait_s = math.ceil(short_s)
            message = f"This address sent too many unknown API keys; correct the key, and wait {wait_s} s"
            raise PrismdError("rate_limited", message, retry_after_s=wait_s)

    def good(self, address: str, key: str) -> None:
        """Note that an admitted key is good."""
        if key not in self._good:
            self.spare(address)
            self._good.add(key)

    def spare(self, address: str) -> None:
        """Give back the try of a key that could not be looked up."""
        if self._most:
            self._tries.give_back(origin_of(address))

    def wrong(self, address: str, key: str) -> None:
        """Note that an admitted key is unknown or revoked."""
        self._good.discard(key)
        self._note(origin_of(address))

    def _note(self, origin: str) -> None:
        if not self._count:
            self._later(_MINUTE_S, self._tell)
        self._count += 1
        if origin in self._counted or len(self._counted) < _COUNTED_MAX:
            self._counted[origin] = self._counted.get(origin, 0) + 1

    def _tell(self) -> None:
        most = max(self._counted, key=self._counted.__getitem__)
        _LOG.warning(
            "requests with unknown API keys",
            requests=self._count,
            addresses=len(self._counted),
            most_from=most,
            of_these=self._counted[most],
        )
        self._count = 0
        self._counted.clear()
