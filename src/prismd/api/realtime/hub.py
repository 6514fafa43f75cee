"""The hub of realtime sockets: turns notifications into messages, once per team and in order, for all its sockets."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from prismd.api.limits.seats import Seats
from prismd.api.limits.threads import Threads
from prismd.api.realtime.notification_listener import NotificationListener
from prismd.api.realtime.send_queue import GOING_AWAY, SendQueue
from prismd.api.realtime.shapes import LAGGED, RESYNC, import_message, records_message
from prismd.core.notifications import ImportMoved, Notification, RecordsChanged
from prismd.services.realtime.notifications import changes_of_chunk
from prismd.services.runtime import Runtime
from prismd.services.session import Session

#: A chunk of an import can change thousands of records, so one message carries only a part of them.
IDS_PER_MESSAGE: Final = 500
#: The most simultaneous reads, so that other requests find free threads and connections during imports.
_READS_MAX: Final = 2

_LOG = structlog.get_logger()


class RealtimeHub:
    """All realtime sockets of one application.

    Args:
        runtime: The runtime, for connections and settings.
        listener: Receives the notifications of PostgreSQL.
        threads: Threads for reading the database.
    """

    def __init__(self, runtime: Runtime, listener: NotificationListener, threads: Threads) -> None:
        self._runtime = runtime
        self._threads = threads
        self._lines: dict[int, _Line] = {}
        self._sockets = 0
        self._of_teams = Seats(runtime.settings.realtime_sockets_per_team_max)
        self._reads = asyncio.Semaphore(_READS_MAX)
        self.stopping = False
        listener.subscribe(self)

    @property
    def idle(self) -> bool:
        """Whether no socket is open and every team's line is closed."""
        return not self._sockets and not self._lines

    @property
    def sockets(self) -> int:
        """The number of open sockets."""
        return self._sockets

    @contextmanager
    def seat(self) -> Iterator[bool]:
        """Take a seat for a socket; yield whether one was free."""
        if self._sockets >= self._runtime.settings.realtime_sockets_max:
            yield False
            return
        self._sockets += 1
        try:
            yield True
        finally:
            self._sockets -= 1

    @contextmanager
    def team_seat(self, team_id: int) -> Iterator[bool]:
        """Take a seat among the sockets of a team; yield whether one was free.

        Args:
            team_id: Internal id of the team.
        """
        free = self._of_teams.take(team_id)
        try:
            yield free
        finally:
            if free:
                self._of_teams.give_back(team_id)

    @contextmanager
    def joined(self, team_id: int) -> Iterator[SendQueue]:
        """Yield a send queue that receives the messages of a team while the block runs.

        Args:
            team_id: Internal id of the team.
        """
        queue = SendQueue(self._runtime.settings.realtime_queue_max, LAGGED)
        if self.stopping:
            queue.end(GOING_AWAY)
        line = self._lines.get(team_id)
        if line is None:
            line = self._lines[team_id] = _Line(self._runtime, self._threads, self._reads)
        line.queues.add(queue)
        try:
            yield queue
        finally:
            line.queues.remove(queue)
            if not line.queues:
                line.stop()
                del self._lines[team_id]

    def on_notification(self, notification: Notification) -> None:
        """Pass a notification on to the sockets of its team."""
        if line := self._lines.get(notification.team_id):
            line.add(notification)

    def on_gap(self) -> None:
        """Tell all sockets that they may have missed changes."""
        for line in self._lines.values():
            line.miss()

    def stop(self) -> None:
        """Close all sockets because the server stops; can be called repeatedly."""
        if not self.stopping:
            self.stopping = True
            for line in self._lines.values():
                for queue in line.queues:
                    queue.end(GOING_AWAY)


class _Line:
    """The notifications of one team, turned into messages one after the other.

    Args:
        runtime: The runtime, for connections and settings.
        threads: Threads for reading the database.
        reads: Limits the number of simultaneous reads.
    """

    def __init__(self, runtime: Runtime, threads: Threads, reads: asyncio.Semaphore) -> None:
        self.queues: set[SendQueue] = set()
        self._runtime = runtime
        self._threads = threads
        self._reads = reads
        #: Waiting notifications; None marks a gap.
        self._waiting: asyncio.Queue[Notification | None] = asyncio.Queue()
        # In an empty context, because the log lines of this task belong to no single request.
        self._sending = asyncio.create_task(self._send(), context=contextvars.Context())

    def add(self, notification: Notification) -> None:
        """Queue a notification, or a gap if too many wait."""
        if self._waiting.qsize() < self._runtime.settings.realtime_queue_max:
            self._waiting.put_nowait(notification)
        else:
            self.miss()

    def miss(self) -> None:
        """Replace all waiting notifications by a gap."""
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    def stop(self) -> None:
        """Send nothing more."""
        self._sending.cancel()

    async def _send(self) -> None:
        while True:
            notification = await self._waiting.get()
            for message in await self._messages(notification):
                for queue in self.queues:
                    queue.put(message)

    async def _messages(self, notification: Notification | None) -> list[str]:
        if notification is None:
            return [RESYNC]
        if isinstance(notification, RecordsChanged):
            return [records_message(notification)]
        progress = [] if notification.synchronous else [import_message(notification)]
        # Records come first, so that a client that learns of an import's end has already learnt of all its changes.
        return progress if notification.chunk is None else [*await self._of_chunk(notification), *progress]

    async def _of_chunk(self, moved: ImportMoved) -> list[str]:
        try:
            async with self._reads:
                changed = await self._threads.run_quick(lambda: self._read(moved))
        except Exception:  # noqa: BLE001 - after any fault, clients are told that they may have missed changes
            _LOG.exception("changes of an import cannot be told", job=moved.job_id)
            return [RESYNC]
        return [records_message(part) for one in changed for part in one.parts(IDS_PER_MESSAGE)]

    def _read(self, moved: ImportMoved) -> list[RecordsChanged]:
        return Session(self._runtime, moved.team_id).do(changes_of_chunk, moved)
