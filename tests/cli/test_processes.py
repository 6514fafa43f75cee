"""``prismd serve --processes``: several processes are one server, whatever becomes of one of them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_socket

from launch.programs import children_of
from prismd.embedded.server import EmbeddedPostgres
from prismd.settings import Settings
from prismd.store.connections.postgres import connections_needed
from tests.cli.serving import KEY, TEAM, Serve, closes_as_the_server_goes, lets_in, workers_of
from tests.processes import PATIENCE_S, ended, eventually, postmasters, processes_about, url_of

TWO = ("--processes", "2")
ADDRESS = f"/v2/prism/{TEAM.replace(' ', '%20')}"


def api_processes(process: subprocess.Popen[str]) -> set[int]:
    return {pid for pid, line in children_of(process.pid).items() if " prismd.server.api_process " in line}


def owner_of(connection: socket.socket, pids: set[int]) -> int | None:
    """Which of the processes serves a connection; None as long as none has accepted it."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    here, there = _hex(connection.getpeername()), _hex(connection.getsockname())
    inodes = {f"socket:[{row[9]}]" for row in rows if (row[1], row[2]) == (here, there)}
    for pid in pids:
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if str(file.readlink()) in inodes:
                    return pid
    return None


def _hex(address: tuple[str, int]) -> str:
    return f"{socket.inet_aton(address[0])[::-1].hex().upper()}:{address[1]:04X}"


@dataclass
class Line:
    """A connection to one of the processes."""

    socket: socket.socket
    http: http.client.HTTPConnection
    pid: int

    def send(self, method: str, path: str, body: Any = None, *, key: str = KEY) -> tuple[int, Any]:
        """Send a request over this connection and return status and body of the answer."""
        text = None if body is None else json.dumps(body)
        self.http.request(method, path, text, {"x-api-key": key, "content-type": "application/json"})
        answer = self.http.getresponse()
        read = answer.read()
        return answer.status, json.loads(read) if read else None


@pytest.fixture
def lines() -> Iterator[contextlib.ExitStack]:
    """What is open to the server until the test ends."""
    with contextlib.ExitStack() as stack:
        yield stack


def opened(url: str, pids: set[int], lines: contextlib.ExitStack) -> Line:
    """Connect to whichever process takes the connection."""
    parts = urlsplit(url)
    connection = lines.enter_context(socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S))
    eventually(lambda: owner_of(connection, pids))
    held = http.client.HTTPConnection(str(parts.hostname), parts.port)
    held.auto_open = 0
    held.sock = connection
    pid = owner_of(connection, pids)
    assert pid is not None
    return Line(connection, held, pid)


def one_each(url: str, pids: set[int], lines: contextlib.ExitStack) -> list[Line]:
    """Connect until each process has a connection, and return one of each."""
    found: dict[int, Line] = {}

    def all_found() -> bool:
        line = opened(url, pids, lines)
        found.setdefault(line.pid, line)
        return found.keys() == pids

    eventually(all_found)
    return list(found.values())


def listening(line: Line, lines: contextlib.ExitStack) -> ClientConnection:
    """Open a realtime stream over a connection."""
    status, ticket = line.send("POST", "/v2/realtime/ticket")
    assert status == 200
    address = f"{ticket['ws_url']}?token={ticket['ticket']}"
    stream = lines.enter_context(connect_socket(address, sock=line.socket, proxy=None))
    assert json.loads(stream.recv(PATIENCE_S))["type"] == "hello"
    return stream


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_all_processes_in_order(serve: Serve, data_dir: Path, number: signal.Signals) -> None:
    process = serve("--processes", "3", "--workers", "1")
    url = url_of(process)
    started = api_processes(process) | workers_of(process)
    assert len(started) == 4, "ready means that all are there"
    assert lets_in(url, TEAM, KEY)
    process.send_signal(number)
    code, out, errors = ended(process)
    assert (code, errors) == (0, "")
    assert out.count("prismd is ready at") == 0, "it was said once, and read above"
    assert not processes_about(str(data_dir))
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_every_process_answers_and_what_one_writes_all_read(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO)
    one, other = one_each(url_of(process), api_processes(process), lines)
    status, made = one.send("POST", f"{ADDRESS}/contact", {"default": {"email": "a@x.org"}})
    assert status == 201, made
    assert other.send("GET", f"{ADDRESS}/contact/{made['id']}")[0] == 200
    assert [line.send("GET", "/healthz")[0] for line in (one, other)] == [200, 200]


def test_a_change_on_one_process_is_told_to_the_streams_of_all(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO)
    url, pids = url_of(process), api_processes(process)
    streams = [listening(line, lines) for line in one_each(url, pids, lines)]
    for writer in one_each(url, pids, lines):
        status, made = writer.send("POST", f"{ADDRESS}/contact", {"default": {"full_name": f"By {writer.pid}"}})
        assert status == 201
        told = [json.loads(stream.recv(PATIENCE_S)) for stream in streams]
        assert [(message["change"], message["ids"]) for message in told] == [("created", [made["id"]])] * 2


def test_an_import_sent_to_one_process_is_watched_on_another(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO, PRISMD_ROWS_PER_CHUNK="50")
    one, other = one_each(url_of(process), api_processes(process), lines)
    rows = {"objects": [{"default": {"full_name": f"Person {number}"}} for number in range(150)]}
    status, job = one.send("POST", f"{ADDRESS}/contact/import", rows)
    assert status == 202
    other.http.request("GET", f"{ADDRESS}/imports/{job['job_id']}/events", headers={"x-api-key": KEY})
    text = other.http.getresponse().read().decode()
    assert text.count("event: progress") == 4
    assert '"status":"complete"' in text.rsplit("event: end", 1)[1]


def test_a_killed_process_ends_its_own_requests_alone_and_is_started_again(
    serve: Serve, lines: contextlib.ExitStack
) -> None:
    process = serve(*TWO)
    url, pids = url_of(process), api_processes(process)
    dead, living = one_each(url, pids, lines)
    ended_stream, stream = listening(dead, lines), listening(living, lines)
    writer = next(line for line in one_each(url, pids, lines) if line.pid == living.pid)
    os.kill(dead.pid, signal.SIGKILL)
    with pytest.raises(ConnectionClosed):
        ended_stream.recv(PATIENCE_S)
    assert writer.send("POST", f"{ADDRESS}/contact", {"default": {"full_name": "Ada"}})[0] == 201
    assert json.loads(stream.recv(PATIENCE_S))["change"] == "created"
    eventually(lambda: len(api_processes(process)) == 2)
    new = api_processes(process) - pids
    assert len(new) == 1
    anew = next(line for line in one_each(url, api_processes(process), lines) if line.pid in new)
    assert anew.send("GET", f"{ADDRESS}/contact/count")[0] == 200
    process.terminate()
    assert ended(process)[0] == 0


def test_a_process_that_hangs_keeps_no_new_connection(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO)
    url, pids = url_of(process), api_processes(process)
    hung = min(pids)
    os.kill(hung, signal.SIGSTOP)
    try:
        assert all(opened(url, pids, lines).send("GET", "/healthz/live")[0] == 200 for _ in range(10))
    finally:
        os.kill(hung, signal.SIGCONT)


def test_a_stop_lets_every_process_answer_what_it_has_begun(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO, PRISMD_SHUTDOWN_S="60")
    url, pids = url_of(process), api_processes(process)
    body = json.dumps({"objects": [{"default": {"full_name": "Ada"}}]}).encode()
    begun = one_each(url, pids, lines)
    for line in begun:
        line.http.putrequest("POST", f"{ADDRESS}/contact/import")
        line.http.putheader("x-api-key", KEY)
        line.http.putheader("content-length", str(len(body)))
        line.http.putheader("expect", "100-continue")
        line.http.endheaders(body[:1])
        assert line.socket.recv(1, socket.MSG_PEEK), "the server has begun with it"
    process.terminate()
    eventually(lambda: _refused(url))
    for line in begun:
        line.http.send(body[1:])
        assert line.http.getresponse().status == 200
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")


def _refused(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_stop_closes_the_streams_of_all_processes_in_order(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO)
    streams = [listening(line, lines) for line in one_each(url_of(process), api_processes(process), lines)]
    process.terminate()
    for stream in streams:
        closes_as_the_server_goes(stream)
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")


def test_after_a_kill_of_the_first_process_the_others_end_and_the_next_start_takes_over(
    serve: Serve, data_dir: Path
) -> None:
    killed = serve(*TWO)
    url = url_of(killed)
    orphans, postgres = api_processes(killed), postmasters(data_dir)
    killed.kill()
    ended(killed)
    again = serve(*TWO, "--port", url.rpartition(":")[2])
    assert lets_in(url_of(again), TEAM, KEY)
    assert postmasters(data_dir) == postgres
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))


def test_a_rate_holds_for_all_processes_together(serve: Serve, lines: contextlib.ExitStack) -> None:
    # One request, and the next one in eleven days.
    process = serve(*TWO, PRISMD_REQUESTS_PER_SECOND_MAX="0.000001")
    one, other = one_each(url_of(process), api_processes(process), lines)
    statuses = [line.send("GET", f"{ADDRESS}/contact/count")[0] for line in (one, other, one, other)]
    assert statuses == [200, 429, 429, 429]


def test_bodies_of_a_team_count_over_all_processes(serve: Serve, lines: contextlib.ExitStack) -> None:
    process = serve(*TWO, PRISMD_BODY_BYTES_MAX="100000", PRISMD_TEAM_BODIES_BYTES_MAX="100000")
    url, pids = url_of(process), api_processes(process)
    one, other = one_each(url, pids, lines)
    rows = {"objects": [{"default": {"full_name": "Ada", "description": "x" * 50_000}}]}
    body = json.dumps(rows).encode()
    one.http.putrequest("POST", f"{ADDRESS}/contact/import")
    one.http.putheader("x-api-key", KEY)
    one.http.putheader("content-length", str(len(body)))
    one.http.putheader("expect", "100-continue")
    one.http.endheaders(body[:1])
    assert one.socket.recv(1, socket.MSG_PEEK), "the server has begun with it"
    status, refused = other.send("POST", f"{ADDRESS}/contact/import", rows)
    assert (status, refused["error"]["code"]) == (429, "too_many_bytes")
    one.http.send(body[1:])
    answer = one.http.getresponse()
    assert (answer.status, answer.read()[:1]) == (200, b"{")
    eventually(lambda: opened(url, pids, lines).send("POST", f"{ADDRESS}/contact/import", rows)[0] == 200)


def test_connections_of_an_address_are_counted_over_all_processes_and_go_with_theirs(
    serve: Serve, lines: contextlib.ExitStack
) -> None:
    process = serve(*TWO, PRISMD_CONNECTIONS_PER_ADDRESS_MAX="12")
    url, pids = url_of(process), api_processes(process)
    first = [opened(url, pids, lines) for _ in range(12)]
    assert all(line.send("GET", "/healthz/live")[0] == 200 for line in first)
    assert {status_of_one(url) for _ in range(4)} == {503}
    dead = max(pids, key=[line.pid for line in first].count)
    os.kill(dead, signal.SIGKILL)
    eventually(lambda: status_of_one(url) == 200)


def status_of_one(url: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)
    with contextlib.closing(connection):
        try:
            connection.request("GET", "/healthz/live", headers={"connection": "close"})
            return connection.getresponse().status
        except ConnectionError:
            return 503  # refused before all of the request was sent


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_setting_that_makes_no_sense_ends_the_start(serve: Serve, data_dir: Path, processes: str) -> None:
    code, out, errors = ended(serve("--processes", processes, PRISMD_TRUSTED_PROXIES="the proxy"))
    assert (code, out) == (1, "")
    assert "prismd: PRISMD_TRUSTED_PROXIES must be addresses or networks" in errors
    assert "Traceback" not in errors
    assert not processes_about(str(data_dir))


def test_the_embedded_postgres_has_room_for_all_connections(serve: Serve, data_dir: Path) -> None:
    small = serve()
    url_of(small)
    small.kill()  # PostgreSQL goes on, as it was started
    ended(small)
    url_of(serve(*TWO, PRISMD_DATABASE_CONNECTIONS_MAX="50"))
    with EmbeddedPostgres(data_dir).borrowed() as url, psycopg.connect(url) as connection:
        row = connection.execute("SHOW max_connections").fetchone()
    assert row
    assert int(row[0]) > connections_needed(Settings(processes=2, database_connections_max=50)) >= 104


def test_a_postgres_with_too_few_connections_is_told(serve: Serve, database_url: str) -> None:
    process = serve(*TWO, PRISMD_DATABASE_URL=database_url, PRISMD_DATABASE_CONNECTIONS_MAX="1000")
    url_of(process)
    process.terminate()
    code, _, errors = ended(process)
    assert code == 0
    assert errors.count("PostgreSQL takes fewer connections than this server may open") == 1
    assert "opened_at_most=2007" in errors
