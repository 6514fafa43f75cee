"""The pulse of an API process: once a second it measures connections, streams, its pool, and the event loop's delay."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

from litestar import Litestar

from prismd.store.connections.postgres import Pool
from prismd.telemetry import metrics
from prismd.telemetry.declared import LOOP_LATE, POOL, POOL_WAITING, Declared

_BEAT_S: Final = 1.0


class Pulse:
    """Measures while the application runs, if metrics are served.

    Args:
        pool: The connections that requests share.
        counts: Further metrics, each with the function that measures it.
    """

    def __init__(self, pool: Pool, counts: Mapping[Declared, Callable[[], int]]) -> None:
        self._pool = pool
        self._counts = counts

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Measure until the application ends."""
        if not metrics.counting():
            yield
            return
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._measure()
            due = loop.time() + _BEAT_S
            await asyncio.sleep(_BEAT_S)
            metrics.add(LOOP_LATE, max(0.0, loop.time() - due))

    def _measure(self) -> None:
        stats = self._pool.get_stats()
        idle = stats.get("pool_available", 0)
        metrics.set_to(POOL, stats.get("pool_size", 0) - idle, "used")
        metrics.set_to(POOL, idle, "idle")
        metrics.set_to(POOL_WAITING, stats.get("requests_waiting", 0))
        for one, count in self._counts.items():
            metrics.set_to(one, count())
