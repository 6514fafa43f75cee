"""The log of a real server: a line per request, ids that tie lines together, nothing that clients can forge."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from launch.programs import children_of
from tests.log_reading import READERS
from tests.processes import PATIENCE_S, RunningServer, ended, start_prismd, url_of

KEY, TEAM = "a-key-for-the-log-that-is-long-5Qz7", "8a5f4f2a-31c4-4a5d-9a4f-0f6f3f1f8a11"
FORGED: Final = 'timestamp=2026-01-01 level=error event="all is lost"'

Serve = Callable[..., RunningServer]


@pytest.fixture
def serve(tmp_path: Path, make_database: Callable[[], str]) -> Serve:
    def start(form: str, **settings: str) -> RunningServer:
        url = make_database()
        environment = {
            "MICRO_TEAM_ID": TEAM,
            "MICRO_API_KEY": KEY,
            "PRISMD_DATABASE_URL": url,
            "PRISMD_LOG_FORMAT": form,
            **settings,
        }
        process = start_prismd(["serve", "--port", "0"], environment, tmp_path)
        return RunningServer(url_of(process), KEY, TEAM, url, process)

    return start


def lines_of(server: RunningServer, form: str) -> list[dict[str, Any]]:
    """End a server and return all that it wrote, each line read strictly."""
    server.process.send_signal(signal.SIGTERM)
    code, _, errors = ended(server.process)
    assert code == 0, errors
    assert KEY not in errors
    assert errors.isascii()
    return [READERS[form](line) for line in errors.splitlines()]


def send(server: RunningServer, method: str, path: str, **options: Any) -> httpx.Response:
    headers = {"x-api-key": KEY, **options.pop("headers", {})}
    return httpx.request(method, f"{server.url}{path}", headers=headers, timeout=PATIENCE_S, **options)


def import_of(server: RunningServer, rows: int) -> httpx.Response:
    objects = [{"default": {"email": f"p{number}@x.org"}} for number in range(rows)]
    return send(server, "POST", f"/v2/prism/{TEAM}/contact/import", json={"objects": objects})


@pytest.mark.parametrize("form", READERS)
def test_the_id_of_a_request_ties_the_lines_of_its_import_together(serve: Serve, form: str) -> None:
    server = serve(form, PRISMD_ACCESS_LOG="on", PRISMD_LOG_LEVEL="info", PRISMD_ROWS_PER_CHUNK="100")
    answer = import_of(server, 250)
    job, request_id = answer.json()["job_id"], answer.headers["x-request-id"]
    while send(server, "GET", f"/v2/prism/{TEAM}/imports/{job}").json()["status"] == "processing":
        time.sleep(0.05)
    lines = lines_of(server, form)
    tied = [line for line in lines if line.get("request_id") == request_id]
    assert sorted(line["event"] for line in tied) == [*["chunk done"] * 3, "import accepted", "request"]
    assert {line["job"] for line in tied} == {job}
    assert {line["team"] for line in tied} == {TEAM}
    assert [str(line["chunk"]) for line in tied if line["event"] == "chunk done"] == ["0", "1", "2"]
    polls = [line for line in lines if line["event"] == "request" and line["method"] == "GET"]
    assert polls
    assert {(line["job"], line["team"], line["key_hint"]) for line in polls} == {(job, TEAM, KEY[-4:])}


PATHS: Final = (
    b"/\xe2\x80\xa8\xc2\x85", b"/\x85", b"/\x1b[2K", b"/\x7f", b'/"', b"/a=b\\", b"/\\", b"//x", b"/\xff", b"/\x00",
    b"/\rx", b"/\tlevel=error", b"*",
)  # fmt: skip


def answered(server: RunningServer, path: bytes) -> tuple[int, str]:
    """Send a request for a path, byte for byte, and return the status and id of its answer."""
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port)) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    found = re.search(r"x-request-id: (\S+)", answer)
    assert found, answer
    return int(answer.split()[1]), found[1]


@pytest.mark.parametrize("form", READERS)
def test_each_request_is_one_line_whatever_it_says(serve: Serve, form: str) -> None:
    server = serve(form, PRISMD_ACCESS_LOG="on", PRISMD_TRUSTED_PROXIES="127.0.0.1")
    raw = [answered(server, path) for path in PATHS]
    sent = [send(server, "GET", f"/%0a{FORGED.replace(' ', '%20')}"), send(server, "GET", "/v2/x?q=secret-value")]
    sent.append(send(server, "GET", "/healthz/live", headers={"x-forwarded-for": "192.0.2.7, 127.0.0.1"}))
    sent.append(send(server, "GET", "/healthz/live", headers={"x-forwarded-for": f"no address {FORGED}"}))
    sent.append(send(server, "GET", "/v2/prism/other/imports"))
    sent.append(httpx.get(f"{server.url}/v2/prism/{TEAM}/imports"))
    lines = lines_of(server, form)
    told = [(int(line["status"]), line["request_id"]) for line in lines]
    assert told == [*raw, *((one.status_code, one.headers["x-request-id"]) for one in sent)]
    assert {line["event"] for line in lines} <= {"request", "no request"}
    assert {line["level"] for line in lines} == {"info"}
    assert [line["address"] for line in lines[-4:-2]] == ["192.0.2.7", "127.0.0.1"]
    assert "secret-value" not in str(lines)
    assert [line.get("team") for line in lines[-2:]] == [None, None]


def test_the_next_request_of_a_connection_is_told_as_its_own(serve: Serve) -> None:
    server = serve("json", PRISMD_ACCESS_LOG="on")
    first = f"GET /v2/prism/{TEAM}/imports HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\n\r\n"
    second = f"GET /v2/prism/{TEAM}/imports HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port)) as connection:
        connection.sendall((first + second).encode())
        while connection.recv(65536):
            pass
    with_key, without = lines_of(server, "json")
    assert (with_key["status"], with_key["team"], with_key["key_hint"]) == (200, TEAM, KEY[-4:])
    assert (without["status"], without.get("team"), without.get("key_hint")) == (401, None, None)


def test_without_the_setting_requests_are_no_lines(serve: Serve) -> None:
    server = serve("logfmt", PRISMD_LOG_LEVEL="warning")
    assert send(server, "GET", f"/v2/prism/{TEAM}/imports").status_code == 200
    assert lines_of(server, "logfmt") == []


def test_an_access_log_is_on_or_off(tmp_path: Path, make_database: Callable[[], str]) -> None:
    environment = {"PRISMD_DATABASE_URL": make_database(), "PRISMD_ACCESS_LOG": "yes"}
    code, _, errors = ended(start_prismd(["serve", "--port", "0"], environment, tmp_path))
    assert (code, errors) != (0, "")
    assert "PRISMD_ACCESS_LOG must be one of on, off, not 'yes'" in errors


UPGRADE: Final = b"Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
RAW: Final = (
    b"\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01",
    b"GET /%ff%fe%00 HTTP/1.1\r\nHost: \xff\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /v2/prism/x/contact/import HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    b"POST /v2/prism/x/contact/import HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"GET /v2/realtime?token=x HTTP/1.1\r\n" + UPGRADE + b"\r\n",
    b"GET /v2/realtime HTTP/1.1\r\n"
    + UPGRADE
    + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\n\r\n\xff\xff\xff\xff",
    b"GET /elsewhere HTTP/1.1\r\n" + UPGRADE + b"Sec-WebSocket-Version: 1\r\nSec-WebSocket-Key: ?\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
)


def test_no_stranger_can_cause_an_error_in_the_log(serve: Serve) -> None:
    server = serve("json", PRISMD_LOG_LEVEL="info", PRISMD_ACCESS_LOG="on")
    host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
    for raw in RAW:
        for leaves in (False, True):
            with contextlib.suppress(ConnectionError), socket.create_connection((host, port), timeout=2) as connection:
                connection.sendall(raw)
                if not leaves:
                    with contextlib.suppress(TimeoutError):
                        connection.recv(65536)
                # With bytes unread: the connection is reset.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    ticket = send(server, "POST", "/v2/realtime/ticket").json()["ticket"]
    for path in ("/elsewhere", "/v2/realtime?token=wrong", f"/v2/realtime?token={ticket}"):
        with contextlib.suppress(InvalidStatus, ConnectionClosed), connect(f"ws://{host}:{port}{path}") as stream:
            stream.send(b"\xff no text", text=True)
            stream.close(4321, "\x00 why")
    for key in (b"\x7f", b"x" * 5_000, "é".encode(), KEY[:-1].encode()):
        httpx.get(f"{server.url}/v2/prism/{TEAM}/imports", headers={b"x-api-key": key})
    for method in ("GET", "POST", "DELETE", "PROPFIND", "A" * 40):
        with contextlib.suppress(httpx.HTTPError):
            httpx.request(method, f"{server.url}/v2/prism/%00/%7f/%ff", content=b"\xff" * 100)
    lines = lines_of(server, "json")
    assert len(lines) > 10
    assert [line for line in lines if line["level"] not in {"info", "warning"}] == []


def test_workers_write_in_the_same_form(serve: Serve) -> None:
    server = serve("json", PRISMD_LOG_LEVEL="info")
    [worker] = [pid for pid, line in children_of(server.process.pid).items() if " worker " in line]
    os.kill(worker, signal.SIGKILL)
    job = import_of(server, 120).json()["job_id"]
    while send(server, "GET", f"/v2/prism/{TEAM}/imports/{job}").json()["status"] == "processing":
        time.sleep(0.05)
    lines = lines_of(server, "json")
    assert {"worker ended unasked", "chunk done"} <= {line["event"] for line in lines}
    assert {line["logger"] for line in lines if "logger" in line} >= {"uvicorn.error"}
