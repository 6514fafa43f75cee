"""Word of every change, from the one connection on which this process listens; whoever wants to know subscribes."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, Protocol

import psycopg
import structlog
from litestar import Litestar

from prismd.core.changes import Notice, read_notice
from prismd.services.runtime import Runtime
from prismd.store.realtime.changes import listening

_RECONNECT_FIRST_S: Final = 0.1
_RECONNECT_LAST_S: Final = 5.0
#: How long nobody must want to know until the connection is given up, on whose account writes cost more.
LINGER_S: Final = 60.0

_LOG = structlog.get_logger()


class Subscriber(Protocol):
    """Who wants to know of changes; both methods are called on the event loop and must not block."""

    def hear(self, notice: Notice) -> None:
        """Take notice of something that was committed; notices come in the order of commits."""

    def miss(self) -> None:
        """Learn that changes up to now may not have been told."""


class ChangeStream:
    """What is told of changes, for all in one application who want to know.

    Args:
        runtime: For the database and settings.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._subscribers: list[Subscriber] = []
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self._users = 0
        self._rest: asyncio.TimerHandle | None = None

    def subscribe(self, subscriber: Subscriber) -> None:
        """Tell one more of changes from now on."""
        self._subscribers.append(subscriber)

    @contextmanager
    def wanted(self) -> Iterator[None]:
        """Listen as long as somebody wants to know; before that, there is no connection."""
        self._users += 1
        if self._rest:
            self._rest.cancel()
        if self._task is None:
            # For all who listen, so in the name of none of their requests.
            self._task = asyncio.create_task(self._listen(), context=contextvars.Context())
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._rest = asyncio.get_running_loop().call_later(LINGER_S, self._give_up)

    async def heard(self) -> None:
        """Wait until nothing that is committed from now on is missed without word of it; for those who listen."""
        await self._listening.wait()

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Listen no longer than the application runs."""
        yield
        if self._rest:
            self._rest.cancel()
        if task := self._task:
            self._give_up()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _give_up(self) -> None:
        if self._task:
            self._task.cancel()
        self._task = None
        self._listening.clear()

    async def _listen(self) -> None:
        wait_s = _RECONNECT_FIRST_S
        while True:
            try:
                async with listening(self._runtime.pool, self._runtime.settings) as told:
                    wait_s = _RECONNECT_FIRST_S
                    # What happened before this connection listened was told to nobody.
                    for one in self._subscribers:
                        one.miss()
                    self._listening.set()
                    async for text in told:
                        self._pass_on(text)
            except (psycopg.Error, OSError) as error:
                _LOG.warning("no word of changes", error=str(error).strip(), wait_s=wait_s)
            except Exception:  # noqa: BLE001 - a fault in telling of one change must not keep the others from being told
                _LOG.exception("no word of changes", wait_s=wait_s)
            self._listening.clear()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _RECONNECT_LAST_S)

    def _pass_on(self, text: str) -> None:
        if notice := read_notice(text):
            for one in self._subscribers:
                one.hear(notice)
