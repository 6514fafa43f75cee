"""Whatever one team asks for, liveness, keys and polls are answered meanwhile, and so are the queries of others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from prismd.services.api_keys.api_keys import list_keys, revoke_key
from prismd.store.connections.postgres import connect
from tests.api.realtime import listening, opened, ticket
from tests.api.watching import watching
from tests.conftest import sole
from tests.processes import PATIENCE_S, eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]

#: Far less than what is waited for, and more than a busy machine takes.
SOON_S = 10
QUERY = {"query": {"select": ["email"]}}
#: Who waits for the lock of :func:`records_locked`, and who waits for these: small imports of a type take turns.
WAITING = """
WITH RECURSIVE waits AS (
    SELECT pid FROM pg_locks
    WHERE granted AND relation = 'record'::regclass AND mode = 'AccessExclusiveLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    UNION
    SELECT activity.pid FROM waits JOIN pg_stat_activity AS activity ON waits.pid = ANY(pg_blocking_pids(activity.pid))
)
SELECT count(*) - 1 FROM waits
"""


@contextmanager
def records_locked(api: Api) -> Iterator[None]:
    """Have every read of records wait, and every new import, as behind a query that takes as long as this lasts."""
    with connect(api.database_url, api.settings) as other:
        other.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
        other.execute("LOCK TABLE import_job IN SHARE MODE")
        yield
        other.rollback()


def waiting(api: Api) -> int:
    with connect(api.database_url, api.settings, autocommit=True) as connection:
        return int((connection.execute(WAITING).fetchone() or (0,))[0])


@contextmanager
def many(number: int) -> Iterator[Callable[..., Future[httpx.Response]]]:
    with ThreadPoolExecutor(number) as clients:
        yield clients.submit


def query(api: Api, key: str = "", team: str = "") -> httpx.Response:
    path = f"/v2/prism/{team or api.team}/contact/query"
    return api.send("POST", path, key=key, json=QUERY)


def test_keys_polls_and_health_wait_for_no_slow_query(serve: Serve) -> None:
    api = serve()
    job = api.start([{"default": {"email": f"{n}@x.org"}} for n in range(120)]).json()["job_id"]
    api.work()
    with many(40) as submit, records_locked(api):
        slow = [submit(query, api) for _ in range(30)]
        slow += [submit(api.send, "GET", path) for path in ("/contact", "/contact/count", "/deal/by/name/x") * 3]
        eventually(lambda: waiting(api) == 4)
        began = time.monotonic()
        assert api.send("GET", "/healthz").status_code == 200
        assert api.send("GET", "/healthz/live").status_code == 200
        assert api.send("GET", "/imports", key="wrong").status_code == 403
        assert len(api.send("GET", f"/imports/{job}").json()["results"]) == 120
        assert api.send("GET", "/imports").json()["data"][0]["job_id"] == job
        with watching(api, job) as stream:
            assert [event.event for event in stream][-1] == "end"
        with listening(api):
            pass
        assert time.monotonic() - began < SOON_S
    assert {done.result().status_code for done in slow} == {200, 404}


def test_a_team_that_asks_for_too_much_leaves_turns_to_the_others(serve: Serve) -> None:
    api = serve()
    key = api.make_key(other := f"{api.team}-other")
    with many(60) as submit, records_locked(api):
        slow = [submit(query, api) for _ in range(50)]
        eventually(lambda: waiting(api) == 4)
        theirs = submit(query, api, key, other)
        eventually(lambda: waiting(api) == 5)
    assert theirs.result().status_code == 200
    assert {done.result().status_code for done in slow} == {200}


def test_imports_of_one_team_leave_turns_to_the_others(serve: Serve) -> None:
    api = serve(requests_per_team_max=2)
    key = api.make_key(other := f"{api.team}-other")
    path = f"/v2/prism/{other}/contact/import"
    with many(12) as submit, records_locked(api):
        slow = [submit(api.start, [{}]) for _ in range(10)]
        eventually(lambda: waiting(api) == 2)
        theirs = submit(api.send, "POST", path, key=key, json={"objects": [{}]})
        eventually(lambda: waiting(api) == 3)
    assert theirs.result().status_code == 200
    assert {done.result().status_code for done in slow} == {200}


def test_what_finds_no_turn_is_told_so(serve: Serve) -> None:
    api = serve(requests_per_team_max=1, requests_waiting_per_team_max=1, request_turn_s=0.5)
    with many(3) as submit, records_locked(api):
        first = submit(query, api)
        eventually(lambda: waiting(api) == 1)
        answers = [submit(query, api), submit(query, api)]
        found = sorted((done.result() for done in answers), key=lambda one: one.elapsed)
        assert [one.status_code for one in found] == [429, 429]
        at_once, late = (one.json()["error"] for one in found)
        assert at_once["code"] == late["code"] == "too_many_requests"
        assert at_once["message"].endswith(
            "1 at a time, and 1 wait for their turn, which is the most there may be; send fewer at once"
        )
        assert late["message"].endswith("1 at a time, and none of them ended within 0.5 s; send fewer at once")
        assert {one.headers["retry-after"] for one in found} == {"1"}
        assert api.send("GET", "/imports").status_code == 200
    assert first.result().status_code == 200


def _revoke(api: Api, key: str) -> None:
    with connect(api.database_url, api.settings, autocommit=True) as connection:
        [found] = [one for one in list_keys(connection, api.team) if one.hint == key[-4:]]
        revoke_key(sole(api.runtime, connection), found.id, team=api.team)


def test_the_streams_of_a_revoked_key_end_within_a_heartbeat(serve: Serve) -> None:
    api = serve(events_heartbeat_s=1)
    job = api.start([{"default": {"email": f"{n}@x.org"}} for n in range(120)]).json()["job_id"]
    good, bad = api.key, api.make_key()
    with watching(api, job) as kept, listening(api) as kept_socket, listening(api, bad) as socket:
        unused = ticket(api, bad)
        api.key = bad
        with watching(api, job) as stream:
            assert stream.event().event == "progress"
            began = time.monotonic()
            _revoke(api, bad)
            assert [event.event for event in stream] == [], "it closes without the end of the import"
        assert socket.end() == 4403
        assert time.monotonic() - began < 1 + SOON_S
        with opened(api, unused) as late:
            assert late.end() == 4401
        api.key = good
        assert api.send("GET", f"/imports/{job}", key=bad).status_code == 403
        api.work()
        assert [event.event for event in kept][-1] == "end"
        assert kept_socket.next()["type"] == "records"


def test_one_team_has_so_many_streams_and_others_have_theirs(serve: Serve) -> None:
    api = serve(event_streams_per_team_max=1, realtime_sockets_per_team_max=1)
    job = api.start([{"default": {"email": f"{n}@x.org"}} for n in range(120)]).json()["job_id"]
    other = api.make_key(f"{api.team}-other")
    with watching(api, job) as stream, listening(api):
        assert stream.event().event == "progress"
        refused = api.send("GET", f"/imports/{job}/events")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_event_streams")
        assert "the team has 1 event streams open" in refused.json()["error"]["message"]
        with opened(api, ticket(api)) as second, pytest.raises(ConnectionClosed) as closed:
            second.socket.recv(timeout=PATIENCE_S)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4429
        with listening(api, other):
            pass
    eventually(lambda: api.send("GET", f"/imports/{job}").status_code == 200)

    def again() -> bool:
        with watching(api, job) as stream:
            return stream.response.status_code == 200

    eventually(again)
    with listening(api):
        pass
