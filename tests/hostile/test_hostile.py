"""The hostile run in small, and that it sees what it is there to see; ``make hostile`` sends all there is."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hostile import __main__ as hostile
from hostile import table, values
from hostile.kinds import Kind, kinds
from hostile.places import places
from hostile.requests import FULL, SMALL
from hostile.routes import Target
from hostile.run import fault_of
from hostile.wire import Answer, Request, exchange, head

#: A kind of each group, and a route of each way to take a body.
KINDS = (
    "body: members",
    "body: combining marks",
    "body: lone surrogates",
    "body: absurd numbers",
    "address: NUL characters",
    "sending: packed",
    "sending: more than is allowed",
    "query: selects through references",
    "rows: ",
)
ROUTES = ("startImport", "updateRecord", "queryRecords", "createView", "listRecords")


# With the kill test, so that not both load the machine at once.
@pytest.mark.xdist_group("kills")
def test_no_hostile_request_fails_the_server_or_takes_its_memory(tmp_path: Path) -> None:
    rows = hostile.run(tmp_path, scale=SMALL, wanted=KINDS, names=ROUTES, timed=False)

    assert not table.faults(rows), "\n".join(table.faults(rows))
    assert len(rows) == len(KINDS)
    assert all(row.requests >= 8 and row.peaks_mib["server"] > 0 < row.peaks_mib["PostgreSQL"] for row in rows)
    # Some of it is refused, and some is not: else the requests do not get where they are to do harm.
    assert {200, 201, 202, 400} <= {status for row in rows for status in row.statuses}


def target(**about: object) -> Target:
    plain = {
        "name": "queryRecords",
        "method": "POST",
        "template": "/v2/prism/{teamId}/{objectType}/query",
        "parts": {"teamId": "team", "objectType": "contact"},
        "query": {},
        "parameters": ("limit", "select"),
        "headers": ("If-Match",),
        "key": "key",
        "body": {"query": {"select": ["email"]}},
        "members": ("query", "id"),
        "body_bytes_max": 2**20,
        "object_type": "contact",
    }
    return Target(**{**plain, **about})  # type: ignore[arg-type] # as above


IMPORT = target(name="startImport", template="/v2/prism/{teamId}/contact/import", members=("objects", "options"))


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.name)
def test_every_kind_sends_something_that_fits(kind: Kind) -> None:
    sent = [*kind.requests(target(), SMALL), *kind.requests(IMPORT, SMALL)]
    assert len(sent) >= 5
    assert all(one.head.endswith(b"\r\n") and one.head.startswith(b"POST /v2/prism/") for one in sent)


@pytest.mark.parametrize("name", values.VALUES)
def test_values_are_no_longer_than_they_are_asked_for_and_a_little(name: str) -> None:
    for most in (1_000, 100_000):
        assert all(len(value) <= most + 40 for value in values.made(name, most))
    assert FULL.largest(target()) < 2**20


def test_a_value_stands_in_each_part_of_a_body_in_turn() -> None:
    found = [before + b"7" + after for before, after in places({"a": {"b": [True]}}, ("c",))]
    assert found[0] == b"7"
    assert [json.loads(one) for one in found[1:5]] == [
        {"a": {"b": [True]}, "c": 7},
        {"a": 7},
        {"a": {"b": 7}},
        {"a": {"b": [7]}},
    ]
    assert found[5:] == [b'{"a": {"b": [true], 7: 0}}', b'{"a": {"b": [true]}, 7: 0}']


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(200, 0), ""),
        (Answer(400, 0, code="invalid_request"), ""),
        (Answer(429, 0, retry_after=True), ""),
        (Answer(503, 0, code="query_timeout", said="The query took too long", retry_after=True), ""),
        (Answer(503, 0, code="service_unavailable", said="Too many"), "503 service_unavailable: Too many"),
        (
            Answer(503, 0, code="service_unavailable", said="The database cannot be reached", retry_after=True),
            "503 service_unavailable: The database cannot be reached",
        ),
        (Answer(500, 0, code="internal_error", said="Internal error"), "500 internal_error: Internal error"),
        (Answer(200, 0, internal_errors=True), "a row ended as internal_error"),
        (Answer(0, 0, said="TimeoutError: timed out"), "no answer (TimeoutError: timed out)"),
    ],
)
def test_faults_of_the_server_are_told_from_refusals(answer: Answer, fault: str) -> None:
    assert fault_of(answer) == fault


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """Serve one connection, as badly as a test wants."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                answer(line)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()
        thread.join()


def test_an_answer_that_comes_before_the_body_has_ended_is_read() -> None:
    said = b'{"error": {"code": "payload_too_large", "message": "It is too large"}}'

    def refuse(line: socket.socket) -> None:
        line.recv(1000)
        line.sendall(b"HTTP/1.1 413 No\r\nretry-after: 1\r\ncontent-length: %d\r\n\r\n" % len(said) + said)

    def endless() -> Iterator[bytes]:
        while True:
            yield b"a" * 1000

    with answering(refuse) as address:
        answer = exchange(address, Request(head("POST", "/", ()), endless), 30)
    assert (answer.status, answer.code, answer.said) == (413, "payload_too_large", "It is too large")
    assert answer.retry_after
    assert answer.length == len(said)


def test_no_answer_is_no_status() -> None:
    with answering(lambda _: None) as address:
        answer = exchange(address, Request(head("GET", "/", ())), 30)
    assert (answer.status, bool(answer.said)) == (0, True)
