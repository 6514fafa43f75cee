"""A ticket opens one realtime stream, soon and once; no client, however it behaves, costs more than it may."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import micro_so
import msgspec
import psycopg
import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from prismd.api.http.handling import operation_of
from prismd.api.http.web_socket_protocol import WebSocketProtocol
from prismd.api.realtime import notification_listener, send_queue, shapes
from prismd.api.realtime.handlers import create_ticket
from tests.api.realtime import TICKET, Stream, hub_of, listening, opened, tell, ticket
from tests.processes import eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock


@pytest.fixture
def api(serve: Callable[..., Api]) -> Api:
    """An application for each test, as they look at who listens inside it."""
    return serve()


Serve = Callable[..., "Api"]


# --- tickets ---


def test_the_official_client_gets_a_ticket_and_opens_the_stream(api: Api) -> None:
    with micro_so.Micro(
        api_key=api.key, team_id=api.team, base_url=api.url, _strict_response_validation=True
    ) as client:
        found = client.realtime.create_ticket()
    assert found.expires_in == 60
    assert found.ws_url == f"{api.url.replace('http', 'ws')}/v2/realtime"
    with connect(f"{found.ws_url}?token={found.ticket}", proxy=None) as stream:
        assert json.loads(stream.recv())["team_id"] == api.team


def test_a_ticket_is_shown_once_and_kept_by_nobody(api: Api) -> None:
    answer = api.send("POST", TICKET, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, no-store")
    shown = answer.json()["ticket"]
    assert ticket(api) != shown
    with api.runtime.of_all_teams() as connection:
        kept = connection.execute("SELECT digest FROM realtime_ticket WHERE team_id = %s", (api.team_id(),)).fetchall()
    assert (hashlib.sha256(shown.encode()).digest(),) in kept
    assert shown not in str(kept)


@pytest.mark.parametrize(
    ("headers", "url"),
    [
        ({"host": "crm.example.org"}, "ws://crm.example.org/v2/realtime"),
        ({"host": "[::1]:8400"}, "ws://[::1]:8400/v2/realtime"),
        ({"host": "crm.example.org", "x-forwarded-proto": "https"}, "wss://crm.example.org/v2/realtime"),
        ({"host": ""}, None),
    ],
)
def test_the_address_of_the_stream_is_that_of_the_request(api: Api, headers: dict[str, str], url: str | None) -> None:
    assert api.send("POST", TICKET, headers=headers).json()["ws_url"] == url


def test_a_ticket_needs_a_good_key(api: Api) -> None:
    for key, status, code in ((None, 401, "unauthorized"), ("wrong", 403, "forbidden")):
        answer = api.send("POST", TICKET, key=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    revoked = api.make_key(revoked=True)
    assert api.send("POST", TICKET, key=revoked).status_code == 403


def test_tickets_count_towards_the_rate_of_their_key(serve: Serve) -> None:
    api = serve(requests_per_second_max=1)
    assert [api.send("POST", TICKET).status_code for _ in range(2)] == [200, 429]


def test_a_ticket_opens_one_stream(api: Api) -> None:
    token = ticket(api)
    with opened(api, token) as stream:
        assert stream.next()["type"] == "hello"
        with opened(api, token) as again:
            assert again.end() == 4401
        tell(api, "still there")
        assert stream.next()["ids"] == ["still there"]


def first_word(api: Api, token: str) -> str:
    """Return the type of the first message, or the code with which the stream closes instead."""
    with opened(api, token) as stream:
        try:
            return str(stream.next()["type"])
        except ConnectionClosed as closed:
            return str(closed.rcvd and closed.rcvd.code)


def test_of_many_who_come_with_one_ticket_one_gets_in(api: Api) -> None:
    token, barrier = ticket(api), threading.Barrier(8)

    def attempt(_: int) -> str:
        barrier.wait()
        return first_word(api, token)

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(attempt, range(8))) == ["4401"] * 7 + ["hello"]


@pytest.mark.parametrize(("seconds", "good"), [(59, True), (60, False), (3600, False)])
def test_a_ticket_is_good_for_a_minute(api: Api, clock: Clock, seconds: int, *, good: bool) -> None:
    token = ticket(api)
    clock.advance(seconds=seconds)
    with opened(api, token) as stream:
        if good:
            assert stream.next()["type"] == "hello"
        else:
            assert stream.end() == 4401


@pytest.mark.parametrize(
    "query", ["", "?", "?token=", "?token=wrong", "?ticket=x", "?token=%00%FF", f"?token={'x' * 5_000}", "?token=é"]
)
def test_what_is_no_ticket_opens_nothing(api: Api, query: str) -> None:
    with connect(f"{api.url.replace('http', 'ws')}/v2/realtime{query}", proxy=None) as stream:
        with pytest.raises(ConnectionClosed) as closed:
            stream.recv()
        assert closed.value.rcvd
        assert (closed.value.rcvd.code, "get a new one" in closed.value.rcvd.reason) == (4401, True)


@pytest.mark.parametrize("path", ["/", "/v2/realtime/", "/v2/realtime/ticket", "/v2/prism/x/contact", "/healthz"])
def test_there_is_no_other_socket(api: Api, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(f"{api.url.replace('http', 'ws')}{path}", proxy=None):
        pass
    answer = refused.value.response
    assert answer.status_code == 404
    error = json.loads(answer.body or b"")["error"]
    assert (error["code"], error["request_id"]) == ("not_found", answer.headers["x-request-id"])


# --- limits and endings ---


def test_streams_beyond_the_limit_are_sent_away_with_their_ticket_still_good(serve: Serve) -> None:
    api = serve(realtime_sockets_max=1)
    token = ticket(api)
    with listening(api), opened(api, token) as refused:
        assert refused.end() == 1013
    eventually(lambda: hub_of(api).idle)
    with opened(api, token) as stream:
        assert stream.next()["type"] == "hello"


def test_a_stream_ends_after_its_time(serve: Serve) -> None:
    api = serve(realtime_session_s=0.05)
    with listening(api) as stream:
        assert stream.end() == 4401
    eventually(lambda: hub_of(api).idle)


def test_streams_end_when_the_server_stops(api: Api) -> None:
    with listening(api) as one, listening(api) as other:
        api.server.should_exit = True
        assert one.end() == other.end() == 1001
    eventually(lambda: not api.thread.is_alive())


def test_without_word_of_changes_no_stream_begins(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> Any:
        raise psycopg.OperationalError("away")

    api = serve(database_wait_s=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(notification_listener, "listening", away)
        with opened(api, ticket(api)) as refused:
            assert refused.end() == 1013
    eventually(lambda: first_word(api, ticket(api)) == "hello")


def test_what_clients_say_is_not_listened_to_unless_it_is_huge(api: Api) -> None:
    with listening(api) as stream:
        for word in ("hello", b"\0", '{"type":"subscribe"}'):
            stream.socket.send(word)
        tell(api, "news")
        assert stream.next()["ids"] == ["news"]
        stream.socket.send("x" * 100_000)
        assert stream.end() == 1009
    eventually(lambda: hub_of(api).idle)


# --- clients that misbehave ---


@contextmanager
def bare(api: Api) -> Iterator[socket.socket]:
    """Open a stream that has answered, by a client that from then on does nothing by itself, and has little room."""
    address = urlsplit(api.url)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.settimeout(60)
    raw.connect((address.hostname, address.port))
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    raw.sendall(
        f"GET /v2/realtime?token={ticket(api)} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    with raw:
        head = b""
        while b'"hello"' not in head:
            head += raw.recv(4096)
        yield raw


def test_a_client_that_leaves_or_is_killed_leaves_nothing_behind(api: Api) -> None:
    with bare(api) as raw, listening(api):
        assert not hub_of(api).idle
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset in place of an end
    eventually(lambda: hub_of(api).idle)


def choke(api: Api, quick: Stream | None = None) -> None:
    """Tell more than a client that does not read can be sent, and than may wait for it; another reads all of it."""
    [line] = hub_of(api)._lines.values()
    ids = [secrets.token_hex(18) for _ in range(150)]
    while not any(queue._ending for queue in line.queues):
        tell(api, *ids)
        if quick:
            assert quick.next()["ids"] == ids


def test_a_client_that_lags_behind_is_cut_off_and_told_so(serve: Serve) -> None:
    api = serve(realtime_queue_max=10)
    with bare(api) as raw, listening(api) as quick:
        choke(api, quick)
        held = b""
        while b"messages were not read" not in held:
            piece = raw.recv(1 << 20)
            assert piece
            held = held[-500:] + piece
        assert b'{"type":"lagged"}' in held
        assert struct.pack("!H", 4408) in held
        tell(api, "news")
        assert quick.next()["ids"] == ["news"]
    eventually(lambda: hub_of(api).idle)


@pytest.mark.parametrize("ending", ["no answer to a ping", "the end of the stream"])
def test_a_client_that_reads_nothing_ever_again_is_given_up(serve: Serve, ending: str) -> None:
    api = serve(realtime_queue_max=10)
    with bare(api):
        choke(api)
        [protocol] = protocols(api)
        protocol.ping_timeout = protocol.close_timeout = 0.01
        [task] = api.server.server_state.tasks
        what = protocol.send_keepalive_ping if ending == "no answer to a ping" else task.cancel
        protocol.loop.call_soon_threadsafe(what)
        eventually(lambda: hub_of(api).idle and not protocols(api))


def protocols(api: Api) -> list[WebSocketProtocol]:
    return [one for one in list(api.server.server_state.connections) if isinstance(one, WebSocketProtocol)]


def test_three_hundred_streams_need_one_connection_and_no_threads(api: Api) -> None:
    tokens = [ticket(api) for _ in range(300)]
    address = f"{api.url.replace('http', 'ws')}/v2/realtime?token="
    ready = asyncio.Semaphore(0)

    async def listen(token: str) -> list[str]:
        async with connect_async(address + token, proxy=None, compression=None, open_timeout=60) as stream:
            found = [json.loads(await stream.recv())["type"]]
            ready.release()
            found += [json.loads(await stream.recv())["ids"][0] for _ in range(3)]
            return found

    async def run() -> list[list[str]]:
        tasks = [asyncio.create_task(listen(token)) for token in tokens]
        for _ in tasks:
            await ready.acquire()
        assert threading.active_count() < 50
        for news in ("one", "two", "three"):
            await asyncio.to_thread(tell, api, news)
        return await asyncio.gather(*tasks)

    assert asyncio.run(run()) == [["hello", "one", "two", "three"]] * 300
    eventually(lambda: hub_of(api).idle)


def test_the_page_of_the_stream_tells_of_each_message_and_each_ending() -> None:
    page = (Path(__file__).parents[2] / "docs" / "realtime.md").read_text(encoding="utf-8")
    messages = [one for one in vars(shapes).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    types = [one.__struct_config__.tag for one in messages if one.__struct_config__.tag]
    types += [json.loads(one)["type"] for one in (shapes.RESYNC, shapes.LAGGED)]
    assert set(re.findall(r"^### `(\w+)`$", page, re.MULTILINE)) >= set(types)
    codes = {one.code for one in vars(send_queue).values() if isinstance(one, send_queue.Ending)}
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", page, re.MULTILINE)} >= codes
    for example in re.findall(r"^```json\n(.*?)```$", page, re.MULTILINE | re.DOTALL):
        assert json.loads(example)["type"] in types
    operation = operation_of(create_ticket)
    assert all(f"`{type_}`" in operation.description for type_ in types)
