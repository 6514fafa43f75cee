"""The clients: they send a lane's imports, repeat what was not answered, and poll until each has ended."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import httpx
import msgspec

from chaos.killer import Progress
from chaos.load import Lane, Request, request
from chaos.victim import Access

_POLL_S: Final = 0.05
_REPEAT_S: Final = 0.1
_REST_S: Final = 0.2
#: An answer that never comes would be a fault too; so would a server that never comes back.
_ANSWER_S: Final = 60.0
_PATIENCE_S: Final = 120.0
_CONFLICT: Final = 409
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
#: Every so many imports, a client acts as if the answer had been lost, and sends the request once more.
_FORGETFUL: Final = 4


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Why a row was refused, without the sentence, in which ids stand."""

    code: str
    property: str | None = None


class RowResult(msgspec.Struct, frozen=True, gc=False):
    """What became of a row."""

    input_index: int
    id: str | None
    created: bool
    existing: bool
    updated: bool
    duplicate_of: int | None = None
    errors: tuple[Problem, ...] = ()


class Job(msgspec.Struct, frozen=True):
    """An import as the server tells of it."""

    status: str
    state: str
    total: int
    processed: int
    created: int
    existing: int
    updated: int
    failed: int
    updated_at: datetime
    results: list[RowResult] = []


#: Made before any thread asks for it: two that were the first at once would crash the process.
_JOB: Final = msgspec.json.Decoder(Job)


class WrongAnswerError(Exception):
    """The server answered what it never should, or nothing for too long."""


@dataclass(frozen=True, slots=True)
class Import:
    """An import that has ended.

    Args:
        name: Of its request.
        lane: To which it belongs.
        rows: How many rows it had.
        job: How it ended.
    """

    name: str
    lane: Lane
    rows: int
    job: Job


@dataclass(frozen=True, slots=True)
class Clients:
    """Those who send the imports of a run.

    Args:
        url: Of the server.
        accesses: To the teams, in the order of the lanes.
        seed: Of the requests.
        progress: Is told of every chunk that is seen to be done.
        more: Whether to go on in a lane with the request of this number; asked once for each round of them.
    """

    url: str
    accesses: Sequence[Access]
    seed: int
    progress: Progress
    more: Callable[[Lane, int], bool]

    def send(self, lane: Lane) -> list[Import]:
        """Send a lane's imports and return them, ended.

        Raises:
            WrongAnswerError: An import was refused, answered differently when repeated, or never answered.
        """
        access, done = self.accesses[lane.team], list[Import]()
        headers = {"x-api-key": access.key, "content-type": "application/json"}
        path = f"/v2/prism/{access.team}/{lane.object_type}/import"
        with (
            httpx.Client(base_url=self.url, headers=headers, timeout=_ANSWER_S) as client,
            ThreadPoolExecutor(lane.width) as crowd,
        ):
            sender = _Sender(client, path, self.progress)
            numbers = itertools.takewhile(lambda number: self.more(lane, number), itertools.count(step=lane.width))
            for first in numbers:
                requests = [request(self.seed, lane, number) for number in range(first, first + lane.width)]
                done += crowd.map(sender.send, requests)
                time.sleep(_REST_S)
        return done


class _Sender:
    def __init__(self, client: httpx.Client, path: str, progress: Progress) -> None:
        self._client = client
        self._path = path
        self._progress = progress

    def send(self, wanted: Request) -> Import:
        body, key = wanted.body, {"idempotency-key": wanted.name}
        answer = self._answered("POST", self._path, wanted.name, body, key)
        if wanted.number % _FORGETFUL == 0:
            again = self._answered("POST", self._path, wanted.name, body, key)
            if again.content != answer.content:
                raise WrongAnswerError(f"{wanted.name}: repeated under its key, the import was answered differently")
        job = _job(answer)
        if place := answer.headers.get("location"):
            job = self._ended(place, wanted.name)
        return Import(wanted.name, wanted.lane, len(wanted.rows), job)

    def _ended(self, place: str, name: str) -> Job:
        processed, moved = 0, time.monotonic()
        while True:
            job = _job(self._answered("GET", place, name))
            if job.processed > processed:
                self._progress.seen(job.updated_at)
                self._progress.stood_still(time.monotonic() - moved)
                processed, moved = job.processed, time.monotonic()
            if job.status != "processing":
                return job
            time.sleep(_POLL_S)

    def _answered(
        self, method: str, path: str, name: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        for _ in _until(time.monotonic() + _PATIENCE_S):
            if self._progress.given_up.is_set():
                break
            try:
                answer = self._client.request(method, path, content=body, headers=headers)
            except httpx.TransportError:
                continue  # the server was killed: whether it did the work is what the key is for
            if answer.is_success:
                return answer
            in_progress = answer.status_code == _CONFLICT and answer.headers.get("x-should-retry") == "true"
            if answer.status_code not in {_UNAVAILABLE, _TOO_MANY} and not in_progress:
                raise WrongAnswerError(
                    f"{name}: {method} {path} was answered {answer.status_code}: {answer.text[:500]}"
                )
        raise WrongAnswerError(f"{name}: {method} {path} was not answered for too long")


def _job(answer: httpx.Response) -> Job:
    return _JOB.decode(answer.content)


def _until(deadline: float) -> Iterator[None]:
    yield
    while time.monotonic() < deadline:
        time.sleep(_REPEAT_S)
        yield
