"""A watch over the keys of open streams: one query checks all of them, twice per heartbeat."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context
from dataclasses import dataclass
from typing import Final

import psycopg
import structlog
from litestar import Litestar

from prismd.api.limits.threads import Threads
from prismd.api.limits.turns import OWNER
from prismd.services.api_keys.authentication import good_keys
from prismd.services.runtime import Runtime

#: The rest of the heartbeat is for the query itself and for closing the streams.
_PART_OF_HEARTBEAT: Final = 0.5

_LOG = structlog.get_logger()


@dataclass(eq=False, slots=True)
class HeldKey:
    """The key of an open stream.

    Args:
        key_id: Id of the key.
        revoked: Called once the key is no longer good; must not block.
        good: Whether the key was good at the last check.
    """

    key_id: str
    revoked: Callable[[], None]
    good: bool = True


class KeyWatch:
    """The keys of all open streams of one application.

    Args:
        runtime: The runtime, for the database and settings.
        threads: Threads for the checks.
    """

    def __init__(self, runtime: Runtime, threads: Threads) -> None:
        self._runtime = runtime
        self._threads = threads
        self._held: set[HeldKey] = set()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def held(self, key_id: str, revoked: Callable[[], None]) -> Iterator[HeldKey]:
        """Watch a key while its stream is open.

        Args:
            key_id: Id of the key, which was good when the stream opened.
            revoked: Called once the key is no longer good; must not block.
        """
        key = HeldKey(key_id, revoked)
        self._held.add(key)
        if self._task is None:
            # In an empty context, because the log lines of this task belong to no single request.
            self._task = asyncio.create_task(self._watch(), context=Context())
        try:
            yield key
        finally:
            self._held.remove(key)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Stop the watch when the application ends."""
        yield
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        OWNER.set(self)
        while self._held:
            await asyncio.sleep(self._runtime.settings.events_heartbeat_s * _PART_OF_HEARTBEAT)
            looked_at = [key for key in self._held if key.good]
            ids = sorted({key.key_id for key in looked_at})
            try:
                good = await self._threads.run_quick(lambda: self._good(ids))  # noqa: B023 - awaited at once
            except psycopg.OperationalError as error:
                _LOG.warning("keys of open streams were not looked at", reason=str(error).strip())
                continue
            except Exception:  # noqa: BLE001 - a fault in one check must not prevent the next one
                _LOG.exception("keys of open streams were not looked at")
                continue
            for key in looked_at:
                if key.key_id not in good:
                    key.good = False
                    key.revoked()
        self._task = None

    def _good(self, ids: list[str]) -> set[str]:
        return self._runtime.do_for_all_teams(good_keys, ids, now=self._runtime.now())
