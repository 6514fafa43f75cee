"""The walks that docs/architecture.md describes are those that a row and a query take, and their calls go downward."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest

from prismd.services.runtime import system_clock, system_ids
from prismd.worker import loop
from prismd.worker.stop import Stop
from tests.api.conftest import Api

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src/prismd"
#: From the highest to the lowest; layers of one level do not call each other.
LAYERS: Final = ("worker", "api", "services", "store", "core")
STOPS_MAX: Final = 17

Stops = list[tuple[str, str]]


def walk_of(what: str) -> Stops:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    walk = page.split(f"## A {what}, ")[1].split("\n## ")[0]
    return re.findall(r"^\| \d+ \| `([\w/.]+)` \| `(\w+)` \|", walk, re.MULTILINE)


def layer(file: str) -> int | None:
    head = file.split("/", maxsplit=1)[0]
    return LAYERS.index(head) if head in LAYERS else None


class Walk:
    """Notes which stops are reached, in which order, and every call on the way that goes upward."""

    def __init__(self, what: str) -> None:
        self.reached: Stops = []
        self.upward: list[str] = []
        self._stops = set(walk_of(what))

    def note(self, frame: FrameType, event: str, _arg: Any) -> None:
        """Look at a call; this is what ``sys.setprofile`` takes."""
        path = frame.f_code.co_filename
        if event != "call" or not path.startswith(str(SOURCE)):
            return
        file = path[len(str(SOURCE)) + 1 :]
        stop = (file, frame.f_code.co_qualname.split(".")[0])
        if stop in self._stops and stop not in self.reached:
            self.reached.append(stop)
            self._look_at_callers(frame, file)

    def _look_at_callers(self, frame: FrameType, file: str) -> None:
        callee, caller = layer(file), frame.f_back
        while caller is not None:
            path = caller.f_code.co_filename
            above = layer(path[len(str(SOURCE)) + 1 :]) if path.startswith(str(SOURCE)) else None
            if above is not None and callee is not None and above > callee:
                self.upward.append(f"{path} calls {file}")
            callee, caller = above if above is not None else callee, caller.f_back


@contextmanager
def walking(what: str) -> Iterator[Walk]:
    """Look at the calls of all threads that start inside the block, and of this one."""
    walk = Walk(what)
    before = sys.getprofile()
    threading.setprofile(walk.note)
    sys.setprofile(walk.note)
    try:
        yield walk
    finally:
        sys.setprofile(before)
        threading.setprofile(before)


def work(api: Api, monkeypatch: pytest.MonkeyPatch, ended: Callable[[], bool]) -> None:
    """Run the loop of a worker in this process, which keeps its memory and its collection of garbage."""
    monkeypatch.setattr(loop, "limit_memory", lambda _: None)
    monkeypatch.setattr(loop, "_favour_throughput", lambda: None)
    stop = Stop()
    with stop._asleep, stop._alarm:
        loop.run(loop.Surroundings(api.database_url, api.settings, system_clock, system_ids(), stop, ended))


def test_a_row_takes_the_walk_of_the_page(serve: Callable[..., Api], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"default": {"email": f"p{number}@example.org"}} for number in range(300)]
    walk_of_page = walk_of("row")
    turn = next(index for index, (file, _) in enumerate(walk_of_page) if layer(file) == LAYERS.index("worker"))
    request, chunk = walk_of_page[:turn], walk_of_page[turn:]
    with walking("row") as walk:
        api = serve(import_pipeline=False)
        walk.reached.clear()  # what starts the application is no request
        accepted = api.start(rows, dedupe_by="email")
        assert accepted.status_code == 202, accepted.text
        assert [stop for stop in walk.reached if stop in request] == request
        walk.reached.clear()
        path = f"/imports/{accepted.json()['job_id']}"
        work(api, monkeypatch, lambda: api.send("GET", path).json()["status"] != "processing")
        assert [stop for stop in walk.reached if stop in chunk] == chunk
    assert walk.upward == []


def test_a_query_takes_the_walk_of_the_page(serve: Callable[..., Api]) -> None:
    people = [{"default": {"full_name": f"Person {number}", "city": "Rome"}} for number in range(3)]
    query = {"select": ["full_name", "company.name"], "filter": [{"city": {"=": "Rome"}}], "limit": 1}
    with walking("query") as walk:
        api = serve()
        assert api.start(people).json()["created"] == len(people)
        first = api.send("POST", "/contact/query", json={"query": query})
        assert first.status_code == 200, first.text
        walk.reached.clear()
        second = api.send("POST", "/contact/query", json={"query": query, "cursor": first.json()["next_cursor"]})
        assert second.status_code == 200, second.text
        assert walk.reached == walk_of("query")
    assert walk.upward == []


def test_the_walk_of_a_row_is_short() -> None:
    assert 1 < len(walk_of("row")) <= STOPS_MAX
