"""How many requests a key may send: a bucket of tokens for each, refilled by the clock (contract, section 6)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from prismd.core.errors import PrismdError


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: datetime


class RateLimiter:
    """Lets each key send so many requests per second, with a burst of one second; each API process counts for itself.

    Args:
        per_second_max: Requests per second; 0 sets no limit.
        now: Returns the time.
    """

    def __init__(self, per_second_max: float, now: Callable[[], datetime]) -> None:
        self._per_second = per_second_max
        self._burst = max(1.0, per_second_max)
        self._now = now
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key_id: str) -> None:
        """Count one request of a key.

        Args:
            key_id: Which key; only real keys get here, so there are never more buckets than keys.

        Raises:
            PrismdError: ``rate_limited``: the bucket is empty; it tells when it will not be.
        """
        if not self._per_second:
            return
        now = self._now()
        bucket = self._buckets.setdefault(key_id, _Bucket(self._burst, now))
        elapsed_s = max(0.0, (now - bucket.filled_at).total_seconds())
        bucket.tokens = min(self._burst, bucket.tokens + elapsed_s * self._per_second)
        bucket.filled_at = now
        if bucket.tokens < 1:
            wait_s = math.ceil((1 - bucket.tokens) / self._per_second)
            message = f"This API key may send {self._per_second:g} requests per second; wait {wait_s} s"
            raise PrismdError("rate_limited", message, retry_after_s=wait_s)
        bucket.tokens -= 1
