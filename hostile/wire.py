"""One request over a connection of its own, whatever it is, and what comes back."""

from __future__ import annotations

import http.client
import json
import select
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

_READ_BYTES: Final = 2**18
#: Of an answer, what is kept to be understood; the rest is counted.
_KEPT_BYTES: Final = 2**16


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent.

    Args:
        head: All before the body, byte for byte.
        body: Returns the parts of the body, which may be slow to come or have no end.
    """

    head: bytes
    body: Callable[[], Iterable[bytes]] = tuple


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Args:
        status: Of HTTP; 0 where no answer came.
        took_s: From the first byte sent to the last one read, in seconds.
        length: Of its body, in bytes.
        code: ``error.code``, where there is one.
        said: What an error says; of no answer, why there is none.
        internal_errors: Whether a row in it ended as a fault of the server.
        retry_after: Whether it says when to try again.
    """

    status: int
    took_s: float
    length: int = 0
    code: str = ""
    said: str = ""
    internal_errors: bool = False
    retry_after: bool = False


def head(method: str, target: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Return the head of a request; the connection ends with its answer."""
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def exchange(address: tuple[str, int], request: Request, patience_s: float) -> Answer:
    """Send a request and return the answer, which may come before all is sent.

    Args:
        address: Of the server.
        request: What to send.
        patience_s: How long to wait for something to happen, in seconds.
    """
    began = time.monotonic()
    try:
        with socket.create_connection(address, timeout=patience_s) as line:
            _send(line, request)
            return _read(line, began)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, time.monotonic() - began, said=f"{type(error).__name__}: {error}")


def _send(line: socket.socket, request: Request) -> None:
    """Send as much of a request as the server takes before it answers."""
    line.sendall(request.head)
    for part in request.body():
        rest = memoryview(part)
        while rest:
            readable, writable, _ = select.select([line], [line], [], line.gettimeout())
            if readable:
                return
            if not writable:
                raise TimeoutError("the server takes no more of the request, and does not answer")
            try:
                rest = rest[line.send(rest[:_READ_BYTES]) :]
            except (BrokenPipeError, ConnectionResetError):
                return  # the answer may be there all the same


def _read(line: socket.socket, began: float) -> Answer:
    answer = http.client.HTTPResponse(line)
    answer.begin()
    kept, length, internal_errors = b"", 0, False
    while part := answer.read1(_READ_BYTES):
        length += len(part)
        kept += part[: _KEPT_BYTES - len(kept)]
        internal_errors |= b'"internal_error"' in part
        if answer.getheader("content-type", "").startswith("text/event-stream"):
            break  # it may go on for ever
    took_s = time.monotonic() - began
    code, said = _error(kept)
    retry_after = answer.getheader("retry-after") is not None
    return Answer(answer.status, took_s, length, code, said, internal_errors, retry_after)


def _error(body: bytes) -> tuple[str, str]:
    try:
        read: Any = json.loads(body)["error"]
        return str(read["code"]), str(read["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""
