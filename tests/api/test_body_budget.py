"""Bytes of bodies in flight: a team fills its own share alone, and what is not taken is not read."""

from __future__ import annotations

import gzip
import http.client
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api


def test_bytes_of_another_team_are_no_reason_to_refuse(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2**16, team_bodies_bytes_max=2**16)
    head = f"POST {api.path('/contact/import')} HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\n"
    with socket.create_connection(api.server.servers[0].sockets[0].getsockname()) as slow:
        slow.sendall(f"{head}content-length: 60000\r\nexpect: 100-continue\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 100 ")
        api.key, team = api.make_key("another"), api.team
        api.team = "another"
        assert api.start([{"default": {"full_name": "x" * 10_000}}]).status_code == 200
        api.team = team


def test_bytes_that_nobody_announced_count_as_they_come(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2**20, team_bodies_bytes_max=2**20)
    head = f"POST {api.path('/contact/import')} HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\n"
    with socket.create_connection(api.server.servers[0].sockets[0].getsockname()) as slow:
        slow.sendall(f"{head}content-length: {2**20 - 100_000}\r\nexpect: 100-continue\r\n\r\n".encode())
        assert slow.recv(100).startswith(b"HTTP/1.1 100 ")
        pieces = (b" " * 10_000 for _ in range(90))
        refused = api.send("POST", "/contact/import", content=pieces)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "too_many_bytes"


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "zstd", "x"])
def test_a_compressed_body_is_called_so(api: Api, encoding: str) -> None:
    body = gzip.compress(b'{"objects": []}')
    refused = api.send("POST", "/contact/import", content=body, headers={"content-encoding": encoding})
    assert refused.status_code == 400
    assert refused.json()["error"]["errors"][0]["field"] == ".headers.content-encoding"
    assert encoding in refused.json()["error"]["message"]
    plain = api.send("POST", "/contact/import", content=b'{"objects": []}', headers={"content-encoding": "identity"})
    assert plain.status_code == 200


def streams(api: Api) -> list[str]:
    job = api.start([{"default": {"full_name": f"p {number}"}} for number in range(120)]).json()["job_id"]
    api.work(steps=1)
    return [f"/imports/{job}", f"/imports/{job}/results"]


@pytest.mark.parametrize("announced", ["content-length: 1099511627776", "transfer-encoding: chunked"])
def test_a_streamed_answer_is_whole_whatever_stands_in_the_body(api: Api, announced: str) -> None:
    for path in streams(api):
        head = f"GET {api.path(path)} HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\naccept: application/x-ndjson\r\n"
        with socket.create_connection(api.server.servers[0].sockets[0].getsockname()) as client:
            client.sendall(f"{head}{announced}\r\n\r\n".encode() + b"1\r\n[\r\n" * 1_000)
            answer = http.client.HTTPResponse(client)
            answer.begin()
            assert (answer.status, answer.read().count(b"input_index")) == (200, 120)


def test_a_streamed_answer_asks_nothing_of_a_compressed_body(api: Api) -> None:
    for path in streams(api):
        body, headers = gzip.compress(b" " * 10_000), {"content-encoding": "gzip", "accept": "application/x-ndjson"}
        answer = api.send("GET", path, content=body, headers=headers)
        assert (answer.status_code, answer.content.count(b"input_index")) == (200, 120)
