"""The watchers of imports: a notification of a job causes one read of it, which serves all its event streams."""

from __future__ import annotations

import asyncio
import itertools
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from typing import Final

from prismd.api.limits.seats import Seats
from prismd.api.limits.threads import Threads
from prismd.api.realtime.notification_listener import NotificationListener
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Counts, Job
from prismd.core.notifications import ImportMoved, Notification
from prismd.services.imports.progress import Progress, progress_since
from prismd.services.runtime import Runtime
from prismd.services.session import Session

#: The most simultaneous reads, so that other requests find free threads and connections when many jobs move on.
_READS_MAX: Final = 2
_COME_BACK_S: Final = 10


class Feed:
    """The state of one job, for all event streams that watch it.

    Args:
        team_id: The team of the job.
        job_id: The job, as UUID text.
    """

    def __init__(self, team_id: int, job_id: str) -> None:
        self.key = f"{team_id}:{job_id}"
        self.team_id = team_id
        self.job_id = job_id
        #: The job at its last read.
        self.job: Job | None = None
        #: The counters after the first n chunks, for each known n.
        self.totals = [Counts()]
        #: Set at the next news. A stream takes this event before it reads the state, so that it misses nothing.
        self.news = asyncio.Event()
        self.watchers = 0
        self.stale = True
        self.reading = asyncio.Lock()

    def wake(self) -> None:
        """Mark the job as changed, and wake its streams."""
        self.stale = True
        self.news.set()
        self.news = asyncio.Event()

    def learn(self, progress: Progress) -> None:
        """Add the progress since the last read."""
        self.job = progress.job
        self.totals += itertools.islice(itertools.accumulate(progress.counts, _sum, initial=self.totals[-1]), 1, None)


class Watchers:
    """All event streams of imports in one application.

    Args:
        runtime: The runtime, for connections, settings and the time.
        listener: Receives the notifications of PostgreSQL.
        threads: Threads for reading the database.
    """

    def __init__(self, runtime: Runtime, listener: NotificationListener, threads: Threads) -> None:
        self._runtime = runtime
        self._listener = listener
        self._threads = threads
        listener.subscribe(self)
        self._feeds: dict[str, Feed] = {}
        self._watching = 0
        self._of_teams = Seats(runtime.settings.event_streams_per_team_max)
        self._reads = asyncio.Semaphore(_READS_MAX)
        self.stopping = False

    @property
    def idle(self) -> bool:
        """Whether no event stream is open and no state of a job is kept."""
        return not self._watching and not self._feeds

    @property
    def watching(self) -> int:
        """The number of open event streams."""
        return self._watching

    def admit(self, team_id: int) -> None:
        """Admit one more event stream.

        Args:
            team_id: Internal id of the stream's team.

        Raises:
            PrismdError: ``too_many_event_streams``: the team, or the server, has as many streams as it can have.
        """
        settings = self._runtime.settings
        if self._watching >= settings.event_streams_max:
            raise _too_many(f"{settings.event_streams_max} event streams are open, as many as the server serves")
        if not self._of_teams.take(team_id):
            most = settings.event_streams_per_team_max
            raise _too_many(f"the team has {most} event streams open, as many as it may have")
        self._watching += 1

    def release(self, team_id: int) -> None:
        """Give back the seat of an event stream."""
        self._of_teams.give_back(team_id)
        self._watching -= 1

    @contextmanager
    def feed(self, team_id: int, job_id: str) -> Iterator[Feed]:
        """Keep the state of a job while the block runs.

        Args:
            team_id: The team of the job.
            job_id: The job, as UUID text.
        """
        feed = self._feeds.setdefault(f"{team_id}:{job_id}", Feed(team_id, job_id))
        feed.watchers += 1
        try:
            with self._listener.used():
                yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                del self._feeds[feed.key]

    async def refresh(self, feed: Feed) -> None:
        """Read the progress of a job, unless another of its streams has just read it.

        Raises:
            PrismdError: ``not_found``: the job has expired.
            psycopg.OperationalError: The database does not answer.
        """
        async with feed.reading:
            if not feed.stale:
                return
            async with self._reads:
                feed.stale = False
                try:
                    feed.learn(await self._threads.run_quick(lambda: self._read(feed)))
                except BaseException:
                    feed.stale = True
                    raise

    def stop(self) -> None:
        """End all event streams because the server stops; can be called repeatedly."""
        if not self.stopping:
            self.stopping = True
            self.on_gap()

    def on_notification(self, notification: Notification) -> None:
        """Wake the streams of a job that has moved on."""
        if not isinstance(notification, ImportMoved):
            return
        if feed := self._feeds.get(f"{notification.team_id}:{notification.job_id}"):
            feed.wake()

    def on_gap(self) -> None:
        """Wake the streams of all jobs, because notifications may have been missed."""
        for feed in self._feeds.values():
            feed.wake()

    def _read(self, feed: Feed) -> Progress:
        return Session(self._runtime, feed.team_id).do(progress_since, feed.job_id, chunks=len(feed.totals) - 1)


def _too_many(why: str) -> PrismdError:
    message = f"{why}; ask for the import itself meanwhile"
    return PrismdError("too_many_event_streams", message, retry_after_s=_COME_BACK_S)


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(*map(operator.add, astuple(one), astuple(other)))
