"""Who hears of which team: what is committed becomes messages, once per team and in order, for all its sockets."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from prismd.api.limits.seats import Places
from prismd.api.limits.threads import Threads
from prismd.api.realtime.change_stream import ChangeStream
from prismd.api.realtime.send_queue import GOING_AWAY, Outbox
from prismd.api.realtime.shapes import LAGGED, RESYNC, import_message, records_message
from prismd.core.changes import ImportMoved, Notice, RecordsChanged
from prismd.services.realtime.changes import changes_of_chunk
from prismd.services.runtime import Runtime
from prismd.services.session import Session

#: The chunk of an import may have changed thousands of records.
IDS_PER_MESSAGE: Final = 500
#: Reads at a time, whatever is imported, so that other requests find threads and connections.
_READS_MAX: Final = 2

_LOG = structlog.get_logger()


class RealtimeHub:
    """All realtime sockets of one application.

    Args:
        runtime: For connections and settings.
        changes: Tells of what is committed.
        threads: In which the database is read.
    """

    def __init__(self, runtime: Runtime, changes: ChangeStream, threads: Threads) -> None:
        self._runtime = runtime
        self._threads = threads
        self._lines: dict[int, _Line] = {}
        self._sockets = 0
        self._of_teams = Places(runtime.settings.realtime_sockets_per_team_max)
        self._reads = asyncio.Semaphore(_READS_MAX)
        self.stopping = False
        changes.subscribe(self)

    @property
    def idle(self) -> bool:
        """Whether no socket is open, and nothing is kept for those that were."""
        return not self._sockets and not self._lines

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return self._sockets

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Take a place for a socket, if there is one; say whether there was."""
        if self._sockets >= self._runtime.settings.realtime_sockets_max:
            yield False
            return
        self._sockets += 1
        try:
            yield True
        finally:
            self._sockets -= 1

    @contextmanager
    def team_place(self, team_id: int) -> Iterator[bool]:
        """Take a place among the sockets of a team, if there is one; say whether there was.

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
    def joined(self, team_id: int) -> Iterator[Outbox]:
        """Give an outbox that gets what is told of a team, as long as somebody takes from it.

        Args:
            team_id: Internal id of the team.
        """
        outbox = Outbox(self._runtime.settings.realtime_queue_max, LAGGED)
        if self.stopping:
            outbox.end(GOING_AWAY)
        line = self._lines.get(team_id)
        if line is None:
            line = self._lines[team_id] = _Line(self._runtime, self._threads, self._reads)
        line.outboxes.add(outbox)
        try:
            yield outbox
        finally:
            line.outboxes.remove(outbox)
            if not line.outboxes:
                line.stop()
                del self._lines[team_id]

    def hear(self, notice: Notice) -> None:
        """Tell a team's sockets of something that was committed."""
        if line := self._lines.get(notice.team_id):
            line.add(notice)

    def miss(self) -> None:
        """Tell all sockets that changes may have been missed."""
        for line in self._lines.values():
            line.miss()

    def stop(self) -> None:
        """Send all clients away, as the server ends; may be called repeatedly."""
        if not self.stopping:
            self.stopping = True
            for line in self._lines.values():
                for outbox in line.outboxes:
                    outbox.end(GOING_AWAY)


class _Line:
    """What is told to the sockets of one team, one thing after the other.

    Args:
        runtime: For connections and settings.
        threads: In which the database is read.
        reads: Admits reads of the database.
    """

    def __init__(self, runtime: Runtime, threads: Threads, reads: asyncio.Semaphore) -> None:
        self.outboxes: set[Outbox] = set()
        self._runtime = runtime
        self._threads = threads
        self._reads = reads
        self._notices: asyncio.Queue[Notice | None] = asyncio.Queue()
        # For all sockets of the team, so in the name of none of their requests.
        self._telling = asyncio.create_task(self._tell(), context=contextvars.Context())

    def add(self, notice: Notice) -> None:
        """Have a notice told after all that wait."""
        if self._notices.qsize() < self._runtime.settings.realtime_queue_max:
            self._notices.put_nowait(notice)
        else:
            self.miss()

    def miss(self) -> None:
        """Have it told that changes may have been missed, instead of all that waits."""
        while not self._notices.empty():
            self._notices.get_nowait()
        self._notices.put_nowait(None)

    def stop(self) -> None:
        """Tell nothing more."""
        self._telling.cancel()

    async def _tell(self) -> None:
        while True:
            notice = await self._notices.get()
            for message in await self._messages(notice):
                for outbox in self.outboxes:
                    outbox.put(message)

    async def _messages(self, notice: Notice | None) -> list[str]:
        if notice is None:
            return [RESYNC]
        if isinstance(notice, RecordsChanged):
            return [records_message(notice)]
        progress = [] if notice.synchronous else [import_message(notice)]
        # The records first: who hears of the end of an import has heard of all that it did.
        return progress if notice.chunk is None else [*await self._of_chunk(notice), *progress]

    async def _of_chunk(self, moved: ImportMoved) -> list[str]:
        try:
            async with self._reads:
                changed = await self._threads.run_quick(lambda: self._read(moved))
        except Exception:  # noqa: BLE001 - whatever it is, clients are told that they may have missed something
            _LOG.exception("changes of an import cannot be told", job=moved.job_id)
            return [RESYNC]
        return [records_message(part) for one in changed for part in one.parts(IDS_PER_MESSAGE)]

    def _read(self, moved: ImportMoved) -> list[RecordsChanged]:
        return Session(self._runtime, moved.team_id).do(changes_of_chunk, moved)
