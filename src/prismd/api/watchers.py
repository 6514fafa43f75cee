"""Who watches which import: one connection listens for all of them, and one read serves all who watch a job."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import psycopg
import structlog
from litestar import Litestar

from prismd.core.errors import PrismdError
from prismd.core.imports.job import Counts, Job
from prismd.services.progress import Progress, progress_since
from prismd.services.runtime import Runtime
from prismd.store.progress import listening

#: Reads at a time, whatever wakes up together, so that other requests find threads and connections.
_READS_MAX: Final = 2
_RECONNECT_FIRST_S: Final = 0.1
_RECONNECT_LAST_S: Final = 5.0
_COME_BACK_S: Final = 10

_LOG = structlog.get_logger()


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
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._feeds: dict[str, Feed] = {}
        self._watching = 0
        self._listener: asyncio.Task[None] | None = None
        self._reads = asyncio.Semaphore(_READS_MAX)
        self.stopping = False

    @property
    def idle(self) -> bool:
        """Whether nobody watches, and nothing is kept for those who did."""
        return not self._watching and not self._feeds

    def admit(self) -> None:
        """Let one more watcher in.

        Raises:
            PrismdError: ``too_many_event_streams``: there are as many as there may be.
        """
        most = self._runtime.settings.event_streams_max
        if self._watching >= most:
            message = (
                f"{most} event streams are open, as many as the server serves; ask for the import itself meanwhile"
            )
            raise PrismdError("too_many_event_streams", message, retry_after_s=_COME_BACK_S)
        self._watching += 1

    def release(self) -> None:
        """Let a watcher go that was admitted."""
        self._watching -= 1

    @contextmanager
    def feed(self, team_id: int, job_id: str) -> Iterator[Feed]:
        """Keep what is known of a job as long as somebody watches it.

        Args:
            team_id: The team of the job.
            job_id: The job, as UUID text.
        """
        if self._listener is None:
            # Whoever is never asked for events needs no connection for them.
            self._listener = asyncio.create_task(self._listen())
        feed = self._feeds.setdefault(f"{team_id}:{job_id}", Feed(team_id, job_id))
        feed.watchers += 1
        try:
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
                    feed.learn(await asyncio.to_thread(self._read, feed))
                except BaseException:
                    feed.stale = True
                    raise

    def stop(self) -> None:
        """Send all watchers away, as the server ends; may be called repeatedly."""
        if not self.stopping:
            self.stopping = True
            self._wake_all()

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Listen no longer than the application runs."""
        yield
        self.stop()
        if self._listener is not None:
            self._listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listener

    def _read(self, feed: Feed) -> Progress:
        with self._runtime.pool.connection() as connection:
            known = len(feed.totals) - 1
            return progress_since(connection, feed.team_id, feed.job_id, chunks=known, now=self._runtime.now())

    async def _listen(self) -> None:
        wait_s = _RECONNECT_FIRST_S
        while True:
            try:
                async with listening(self._runtime.pool, self._runtime.settings) as moved:
                    wait_s = _RECONNECT_FIRST_S
                    # What happened before this connection listened was told to nobody.
                    self._wake_all()
                    async for key in moved:
                        if feed := self._feeds.get(key):
                            feed.wake()
            except (psycopg.Error, OSError) as error:
                _LOG.warning("no word of the progress of imports", error=str(error).strip(), wait_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _RECONNECT_LAST_S)

    def _wake_all(self) -> None:
        for feed in self._feeds.values():
            feed.wake()


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.created + other.created,
        one.existing + other.existing,
        one.updated + other.updated,
        one.failed + other.failed,
    )
