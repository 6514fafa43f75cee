"""The listener for notifications: one connection to PostgreSQL per process, and any number of subscribers."""

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

from prismd.core.notifications import Notification, read_notification
from prismd.services.runtime import Runtime
from prismd.store.realtime.notifications import listening

_RECONNECT_FIRST_S: Final = 0.1
_RECONNECT_LAST_S: Final = 5.0
#: Seconds without users after which the connection is closed; while a process listens, writes cost more.
LINGER_S: Final = 60.0

_LOG = structlog.get_logger()


class Subscriber(Protocol):
    """A receiver of notifications; both methods are called on the event loop and must not block."""

    def on_notification(self, notification: Notification) -> None:
        """Take a notification of a committed change; notifications come in the order of commits."""

    def on_gap(self) -> None:
        """Take note that notifications may have been missed."""


class NotificationListener:
    """Passes notifications on to all subscribers in one application.

    Args:
        runtime: The runtime, for the database and settings.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._subscribers: list[Subscriber] = []
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self._users = 0
        self._rest: asyncio.TimerHandle | None = None

    def subscribe(self, subscriber: Subscriber) -> None:
        """Pass notifications on to one more subscriber."""
        self._subscribers.append(subscriber)

    @contextmanager
    def used(self) -> Iterator[None]:
        """Listen while somebody uses the notifications; without users, the process has no such connection."""
        self._users += 1
        if self._rest:
            self._rest.cancel()
        if self._task is None:
            # In an empty context, because the log lines of this task belong to no single request.
            self._task = asyncio.create_task(self._listen(), context=contextvars.Context())
        try:
            yield
        finally:
            self._users -= 1
            if not self._users:
                self._rest = asyncio.get_running_loop().call_later(LINGER_S, self._give_up)

    async def ready(self) -> None:
        """Wait until the connection listens: from then on, every commit leads to a notification or to a gap."""
        await self._listening.wait()

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Stop listening when the application ends."""
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
                    # Commits before this connection listened led to no notification.
                    for one in self._subscribers:
                        one.on_gap()
                    self._listening.set()
                    async for text in told:
                        self._pass_on(text)
            except (psycopg.Error, OSError) as error:
                _LOG.warning("notifications interrupted", error=str(error).strip(), wait_s=wait_s)
            except Exception:  # noqa: BLE001 - a fault in one notification must not prevent the others
                _LOG.exception("notifications interrupted", wait_s=wait_s)
            self._listening.clear()
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _RECONNECT_LAST_S)

    def _pass_on(self, text: str) -> None:
        if notification := read_notification(text):
            for one in self._subscribers:
                one.on_notification(notification)
