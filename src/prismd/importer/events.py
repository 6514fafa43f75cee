"""The events of a job: progress after each chunk; after a broken connection the stream is resumed (contract, 22)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import httpx
import msgspec

from prismd.importer.calls import PrismClient
from prismd.importer.imports import Job

_EVENT_STREAM: Final = "text/event-stream"
#: The most connections in a row without an event; after that, the job is polled instead.
_ATTEMPTS_MAX: Final = 3
_COME_BACK_S: Final = 1.0
#: Statuses of servers that have no event streams at all.
_WITHOUT_EVENTS: Final = frozenset({404, 405, 501})


class _NoEventsError(Exception):
    """The server sends no events now."""


@dataclass(slots=True)
class _Event:
    id: str = ""
    name: str = ""
    data: str = ""


def follow(client: PrismClient, job_id: str, watch: Callable[[Job], None]) -> Job | None:
    """Watch a job by its events until it ends.

    Args:
        client: The server that runs the job; its ``has_events`` is set to False if it has no events.
        job_id: The job.
        watch: Receives each snapshot; snapshots have no results.

    Returns:
        The job as it ended, without results; None if the events do not tell its end, so that the caller must poll it.
    """
    last, failures = "", 0
    while client.has_events and failures < _ATTEMPTS_MAX:
        try:
            for event in _events(client, job_id, last):
                last, failures = event.id or last, 0
                job = msgspec.json.decode(event.data, type=Job)
                watch(job)
                if event.name == "end":
                    return job
        except httpx.TransportError:
            pass  # the loop resumes the stream
        except (_NoEventsError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        failures += 1
        client.outside.sleep(_COME_BACK_S)
    return None


def _events(client: PrismClient, job_id: str, last: str) -> Iterator[_Event]:
    headers = {"accept": _EVENT_STREAM} | ({"last-event-id": last} if last else {})
    with client.stream("imports", job_id, "events", headers=headers) as response:
        if response.status_code in _WITHOUT_EVENTS:
            client.has_events = False
        if response.status_code != httpx.codes.OK or _EVENT_STREAM not in response.headers.get("content-type", ""):
            raise _NoEventsError
        event = _Event()
        for line in response.iter_lines():
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if event.data:
                    yield event
                event = _Event()
            elif name == "id":
                event.id = value
            elif name == "event":
                event.name = value
            elif name == "data":
                event.data += value
