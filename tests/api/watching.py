"""A client of event streams for tests: it reads events as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.api.conftest import Api


@dataclass
class Event:
    """One event, or a comment alone."""

    id: str = ""
    event: str = ""
    data: Any = None
    retry: str = ""
    comments: list[str] = field(default_factory=list)


class Stream:
    """An open event stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._blocks = self._read()

    def __iter__(self) -> Iterator[Event]:
        """Yield the events, without comments."""
        return (event for event in self._blocks if event.event)

    def next(self) -> Event:
        """Return what comes next, be it a comment."""
        return next(self._blocks)

    def event(self) -> Event:
        """Return the next event, which must come."""
        return next(iter(self))

    def _read(self) -> Iterator[Event]:
        event = Event()
        for line in self.response.iter_lines():
            if not line:
                yield event
                event = Event()
            elif line.startswith(":"):
                event.comments.append(line[1:].strip())
            else:
                name, _, value = line.partition(": ")
                setattr(event, name, json.loads(value) if name == "data" else value)


@contextmanager
def watching(api: Api, job: str, last: str | None = None) -> Iterator[Stream]:
    """Open the event stream of a job.

    Args:
        last: The ``Last-Event-ID``.
    """
    headers = {"x-api-key": api.key} | ({} if last is None else {"last-event-id": last})
    url = api.url + api.path(f"/imports/{job}/events")
    with httpx.Client(timeout=60, trust_env=False) as client, client.stream("GET", url, headers=headers) as response:
        if response.status_code != 200:
            response.read()
        yield Stream(response)
