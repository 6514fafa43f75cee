"""A client of loopback that costs little itself: on two cores it takes its time from the server that it measures."""

from __future__ import annotations

import http.client
import time
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec

TIMEOUT_S: Final = 600
#: A connection that was silent for longer is opened anew: servers close idle ones, uvicorn after five seconds.
IDLE_S: Final = 2
_REFUSED: Final = 400
_SHOWN: Final = 500


class RefusedError(Exception):
    """The server did not do what was asked; nothing was measured."""


class Http:
    """One connection that is kept open.

    Args:
        url: Of the server.
        headers: Sent with every request.
    """

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        self._headers = headers
        self._last = time.monotonic()
        #: When the last answer began to come, as ``time.perf_counter`` tells it: the server had decided by then.
        self.decided = 0.0
        #: Of the last answer, by lower-case name.
        self.answered: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        """Send a request and return the body of its answer.

        Raises:
            RefusedError: The answer is an error.
        """
        if time.monotonic() - self._last > IDLE_S:
            self._connection.close()
        try:
            self._connection.request(method, path, body, {**self._headers, **(headers or {})})
            response = self._connection.getresponse()
            self.decided = time.perf_counter()
            content = response.read()
        except OSError:
            self._connection.close()  # else it would wait for the answer that did not come
            raise
        self._last = time.monotonic()
        if response.status >= _REFUSED:
            said = content[:_SHOWN].decode(errors="replace")
            raise RefusedError(f"{method} {path} was answered {response.status}: {said}")
        self.answered = {name.lower(): value for name, value in response.getheaders()}
        return content

    def json(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Send JSON and return what the JSON of the answer says.

        Raises:
            RefusedError: The answer is an error.
        """
        content = self.send(method, path, None if body is None else msgspec.json.encode(body))
        return msgspec.json.decode(content) if content else None
