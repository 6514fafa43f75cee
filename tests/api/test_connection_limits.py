"""What strangers may send: heads and bodies have a size and a time, connections a number, and none takes memory."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.sync.client import connect

from prismd.api.http.addresses import TrustedProxies, origin_of
from prismd.settings import SettingError
from tests.processes import PATIENCE_S, RunningServer, eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]
LINE = b"GET /healthz/live HTTP/1.1\r\nHost: x\r\n"
ENOUGH = 300 * 1024


@contextlib.contextmanager
def client(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S) as opened:
        yield opened


def everything(connection: socket.socket) -> bytes:
    """What a server sends until it closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            found += part
    return found


def sent(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        connection.sendall(data)


def refused_and_closed(answer: bytes, status: int, code: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()), answer[:300]
    error = json.loads(body)["error"]
    assert error["code"] == code
    assert f"x-request-id: {error['request_id']}".encode() in head
    assert b"connection: close" in head


def answered(url: str) -> bool:
    return httpx.get(f"{url}/healthz/live", timeout=PATIENCE_S).status_code == 200


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (LINE + b"".join(b"x-%d: y\r\n" % number for number in range(101)) + b"\r\n", 431, "headers_too_large"),
        (LINE + b"x-long: " + b"y" * ENOUGH + b"\r\n\r\n", 431, "headers_too_large"),
        (LINE + b"x-endless: " + b"y" * (2 * ENOUGH), 431, "headers_too_large"),
        (LINE + b"x" * (2 * ENOUGH), 431, "headers_too_large"),
        (LINE + b"x-some: " + b"y" * 40_000 + b"\r\nx-more: " + b"y" * 40_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"GET /" + b"x" * (2 * ENOUGH), 414, "uri_too_long"),
        (b"GET /?" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri_too_long"),
        (b"\r\n" * ENOUGH, 431, "headers_too_large"),
        (b"X" * ENOUGH, 400, "invalid_request"),
    ],
    ids=[
        "many", "long", "endless", "endless name", "together", "line", "endless line", "query", "empty lines", "method",
    ],
)  # fmt: skip
def test_a_head_has_a_size(api: Api, request_bytes: bytes, status: int, code: str) -> None:
    with client(api.url) as connection:
        sent(connection, request_bytes)
        refused_and_closed(everything(connection), status, code)
    assert answered(api.url)


def test_a_head_of_the_largest_size_is_served(api: Api) -> None:
    headers = b"".join(b"x-%d: %s\r\n" % (number, b"y" * 600) for number in range(98))
    with client(api.url) as connection:
        sent(connection, LINE + headers + b"connection: close\r\n\r\n")
        assert everything(connection).startswith(b"HTTP/1.1 200 ")
        assert httpx.get(f"{api.url}/{'x' * 16_000}").status_code == 404


@pytest.mark.parametrize("part", [b"0\r\nx-trailer: ", b"5;extension=", b"0\r\n"], ids=["trailer", "extension", "many"])
def test_what_comes_with_a_chunked_body_has_a_size_too(api: Api, part: bytes) -> None:
    endless = b"x: y\r\n" * ENOUGH if part == b"0\r\n" else b"y" * (4 * ENOUGH)
    head = f"POST /v2/prism/{api.team}/contact/import HTTP/1.1\r\nHost: x\r\nx-api-key: {api.key}\r\n".encode()
    with client(api.url) as connection:
        sent(connection, head + b"transfer-encoding: chunked\r\n\r\n" + part + endless)
        assert everything(connection).startswith(b"HTTP/1.1 4")
    assert answered(api.url)


def test_forty_mebibytes_of_headers_take_no_memory(server: RunningServer) -> None:
    before = _peak_mib(server.process.pid)
    for line in (b"x-a: b\r\n", b"x-a: " + b"b" * 8_000 + b"\r\n", b"y" * 1_000):
        with client(server.url) as connection:
            sent(connection, LINE + line * (40 * 2**20 // len(line)))
            everything(connection)
    assert answered(server.url)
    assert _peak_mib(server.process.pid) - before < 32


def _peak_mib(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def test_a_head_has_a_time(serve: Serve) -> None:
    api = serve(request_head_s=0.5)
    with client(api.url) as connection:
        began = time.monotonic()
        sent(connection, LINE)
        for _ in range(100):
            sent(connection, b"x: y\r\n")
            time.sleep(0.02)
            if time.monotonic() - began > 1:
                break
        refused_and_closed(everything(connection), 408, "request_timeout")
        assert time.monotonic() - began < 20


@pytest.mark.parametrize("framing", [b"content-length: 100000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n2710\r\n"])
def test_a_body_has_a_least_rate(serve: Serve, framing: bytes) -> None:
    api = serve(body_wait_s=0.4, body_bytes_per_second_min=100)
    head = f"POST /v2/prism/{api.team}/contact/import HTTP/1.1\r\nHost: x\r\nx-api-key: {api.key}\r\n".encode()
    with client(api.url) as connection:
        sent(connection, head + framing)
        for _ in range(10):  # fast enough for a while
            sent(connection, b" " * 20)
            time.sleep(0.05)
        for _ in range(100):  # then too slow
            sent(connection, b" ")
            time.sleep(0.05)
            if select_readable(connection):
                break
        refused_and_closed(everything(connection), 408, "request_timeout")


def select_readable(connection: socket.socket) -> bool:
    connection.settimeout(0)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(PATIENCE_S)


def test_a_body_that_comes_steadily_may_take_its_time(serve: Serve) -> None:
    api = serve(body_wait_s=0.3, body_bytes_per_second_min=50)
    body = json.dumps({"objects": [{"default": {"full_name": "x" * 300}}]}).encode()

    def slowly() -> Iterator[bytes]:
        for start in range(0, len(body), 10):
            yield body[start : start + 10]
            time.sleep(0.05)

    response = api.send("POST", "/contact/import", content=slowly())
    assert (response.status_code, response.json()["created"]) == (200, 1)


@pytest.mark.parametrize(
    "first", [b"", b"\r\n", LINE + b"\r\n", LINE + b"\r\n\r\n"], ids=["none", "line", "one", "more"]
)
def test_a_connection_without_a_request_is_closed(serve: Serve, first: bytes) -> None:
    api = serve(keep_alive_s=0.3)
    with client(api.url) as connection:
        sent(connection, first)
        assert everything(connection).startswith(b"HTTP/1.1 200 " if first.startswith(LINE) else b"")


def test_a_client_that_does_not_read_its_answer_is_given_up(serve: Serve) -> None:
    api = serve(answer_wait_s=0.3, keep_alive_s=0.3)
    with client(api.url) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(OSError):
            for _ in range(500):
                connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.01)
        eventually(lambda: not _connections(api))


def _connections(api: Api) -> set[Any]:
    return api.server.server_state.connections


def test_requests_piled_up_on_a_connection_are_bounded(api: Api) -> None:
    with client(api.url) as connection:
        sent(connection, (LINE + b"\r\n") * 5_000)
        assert everything(connection).count(b"HTTP/1.1 200") < 5_000
    assert answered(api.url)


@pytest.mark.parametrize("framing", ["content-length: 8388608", "transfer-encoding: chunked"])
@pytest.mark.parametrize(("path", "status"), [("/contact", 401), ("/healthz/live", 200)])
def test_an_answer_that_comes_before_the_body_is_not_lost(api: Api, path: str, status: int, framing: str) -> None:
    method, whole = ("GET", path) if status == 200 else ("POST", api.path(path))
    head = f"{method} {whole} HTTP/1.1\r\nHost: x\r\nconnection: close\r\n{framing}\r\n\r\n".encode()
    body = b" " * 2**23 if "length" in framing else b"800000\r\n" + b" " * 2**23 + b"\r\n0\r\n\r\n"
    with client(api.url) as connection:
        # All of it, before anything is read: more than lies in the buffers on the way.
        connection.sendall(head + body)
        answer = everything(connection)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:300]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("setting", ["connections_max", "connections_per_address_max"])
def test_connections_have_a_number(serve: Serve, setting: str) -> None:
    api = serve(**{setting: 3}, keep_alive_s=5)
    with contextlib.ExitStack() as stack:
        first = [stack.enter_context(client(api.url)) for _ in range(3)]
        eventually(lambda: len(_connections(api)) == 3)
        with client(api.url) as connection:
            refused_and_closed(everything(connection), 503, "service_unavailable")
        first[0].sendall(LINE + b"connection: close\r\n\r\n")
        assert everything(first[0]).startswith(b"HTTP/1.1 200 ")
        eventually(lambda: len(_connections(api)) == 2)
        with client(api.url) as connection:
            connection.sendall(LINE + b"\r\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200 ")


def test_a_proxy_that_is_trusted_may_have_more_connections_than_others(serve: Serve) -> None:
    api = serve(connections_per_address_max=2, trusted_proxies="127.0.0.0/8", keep_alive_s=5)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            connection = stack.enter_context(client(api.url))
            connection.sendall(LINE + b"\r\n")
            assert connection.recv(20).startswith(b"HTTP/1.1 200 ")


def test_web_sockets_count_and_leave_room_again(serve: Serve) -> None:
    api = serve(connections_max=2)
    for _ in range(5):
        api.http.close()
        with httpx.Client(headers={"connection": "close"}) as http:
            ticket = http.post(f"{api.url}/v2/realtime/ticket", headers={"x-api-key": api.key}).json()
        eventually(lambda: not _connections(api))
        with connect(f"{ticket['ws_url']}?token={ticket['ticket']}", proxy=None) as stream:
            assert '"hello"' in stream.recv(PATIENCE_S)
            with client(api.url), client(api.url) as third:
                refused_and_closed(everything(third), 503, "service_unavailable")
        eventually(lambda: not _connections(api))


def test_the_head_of_a_web_socket_has_a_size_too(api: Api) -> None:
    upgrade = b"connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: eA==\r\n"
    with client(api.url) as connection:
        sent(connection, b"GET /v2/realtime HTTP/1.1\r\nHost: x\r\n" + upgrade + b"x: y\r\n" * 200 + b"\r\n")
        refused_and_closed(everything(connection), 431, "headers_too_large")


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_address_of_ipv6_stands_for_its_network(address: str, origin: str) -> None:
    assert origin_of(address) == origin


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.1", ["198.51.100.7"], "198.51.100.7"),
        ("::ffff:192.0.2.1", ["198.51.100.7"], "198.51.100.7"),
        ("203.0.113.9", ["198.51.100.7"], "203.0.113.9"),  # no proxy of ours: whatever it says
        ("192.0.2.1", ["6.6.6.6, 198.51.100.7", "192.0.2.2"], "198.51.100.7"),  # what the client said is not believed
        ("192.0.2.1", ["nonsense"], "192.0.2.1"),
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["192.0.2.2"], "192.0.2.2"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: list[str], found: str) -> None:
    assert TrustedProxies("192.0.2.0/24, 2001:db8::1").client(peer, forwarded) == found


def test_a_proxy_that_is_no_address_is_told() -> None:
    with pytest.raises(SettingError, match="PRISMD_TRUSTED_PROXIES must be addresses or networks"):
        TrustedProxies("10.0.0.1, proxy.example")
