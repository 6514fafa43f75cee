"""Who watches which import: one read serves all who watch a job, and is made when there is word of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prismd.api.limits.seats import Places
from prismd.api.limits.threads import Threads
from prismd.api.realtime.change_stream import ChangeStream
from prismd.core.changes import ImportMoved, Notice
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Counts, Job
from prismd.services.imports.progress import Progress, progress_since
from prismd.services.runtime import Runtime
from prismd.services.session import Session

#: Reads at a time, whatever wakes up together, so that other requests find threads and connections.
_READS_MAX: Final = 2
_COME_BACK_S: Final = 10


class Feed:
    """What is known of one job, for all who watch it.

    Args:
        team_id: The team of the job.
        job_id: The job, as UUID text.
    """

    def __init__(self, team_id: int, job_id: str) -> None:
        self.key = f"{team_id}:{job_id}"
        self.team_id = team_id
        self.job_id = job_id
        #: The job as it was when it was last read.
        self.job: Job | None = None
        #: What the first n chunks brought together, for each n that is known.
        self.totals = [Counts()]
        #: Set at the next news; whoever waits takes it before looking at what is known, so that nothing is missed.
        self.news = asyncio.Event()
        self.watchers = 0
        self.stale = True
        self.reading = asyncio.Lock()

    def wake(self) -> None:
        """Have the job looked at again by whoever watches it."""
        self.stale = True
        self.news.set()
        self.news = asyncio.Event()

    def learn(self, progress: Progress) -> None:
        """Take what was read since the chunks that are known."""
        self.job = progress.job
        self.totals += itertools.islice(itertools.accumulate(progress.counts, _sum, initial=self.totals[-1]), 1, None)


class Watchers:
    """All who watch imports through one application.

    Args:
        runtime: For connections, settings and the time.
        changes: Tells of jobs that move on.
        threads: In which the database is read.
    """

    def __init__(self, runtime: Runtime, changes: ChangeStream, threads: Threads) -> None:
        self._runtime = runtime
        self._changes = changes
        self._threads = threads
        changes.subscribe(self)
        self._feeds: dict[str, Feed] = {}
        self._watching = 0
        self._of_teams = Places(runtime.settings.event_streams_per_team_max)
        self._reads = asyncio.Semaphore(_READS_MAX)
        self.stopping = False

    @property
    def idle(self) -> bool:
        """Whether nobody watches, and nothing is kept for those who did."""
        return not self._watching and not self._feeds

    @property
    def watching(self) -> int:
        """How many event streams are open."""
        return self._watching

    def admit(self, team_id: int) -> None:
        """Let one more watcher in.

        Args:
            team_id: Of the watcher.

        Raises:
            PrismdError: ``too_many_event_streams``: there are as many as there may be, of the team or in all.
        """
        settings = self._runtime.settings
        if self._watching >= settings.event_streams_max:
            raise _too_many(f"{settings.event_streams_max} event streams are open, as many as the server serves")
        if not self._of_teams.take(team_id):
            most = settings.event_streams_per_team_max
            raise _too_many(f"the team has {most} event streams open, as many as it may have")
        self._watching += 1

    def release(self, team_id: int) -> None:
        """Let a watcher go that was admitted."""
        self._of_teams.give_back(team_id)
        self._watching -= 1

    @contextmanager
    def feed(self, team_id: int, job_id: str) -> Iterator[Feed]:
        """Keep what is known of a job as long as somebody watches it.

        Args:
            team_id: The team of the job.
            job_id: The job, as UUID text.
        """
        feed = self._feeds.setdefault(f"{team_id}:{job_id}", Feed(team_id, job_id))
        feed.watchers += 1
        try:
            with self._changes.wanted():
                yield feed
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                del self._feeds[feed.key]

    async def refresh(self, feed: Feed) -> None:
        """Read what has happened to a job, unless another of its watchers just did.

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
        """Send all watchers away, as the server ends; may be called repeatedly."""
        if not self.stopping:
            self.stopping = True
            self.miss()

    def hear(self, notice: Notice) -> None:
        """Have a job looked at again that has moved on."""
        if isinstance(notice, ImportMoved) and (feed := self._feeds.get(f"{notice.team_id}:{notice.job_id}")):
            feed.wake()

    def miss(self) -> None:
        """Have all jobs looked at again, as there may have been no word of them."""
        for feed in self._feeds.values():
            feed.wake()

    def _read(self, feed: Feed) -> Progress:
        return Session(self._runtime, feed.team_id).do(progress_since, feed.job_id, chunks=len(feed.totals) - 1)


def _too_many(why: str) -> PrismdError:
    message = f"{why}; ask for the import itself meanwhile"
    return PrismdError("too_many_event_streams", message, retry_after_s=_COME_BACK_S)


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.created + other.created,
        one.existing + other.existing,
        one.updated + other.updated,
        one.failed + other.failed,
    )
