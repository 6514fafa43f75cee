"""Watching an import: each chunk is told once and in order, whatever breaks, and idle watchers cost next to nothing."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from prismd.api.imports.watchers import Watchers
from prismd.services.realtime.notifications import import_moved
from prismd.services.session import Session
from prismd.store.imports.jobs import get_job
from tests.api.test_imports import rows
from tests.api.watching import Event, watching
from tests.processes import eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock

Serve = Callable[..., "Api"]

LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'prismd changes'"


@pytest.fixture
def api(serve: Serve) -> Api:
    """An application that cuts imports into small chunks."""
    return serve(rows_per_chunk=50)


def start(api: Api, count: int = 150, **options: Any) -> str:
    return str(api.start(rows(count), **options).json()["job_id"])


def summary(events: list[Event]) -> list[tuple[str, str, int]]:
    return [(event.id, event.event, event.data["processed"]) for event in events]


def watchers_of(api: Api) -> Watchers:
    """Return what the served application keeps of its watchers."""
    found: Watchers = api.app._app.state["watchers"]
    return found


def test_every_chunk_is_told_as_it_is_done_and_then_the_end(api: Api) -> None:
    job = start(api)
    with watching(api, job) as stream:
        assert stream.response.headers["content-type"].startswith("text/event-stream")
        assert stream.response.headers["cache-control"] == "private, no-store"
        assert stream.response.headers["x-request-id"]
        assert stream.next().retry == "1000"
        first = stream.event()
        assert (first.id, first.event, first.data["state"]) == ("0", "progress", "queued")
        for number in (1, 2):
            api.work(steps=1)
            event = stream.event()
            assert (event.id, event.event, event.data["processed"]) == (str(number), "progress", 50 * number)
            assert event.data == api.send("GET", f"/imports/{job}").json()
        api.work()
        last, end = list(stream)
        assert summary([last, end]) == [("3", "progress", 150), ("end", "end", 150)]
        done = api.send("GET", f"/imports/{job}").json()
        assert end.data == {name: value for name, value in done.items() if name != "results"}


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (None, ["0", "1", "2", "3", "end"]),
        ("", ["0", "1", "2", "3", "end"]),
        ("0", ["1", "2", "3", "end"]),
        ("2", ["3", "end"]),
        ("3", ["end"]),
        ("999999999", ["end"]),
    ],
)
def test_a_job_that_has_ended_is_replayed_from_where_the_watcher_was(
    api: Api, last: str | None, expected: list[str]
) -> None:
    job = start(api)
    api.work()
    with watching(api, job, last) as stream:
        events = list(stream)
    assert [event.id for event in events] == expected
    for event in events[:-1]:
        assert event.data["processed"] == 50 * int(event.id)
        assert event.data["status"] == "processing"
    assert events[-1].data["status"] == "complete"


def test_counters_of_missed_chunks_are_those_of_their_time(api: Api) -> None:
    api.start(rows(20))
    failing = [{"default": {"no_such_property": 1}}] * 30
    job = api.start([*rows(50), *failing, *rows(70)], dedupe_by="email").json()["job_id"]
    api.work()
    with watching(api, job) as stream:
        counts = [[event.data[name] for name in ("created", "existing", "failed", "not_attempted")] for event in stream]
    assert counts == [[0, 0, 0, 150], [30, 20, 0, 100], [30, 40, 30, 50], [50, 70, 30, 0], [50, 70, 30, 0]]


def test_after_the_end_nothing_is_left_to_come_back_for(api: Api) -> None:
    job = start(api)
    api.work()
    with watching(api, job, "end") as stream:
        assert stream.response.status_code == 204
        assert stream.response.content == b""


def test_a_watcher_that_comes_and_goes_sees_every_event_once_and_in_order(api: Api) -> None:
    job = start(api, 500)
    seen: list[str] = []
    for steps in itertools.cycle((0, 1, 3)):
        with watching(api, job, seen[-1] if seen else None) as stream:
            api.work(steps=steps)
            for _, event in zip(range(steps + 1), stream, strict=False):
                seen.append(event.id)
        if seen[-1] == "end":
            break
        api.work(steps=1)
    assert seen == [*map(str, range(11)), "end"]


def test_a_silent_stream_is_kept_alive_with_comments(serve: Serve) -> None:
    api = serve(events_heartbeat_s=0.05)
    job = start(api)
    with watching(api, job) as stream:
        assert (stream.next().retry, stream.next().id) == ("1000", "0")
        for _ in range(3):
            assert stream.next().comments == ["still here"]
        api.work()
        assert [event.id for event in stream] == ["1", "end"]


def test_cancelling_ends_the_stream(api: Api) -> None:
    job = start(api)
    with watching(api, job) as stream:
        assert stream.event().id == "0"
        api.work(steps=1)
        assert api.send("POST", f"/imports/{job}/cancel").status_code == 200
        progress, end = list(stream)
    assert (progress.id, end.id, end.data["state"]) == ("1", "end", "cancelled")
    assert end.data["error"]["code"] == "cancelled"
    assert end.data["not_attempted"] == 100


def test_a_job_that_expires_meanwhile_ends_the_stream(api: Api, clock: Clock) -> None:
    job = start(api)
    with watching(api, job) as stream:
        assert stream.event().id == "0"
        clock.advance(days=8)
        with Session(api.runtime, api.team_id()).transaction() as transaction:
            found = get_job(transaction.connection, transaction.team_id, job)
            assert found
            import_moved(transaction, found)
        assert list(stream) == []


def test_only_jobs_of_the_own_team_can_be_watched(api: Api) -> None:
    job = start(api)
    other = api.make_key("other team")
    for team, key in (("other%20team", other), (api.team, api.key)):
        wanted = job if team != api.team else "01920000-0000-7000-8000-000000000000"
        answer = api.send("GET", f"/v2/prism/{team}/imports/{wanted}/events", key=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert api.send("GET", f"/imports/{job}/events", key=other).status_code == 403


@pytest.mark.parametrize("last", ["one", "-1", "1.0", "1234567890", "٣"])
def test_an_id_that_no_event_has_is_refused(api: Api, last: str) -> None:
    answer = api.send("GET", f"/imports/{start(api)}/events", headers={"last-event-id": last.encode()})
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["field"] == ".headers.last-event-id"


def test_the_head_of_a_stream_comes_alone(api: Api) -> None:
    answer = api.send("HEAD", f"/imports/{start(api)}/events")
    assert (answer.status_code, answer.content) == (200, b"")
    eventually(lambda: watchers_of(api).idle)


def test_streams_beyond_the_limit_are_sent_away_until_there_is_room(serve: Serve) -> None:
    api = serve(event_streams_max=1)
    job = start(api)
    path = f"/imports/{job}/events"
    with watching(api, job) as stream:
        assert stream.event().id == "0"
        refused = api.send("GET", path)
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_event_streams")
        assert int(refused.headers["retry-after"]) > 0
    eventually(lambda: watchers_of(api).idle)
    api.work()
    assert api.send("GET", path).status_code == 200


def test_a_watcher_who_leaves_leaves_nothing_behind(api: Api) -> None:
    job = start(api)
    with watching(api, job) as stream, watching(api, job) as other:
        assert stream.event().id == other.event().id == "0"
        assert not watchers_of(api).idle
    eventually(lambda: watchers_of(api).idle)


def test_streams_end_at_once_when_the_server_stops(serve: Serve) -> None:
    api = serve(events_heartbeat_s=3600)
    with watching(api, start(api)) as stream:
        assert stream.event().id == "0"
        api.server.should_exit = True
        assert list(stream) == []  # and ended in order, else the client would complain
    eventually(lambda: not api.server.started or not api.thread.is_alive())


def listeners(observer: psycopg.Connection[Any]) -> int:
    """Return how many connections listen, of applications of other tests too."""
    row = observer.execute(LISTENERS).fetchone()
    assert row is not None
    return int(row[0])


def test_five_hundred_watchers_need_one_connection_and_no_threads(serve: Serve, database_url: str) -> None:
    api = serve(rows_per_chunk=50, database_connections_max=4)
    jobs = [start(api, 100) for _ in range(5)]
    threads: list[int] = []

    with psycopg.connect(database_url, autocommit=True) as observer:
        before, others = connections(observer), listeners(observer)

        async def watch(client: httpx.AsyncClient, job: str, seen: list[str], ready: asyncio.Semaphore) -> None:
            url = api.url + api.path(f"/imports/{job}/events")
            async with client.stream("GET", url, headers={"x-api-key": api.key}) as response:
                async for line in response.aiter_lines():
                    if line.startswith("id: "):
                        seen.append(line[4:])
                        ready.release()

        async def run() -> list[list[str]]:
            limits = httpx.Limits(max_connections=None)
            async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
                seen: list[list[str]] = [[] for _ in range(500)]
                ready = asyncio.Semaphore(0)
                tasks = [asyncio.create_task(watch(client, jobs[n % 5], seen[n], ready)) for n in range(500)]
                for _ in tasks:
                    await ready.acquire()
                assert watchers_of(api)._watching == 500
                assert connections(observer) <= before + 4 + 1
                assert listeners(observer) <= others + 1
                threads.append(threading.active_count())
                await asyncio.to_thread(api.work)
                await asyncio.gather(*tasks)
                return seen

        assert asyncio.run(run()) == [["0", "1", "2", "end"]] * 500
    assert threads[0] < 50
    eventually(lambda: watchers_of(api).idle)


def connections(observer: psycopg.Connection) -> int:
    row = observer.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def test_what_happens_while_nobody_listens_is_told_afterwards(api: Api) -> None:
    job = start(api)
    with watching(api, job) as stream, psycopg.connect(api.database_url, autocommit=True) as admin:
        assert stream.event().id == "0"
        listener = "FROM pg_stat_activity WHERE application_name = 'prismd changes' AND datname = current_database()"
        eventually(lambda: admin.execute(f"SELECT 1 {listener}").fetchone())
        admin.execute(f"SELECT pg_terminate_backend(pid) {listener}")
        api.work()
        assert [event.id for event in stream] == ["1", "2", "3", "end"]


def test_whoever_never_watches_needs_no_connection(api: Api) -> None:
    start(api)
    assert watchers_of(api)._listener._task is None


def test_one_read_serves_all_who_watch_a_job(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []
    read = Watchers._read

    def counted(self: Watchers, feed: Any) -> Any:
        reads.append(feed.job_id)
        return read(self, feed)

    monkeypatch.setattr(Watchers, "_read", counted)
    job = start(api, 100)
    with watching(api, job) as one, watching(api, job) as two, watching(api, job) as three:
        streams = (one, two, three)
        for stream in streams:
            assert stream.event().id == "0"
        reads.clear()
        api.work(steps=1)
        for stream in streams:
            assert stream.event().id == "1"
        assert len(reads) == 1


def test_a_database_that_is_away_ends_no_stream(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start(api)
    read, away = Watchers._read, [True]

    def broken(self: Watchers, feed: Any) -> Any:
        if away[0]:
            away[0] = False
            raise psycopg.OperationalError("away")
        return read(self, feed)

    with watching(api, job) as stream:
        assert stream.event().id == "0"
        monkeypatch.setattr(Watchers, "_read", broken)
        api.work()
        assert [event.id for event in stream] == ["1", "2", "3", "end"]
