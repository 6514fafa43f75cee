"""The rate of requests per API key: each key has a token bucket that the clock refills (contract, section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime

from prismd.api.limits.shared_limits import Buckets
from prismd.api.limits.shared_memory import SharedMemory
from prismd.core.errors import PrismdError


class RateLimiter:
    """Limits the requests per second of each key over all processes of the server, with a burst of one second.

    Args:
        per_second_max: Requests per second; 0 sets no limit.
        now: Returns the time.
        shared: Memory in which all processes count.
    """

    def __init__(self, per_second_max: float, now: Callable[[], datetime], shared: SharedMemory) -> None:
        self._per_second = per_second_max
        burst = max(1.0, per_second_max)
        fill_s = burst / per_second_max if per_second_max else 0.0
        self._buckets = Buckets(shared, tokens=burst, fill_s=fill_s, now=now)

    def take(self, key_id: str) -> None:
        """Count one request of a key.

        Args:
            key_id: Id of the key.

        Raises:
            PrismdError: ``rate_limited``: the bucket is empty; the error says when it has a token again.
        """
        if self._per_second and (short_s := self._buckets.take(key_id)):
            wait_s = math.ceil(short_s)
            message = f"This API key may send {self._per_second:g} requests per second; wait {wait_s} s"
            raise PrismdError("rate_limited", message, retry_after_s=wait_s)
