"""Answers are whose who asked: no cache keeps any of them, whatever the answer and whoever gives it."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from prismd.api.document.operation import Operation
from prismd.api.document.operations import OPERATIONS
from tests.processes import PATIENCE_S

if TYPE_CHECKING:
    from tests.api.conftest import Api

NOWHERE = "0190aaaa-0000-7000-8000-00000000000a"
PRIVATE = {"cache-control": "private, no-store", "vary": "x-api-key, accept", "x-content-type-options": "nosniff"}
PLACES = {"objectType": "deal", "slug": "name", "value": "x", "templateId": "custom"}


def told(headers: httpx.Headers) -> dict[str, list[str]]:
    """Return what is said of caches, each saying of each header by itself."""
    return {name: headers.get_list(name) for name in PRIVATE}


WANTED = {name: [value] for name, value in PRIVATE.items()}


def address(operation: Operation, team: str) -> str:
    places = {"teamId": team, **PLACES}
    return re.sub(r"{(\w+)}", lambda found: places.get(found[1], NOWHERE), operation.path)


@pytest.mark.parametrize("key", ["good", "wrong", "none"])
def test_every_answer_of_every_operation_is_private(api: Api, key: str) -> None:
    headers = {"good": {"x-api-key": api.key}, "wrong": {"x-api-key": "wrong"}, "none": {}}[key]
    for operation in OPERATIONS:
        body: dict[str, Any] = {"json": {}} if operation.method in {"POST", "PATCH", "PUT"} else {}
        url = api.url + address(operation, api.team)
        with api.http.stream(operation.method, url, headers=headers, **body) as answer:
            assert told(answer.headers) == WANTED, operation.name  # an event stream would not end


def test_refusals_by_any_method_are_private_too(api: Api) -> None:
    for path in ("/contact", "/contact/count", "/nowhere/at/all", "/imports?limit=x", "/v2/feed/updates"):
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "PROPFIND"):
            assert told(api.send(method, path).headers) == WANTED, (method, path)


def test_versions_and_replays_say_the_same(api: Api) -> None:
    first, again = (
        api.send("POST", "/contact", json={"default": {"full_name": "Ada"}}, headers={"idempotency-key": "one"})
        for _ in range(2)
    )
    assert again.headers["idempotent-replay"] == "true"
    version = {"if-none-match": first.headers["etag"]}
    unchanged = api.send("GET", f"/contact/{first.json()['id']}", headers=version)
    failed = api.send("PATCH", f"/contact/{first.json()['id']}", json={"default": {}}, headers={"if-match": '"9"'})
    assert (unchanged.status_code, unchanged.headers["etag"]) == (304, first.headers["etag"])
    assert (failed.status_code, failed.json()["error"]["code"]) == (412, "precondition_failed")
    for answer in (first, again, unchanged, failed):
        assert told(answer.headers) == WANTED


def test_what_is_refused_before_it_is_a_request_is_private_too(api: Api) -> None:
    place = urlsplit(api.url)
    for request in (b"GARBAGE\r\n\r\n", b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection((place.hostname, place.port), timeout=PATIENCE_S) as line:
            line.sendall(request)
            said = b"".join(iter(lambda: line.recv(65_536), b"")).decode().lower()
        for name, value in PRIVATE.items():
            assert f"\r\n{name}: {value}\r\n" in said


def test_a_refused_web_socket_is_private_too(api: Api) -> None:
    address = f"{api.url.replace('http', 'ws')}/v2/elsewhere"
    with pytest.raises(InvalidStatus) as refused, connect(address, proxy=None):
        pass
    headers = refused.value.response.headers
    assert {name: headers.get_all(name) for name in PRIVATE} == WANTED
