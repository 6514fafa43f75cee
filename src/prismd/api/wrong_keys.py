"""Unknown API keys: how many one address may try, and a line in the log that counts them, once a minute."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

import structlog

from prismd.api.addresses import origin_of
from prismd.core.errors import PrismdError

_LOG = structlog.get_logger()

_MINUTE_S: Final = 60
#: Addresses and keys that are remembered; those that were seen longest ago are forgotten.
_REMEMBERED_MAX: Final = 10_000

#: Calls something after so many seconds.
Later = Callable[[float, Callable[[], None]], object]

_Known = TypeVar("_Known")
_What = TypeVar("_What")


@dataclass(slots=True)
class _Tries:
    left: float
    filled_at: datetime


class WrongKeys:
    """What one API process knows of unknown keys; its memory is bounded, whoever sends what.

    Args:
        per_minute_max: Unknown keys that one address may send in a minute; 0 sets no limit.
        now: Returns the time.
        later: Calls something after so many seconds.
    """

    def __init__(self, per_minute_max: int, now: Callable[[], datetime], later: Later) -> None:
        self._most = per_minute_max
        self._now = now
        self._later = later
        self._tries: dict[str, _Tries] = {}
        self._good: dict[bytes, None] = {}
        self._count = 0
        self._counted: dict[str, int] = {}

    def check(self, address: str, key: str) -> None:
        """Let a request with a key try whether it is a good one, unless its address has tried too many that are not.

        A key that was good when it last came may always try: whoever shares an address with somebody who guesses keys
        goes on working.

        Args:
            address: Where the request comes from.
            key: The key as sent.

        Raises:
            PrismdError: ``rate_limited``: too many; it tells when to try again.
        """
        origin = origin_of(address)
        if not self._most or _digest(key) in self._good:
            return
        tries = self._refilled(origin)
        if tries.left < 1:
            self._note(origin)
            wait_s = math.ceil((1 - tries.left) * _MINUTE_S / self._most)
            message = f"This address sent too many unknown API keys; correct the key, and wait {wait_s} s"
            raise PrismdError("rate_limited", message, retry_after_s=wait_s)
        # Taken before the key is looked up, so that requests at the same time do not all pass.
        tries.left -= 1

    def good(self, address: str, key: str) -> None:
        """Note that the key of a request that was let try is good."""
        digest = _digest(key)
        if digest not in self._good:
            self.spare(address)
        _remember(self._good, digest, None)

    def spare(self, address: str) -> None:
        """Give back the try of a request that could not be looked up."""
        if tries := self._tries.get(origin_of(address)):
            tries.left = min(self._most, tries.left + 1)

    def wrong(self, address: str, key: str) -> None:
        """Note that the key of a request that was let try is unknown or revoked."""
        self._good.pop(_digest(key), None)
        self._note(origin_of(address))

    def _refilled(self, origin: str) -> _Tries:
        now = self._now()
        tries = self._tries.pop(origin, None) or _Tries(self._most, now)
        elapsed_s = max(0.0, (now - tries.filled_at).total_seconds())
        tries.left = min(self._most, tries.left + elapsed_s * self._most / _MINUTE_S)
        tries.filled_at = now
        _remember(self._tries, origin, tries)
        return tries

    def _note(self, origin: str) -> None:
        if not self._count:
            self._later(_MINUTE_S, self._tell)
        self._count += 1
        if origin in self._counted or len(self._counted) < _REMEMBERED_MAX:
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


def _remember(table: dict[_Known, _What], known: _Known, what: _What) -> None:
    table.pop(known, None)
    table[known] = what
    if len(table) > _REMEMBERED_MAX:
        del table[next(iter(table))]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
