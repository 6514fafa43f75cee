"""Bodies: how large they may be, and that what is too large is never read whole."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httptools
import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api


def _connect(api: Api) -> socket.socket:
    parts = urlsplit(api.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)


def _head(api: Api, path: str, *lines: str) -> bytes:
    head = [f"POST {api.path(path)} HTTP/1.1", "host: localhost", f"x-api-key: {api.key}", *lines]
    return "\r\n".join([*head, "", ""]).encode()


def _status(connection: socket.socket) -> int:
    return int(connection.recv(65536).split(b" ", 2)[1])


def test_an_announced_body_is_refused_before_a_byte_of_it_is_sent(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2000)
    with _connect(api) as connection:
        connection.sendall(_head(api, "/contact/import", "content-length: 2001"))
        assert _status(connection) == 413


def test_an_announced_body_that_waits_for_leave_gets_none(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2000)
    with _connect(api) as connection:
        connection.sendall(_head(api, "/contact/import", "content-length: 2001", "expect: 100-continue"))
        assert _status(connection) == 413


def test_an_endless_body_is_refused_while_it_comes(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2000)
    with _connect(api) as connection:
        connection.sendall(_head(api, "/contact/import", "transfer-encoding: chunked"))
        for _ in range(3):
            connection.sendall(b"3e8\r\n" + b" " * 1000 + b"\r\n")
        assert _status(connection) == 413  # though the body has not come to its end


def test_a_body_of_exactly_the_limit_is_taken(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2000)
    body = b'{"objects": []}'.ljust(2000)

    def in_pieces() -> Iterator[bytes]:
        yield body[:700]
        yield body[700:]

    for content in (body, in_pieces()):
        assert api.send("POST", "/contact/import", content=content).status_code == 200
    assert api.send("POST", "/contact/import", content=body + b" ").status_code == 413


def test_other_bodies_are_small(serve: Callable[..., Api]) -> None:
    api = serve(small_body_bytes_max=2000, body_bytes_max=5000)
    padded = b'{"name": "A", "type": "str"}'.ljust(2001)
    assert api.send("POST", "/contact/properties", content=padded).status_code == 413
    assert api.send("POST", "/contact/properties", content=padded[:2000]).status_code == 201
    assert api.send("POST", "/contact/import", content=b'{"objects": []}'.ljust(5000)).status_code == 200


def test_a_stranger_is_refused_before_the_size_is_looked_at(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2000)
    api.key = "wrong"
    with _connect(api) as connection:
        connection.sendall(_head(api, "/contact/import", "content-length: 99999999"))
        assert _status(connection) == 403


def test_a_client_that_gives_up_in_the_middle_leaves_nothing(api: Api) -> None:
    with _connect(api) as connection:
        connection.sendall(_head(api, "/contact/import", "content-length: 100") + b'{"objects": [{}')
    assert api.send("GET", "/contact/count").json() == {"total": 0}


def test_a_body_in_tiny_chunks_is_whole_and_so_is_the_request_behind_it(api: Api) -> None:
    rows = ", ".join(f'{{"default": {{"full_name": "Ada {number}"}}}}' for number in range(5_000))
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in f'{{"objects": [{rows}]}}'.encode()) + b"0\r\n\r\n"
    ask = f"GET {api.path('/contact/count')} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {api.key}\r\n"
    with _connect(api) as connection:
        connection.sendall(_head(api, "/contact/import", "transfer-encoding: chunked") + chunks)
        connection.sendall(f"{ask}connection: close\r\n\r\n".encode())
        answers = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answers.startswith(b"HTTP/1.1 202 ")
    assert b'"total":5000' in answers
    assert b"HTTP/1.1 200 OK" in answers
    assert answers.endswith(b'{"total":0}')


def test_chunks_are_parsed_some_at_a_time_so_that_others_are_served(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Parser(httptools.HttpRequestParser):
        def feed_data(self, data: Any) -> None:
            sizes.append(len(data))
            super().feed_data(data)

    monkeypatch.setattr(httptools, "HttpRequestParser", Parser)
    with _connect(api) as connection:
        body = b'd\r\n{"objects": [\r\n' + b"1\r\n \r\n" * 500_000 + b"2\r\n]}\r\n0\r\n\r\n"
        # With the head in the same read as the first chunks.
        connection.sendall(_head(api, "/contact/import", "transfer-encoding: chunked") + body)
        assert _status(connection) == 200
    assert sum(sizes) > 3_000_000
    assert max(sizes) <= 2**14
