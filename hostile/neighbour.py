"""The other team: in a process of its own it polls its job and posts ten rows, and notes how long that takes."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final

import httpx

_POLL_S: Final = 0.1
_POST_S: Final = 1.0
_ROWS: Final = 10
_PATIENCE_S: Final = 60.0
#: Rows enough for a job.
_JOB_ROWS: Final = 120
POLL: Final = "poll"
POST: Final = "post"


@dataclass(frozen=True, slots=True)
class Noticed:
    """One request of the other team.

    Args:
        what: :data:`POLL` or :data:`POST`.
        at: When it began, by the monotonic clock, in seconds.
        took_s: How long it took, in seconds.
        fault: What was wrong with the answer; nothing, mostly.
    """

    what: str
    at: float
    took_s: float
    fault: str = ""


class Neighbour:
    """What the other team notices.

    Args:
        url: Of the server.
        team: The other team's id.
        key: Its API key.
    """

    def __init__(self, url: str, team: str, key: str) -> None:
        self._client = {"base_url": f"{url}/v2/prism/{team}", "headers": {"x-api-key": key}, "timeout": _PATIENCE_S}
        self._noticed: list[Noticed] = []
        self._lock = threading.Lock()

    @contextmanager
    def living(self) -> Iterator[None]:
        """Let it live as long as the block runs."""
        # A process of its own waits for no thread that sends.
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_live, args=(self._client, there), daemon=True)
        process.start()
        there.close()
        thread = threading.Thread(target=self._listen, args=(here,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            process.terminate()
            process.join()
            thread.join()

    def taken(self) -> list[Noticed]:
        """Return what was noticed since this was asked for last."""
        with self._lock:
            noticed, self._noticed = self._noticed, []
            return noticed

    def _listen(self, line: Connection) -> None:
        while True:
            try:
                one = line.recv()
            except EOFError:
                return
            with self._lock:
                self._noticed.append(one)


def _live(client: dict[str, Any], line: Connection) -> None:
    # Ctrl-C is for those who started it, who end it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lock = threading.Lock()

    def tell(one: Noticed) -> None:
        with lock:
            line.send(one)

    with httpx.Client(**client, trust_env=False) as http:
        rows = [{"default": {"full_name": f"Neighbour {number}"}} for number in range(_JOB_ROWS)]
        job = http.post("/contact/import", json={"objects": rows}).raise_for_status().json()["job_id"]
        posting = threading.Thread(target=_post, args=(client, tell), daemon=True)
        posting.start()
        while True:
            tell(_timed(POLL, lambda: _fault(http.get(f"/imports/{job}"))))
            time.sleep(_POLL_S)


def _post(client: dict[str, Any], tell: Callable[[Noticed], None]) -> None:
    rows = [{"default": {"full_name": f"Neighbour {number}"}} for number in range(_ROWS)]
    with httpx.Client(**client, trust_env=False) as http:
        while True:
            tell(_timed(POST, lambda: _fault(http.post("/contact/import", json={"objects": rows}), _ROWS)))
            time.sleep(_POST_S)


def _timed(what: str, ask: Callable[[], str]) -> Noticed:
    began = time.monotonic()
    try:
        fault = ask()
    except httpx.HTTPError as error:
        fault = f"{type(error).__name__}: {error}"
    return Noticed(what, began, time.monotonic() - began, fault)


def _fault(answer: httpx.Response, created: int | None = None) -> str:
    if not answer.is_success:
        return f"{answer.status_code} {answer.text[:200]}"
    if created is not None and answer.json()["created"] != created:
        return f"{answer.json()['created']} of {created} rows made a record"
    return ""
