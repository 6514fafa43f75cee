"""The progress of an import as server-sent events, which a client can resume after a break (contract, 22)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from litestar import Request
from litestar.response.base import ASGIResponse

from prismd.api.authentication.key_watch import KeyWatch
from prismd.api.document.operation import TEAM, Operation, Parameter, Reply
from prismd.api.http.handling import handles
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.imports.handlers import read_job
from prismd.api.imports.jobs import shown
from prismd.api.imports.watchers import Watchers
from prismd.api.limits.seated_stream import SeatedStream
from prismd.api.limits.threads import Threads
from prismd.core.api_keys.scopes import Scope as KeyScope
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job
from prismd.core.json.text import encode
from prismd.core.wording.quoting import quoted
from prismd.services.api_keys.authentication import Caller
from prismd.services.imports.progress import after_chunks

EVENT_STREAM: Final = "text/event-stream"
LAST_EVENT_ID: Final = "last-event-id"
#: The id of the last event. A client that sends it has seen all events; 204 tells a browser not to come again.
END: Final = "end"

_RETRY_MS: Final = 1_000
_READ_AGAIN_S: Final = 1.0
_DIGITS_MAX: Final = 9
#: Tells proxies to pass on each event at once.
_HEADERS: Final = {"x-accel-buffering": "no"}


@handles(
    Operation(
        name="watchImport",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}/events",
        tag="Imports",
        scopes=(KeyScope.IMPORT, KeyScope.READ),
        typed_by_job=True,
        summary="Watch an import job",
        description=(
            "Server-sent events: `progress` after each chunk, with the job as its data and the number of chunks done "
            "as its id, missed events first; then `end` with the final job, and the stream closes. Comments keep a "
            "silent stream alive."
        ),
        parameters=(
            Parameter(
                LAST_EVENT_ID, "header", "Id of the last event that was seen; without it, events begin with the first."
            ),
        ),
        replies=(
            Reply(200, "Events, until the job has come to its end.", texts=(EVENT_STREAM,)),
            Reply(204, "The client has seen all events, including `end`."),
        ),
        errors=("not_found", "too_many_event_streams"),
    )
)
async def get_events(request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn) -> ASGIResponse:
    """Send an event after each chunk of an import, until the import ends."""
    threads: Threads = request.app.state.threads
    job = await threads.run_quick(lambda: read_job(session, job_id))
    last = request.headers.get(LAST_EVENT_ID, "").strip()
    if last == END and job.ended:
        return ASGIResponse(status_code=204)
    seen = _chunks_seen(last)
    watchers: Watchers = request.app.state.watchers
    watchers.admit(session.team_id)
    keys: KeyWatch = request.app.state.key_watch
    stream = _Stream(watchers, keys, session.caller, job, session.settings.events_heartbeat_s)
    return SeatedStream(
        stream.events(seen),
        media_type=EVENT_STREAM,
        headers=_HEADERS,
        leave=lambda: watchers.release(session.team_id),
    )


@dataclass(frozen=True, slots=True)
class _Stream:
    """One event stream.

    Args:
        watchers: Counts the stream and wakes it.
        keys: Watches for revoked keys.
        caller: The caller.
        job: The job.
        heartbeat_s: The longest silence, in seconds.
    """

    watchers: Watchers
    keys: KeyWatch
    caller: Caller
    job: Job
    heartbeat_s: float

    async def events(self, seen: int) -> AsyncGenerator[bytes, None]:
        """Yield an event for each further chunk when it is done, and one for the end."""
        yield f"retry: {_RETRY_MS}\n\n".encode()
        watchers = self.watchers
        with watchers.feed(self.job.team_id, self.job.id) as feed, self.keys.held(self.caller.key_id, feed.wake) as key:
            while key.good and not watchers.stopping:
                news, wait_s = feed.news, self.heartbeat_s
                try:
                    await watchers.refresh(feed)
                except psycopg.OperationalError:
                    wait_s = min(self.heartbeat_s, _READ_AGAIN_S)
                except PrismdError as error:
                    if error.code != "too_many_requests":
                        return  # the job has expired
                    wait_s = min(self.heartbeat_s, _READ_AGAIN_S)
                while feed.job is not None and seen + 1 < len(feed.totals):
                    seen += 1
                    yield _event("progress", str(seen), after_chunks(feed.job, seen, feed.totals[seen]))
                if feed.job is not None and feed.job.ended:
                    yield _event("end", END, feed.job)
                    return
                if not await _came(news, wait_s):
                    yield b": still here\n\n"


async def _came(news: asyncio.Event, wait_s: float) -> bool:
    try:
        async with asyncio.timeout(wait_s):
            await news.wait()
    except TimeoutError:
        return False
    return True


def _event(name: str, id_: str, job: Job) -> bytes:
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (id_.encode(), name.encode(), encode(shown(job)))


def _chunks_seen(last: str) -> int:
    """Return the number of chunks whose event the client has received; -1 if it has received no event at all."""
    if last in ("", END):
        return -1
    if not (last.isascii() and last.isdigit() and len(last) <= _DIGITS_MAX):
        message = f"expected the id of an event of this import, found {quoted(last)}; leave it out to get all events"
        raise PrismdError.invalid(f".headers.{LAST_EVENT_ID}", message, "format")
    return int(last)
