"""One call to a Prism server: it is repeated after a temporary failure, and raises a sentence after a lasting one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, urlsplit

import httpx
import msgspec

#: Waits between attempts double from the first to the longest; chance shortens each by up to half.
WAIT_FIRST_S: Final = 0.5
WAIT_MAX_S: Final = 30.0
#: The most attempts at one call; their waits then add up to about two minutes.
ATTEMPTS_MAX: Final = 9
#: The most attempts at a client's first call, so that a wrong address is reported within seconds.
FIRST_ATTEMPTS_MAX: Final = 3
#: The longest wait that a server can ask for; for a longer one the import stops and says so.
ASKED_WAIT_MAX_S: Final = 120.0
#: The longest wait for another request with the same idempotency key.
IN_PROGRESS_MAX_S: Final = 300.0

_TIMEOUTS: Final = httpx.Timeout(60.0, connect=10.0, read=180.0)
#: The longest silence of a stream; its heartbeat is much shorter.
_SILENCE_MAX_S: Final = 60.0
_IN_PROGRESS: Final = "idempotency_key_in_progress"
_SHOWN_CHARS_MAX: Final = 300


class ClientError(Exception):
    """The server cannot serve the request; the message is a sentence for people."""


class UnreachableError(ClientError):
    """The server cannot be reached, however often it is tried."""


class StuckError(ClientError):
    """The import cannot continue; the message says what to do instead."""


class RefusedError(ClientError):
    """The server refused a call.

    Args:
        status: The HTTP status.
        code: The error code of the answer; empty if it has none.
        message: The server's own sentence.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        hint = "; check MICRO_API_KEY and MICRO_TEAM_ID" if status in (401, 403) else ""
        super().__init__(f"the server refuses ({status}{' ' if code else ''}{code}): {message.rstrip('.')}{hint}")
        self.status = status
        self.code = code
        self.message = message
        #: Seconds that the answer asks to wait.
        self.wait_s = 0.0


@dataclass(frozen=True, slots=True)
class Outside:
    """The clock and random numbers, passed in so that tests can replace them.

    Args:
        sleep: Waits for a number of seconds.
        monotonic: Returns seconds that never step back.
        chance: Returns a number from 0 up to 1.
        now: Returns the time of day, aware, in UTC.
    """

    sleep: Callable[[float], None]
    monotonic: Callable[[], float]
    chance: Callable[[], float]
    now: Callable[[], datetime]


class PrismClient:
    """A connection to one team of a Prism server (contract, sections 1 to 4).

    Args:
        base_url: The server's address, such as ``http://127.0.0.1:8400``.
        key: The API key.
        team: The team's id, as in paths.
        outside: Clock and random numbers.

    Raises:
        ClientError: The address or the key is malformed.
    """

    def __init__(self, base_url: str, key: str, team: str, outside: Outside) -> None:
        if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
            raise ClientError(f"expected an address such as http://127.0.0.1:8400, found {base_url!r}")
        if not (key.isascii() and key.isprintable() and key):
            raise ClientError("the API key in MICRO_API_KEY has characters that no key has; copy it again")
        self.base_url = base_url.rstrip("/")
        self.team = team
        self.outside = outside
        #: Whether to ask the server for events; False after the server answered that it has none.
        self.has_events = True
        self._met = False
        self._http = httpx.Client(timeout=_TIMEOUTS, headers={"x-api-key": key, "accept": "application/json"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        *path: str,
        body: bytes | None = None,
        key: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Return the answer of the server; its status is below 300.

        Args:
            method: ``GET`` or ``POST``.
            path: The segments after the team, not yet percent-encoded.
            body: JSON to send.
            key: The idempotency key; a call that changes anything must have one.
            query: Parameters of the query.

        Raises:
            RefusedError: The server refuses, and a repetition would not help.
            ClientError: The server cannot be reached, or asks for too long a wait.
        """
        headers = {"content-type": "application/json"} if body is not None else {}
        if key is not None:
            headers["idempotency-key"] = key
        request = self._http.build_request(method, self._url(path), content=body, headers=headers, params=query)
        attempt, began = 0, self.outside.monotonic()
        while True:
            attempt += 1
            try:
                response = self._http.send(request)
            except httpx.TransportError as error:
                if attempt >= (ATTEMPTS_MAX if self._met else FIRST_ATTEMPTS_MAX):
                    raise UnreachableError(f"{self.base_url} cannot be reached: {_cause(error)}") from None
                self.outside.sleep(self._wait(attempt))
                continue
            self._met = True
            if response.is_success:
                return response
            refusal = refusal_of(response)
            waited_s = self.outside.monotonic() - began
            if not _may_pass(response, refusal, attempt, waited_s):
                raise refusal
            self.outside.sleep(self._asked_wait(response, refusal) or self._wait(attempt))

    @contextmanager
    def stream(
        self,
        *path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        silence_max_s: float = _SILENCE_MAX_S,
    ) -> Iterator[httpx.Response]:
        """Send one request and yield its answer, with any status, so that the caller reads it as it arrives.

        Args:
            path: The segments after the team, not yet percent-encoded.
            headers: Further headers of the request.
            body: JSON to POST; None for a GET.
            query: Parameters of the query.
            silence_max_s: The longest silence, in seconds.

        Raises:
            httpx.TransportError: The connection fails, breaks, or stays silent for too long.
        """
        timeout = httpx.Timeout(silence_max_s, connect=10.0)
        method = "GET" if body is None else "POST"
        with self._http.stream(
            method, self._url(path), headers=headers, content=body, params=query, timeout=timeout
        ) as response:
            yield response

    def _url(self, path: tuple[str, ...]) -> str:
        segments = "/".join(quote(segment, safe="") for segment in (self.team, *path))
        return f"{self.base_url}/v2/prism/{segments}"

    def _wait(self, attempt: int) -> float:
        return min(WAIT_MAX_S, WAIT_FIRST_S * 2.0 ** (attempt - 1)) * (1 - self.outside.chance() / 2)

    def _asked_wait(self, response: httpx.Response, refusal: RefusedError) -> float:
        asked = asked_wait_s(response, self.outside.now())
        if asked > ASKED_WAIT_MAX_S:
            raise ClientError(f"the server asks to wait {asked:.0f} seconds ({refusal.message})")
        return asked


def asked_wait_s(response: httpx.Response, now: datetime) -> float:
    """Return the seconds that an answer asks to wait before the next call; 0 if it asks for no wait.

    Args:
        response: The answer; ``retry-after-ms`` wins over ``Retry-After``, which is in seconds or a date.
        now: The time of day.
    """
    milliseconds = response.headers.get("retry-after-ms", "")
    if milliseconds.isdecimal():
        return int(milliseconds) / 1000
    asked = response.headers.get("retry-after", "")
    if asked.isdecimal():
        return float(asked)
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return 0
    return max(0.0, (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp() - now.timestamp())


def _may_pass(response: httpx.Response, refusal: RefusedError, attempt: int, waited_s: float) -> bool:
    if refusal.code == _IN_PROGRESS:
        return waited_s < IN_PROGRESS_MAX_S
    if response.headers.get("x-should-retry") == "false" or attempt >= ATTEMPTS_MAX:
        return False
    return response.status_code in (408, 429) or response.is_server_error


def refusal_of(response: httpx.Response) -> RefusedError:
    """Return the error of an answer that is no success, after its body was read."""
    code, message = "", response.text[:_SHOWN_CHARS_MAX].strip() or response.reason_phrase
    try:
        body = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if isinstance(body, dict):
        # The envelope of the contract, or the flat body of older servers (contract, section 3.1).
        found = body["error"] if isinstance(body.get("error"), dict) else body
        code = found["code"] if isinstance(found.get("code"), str) else ""
        message = found["message"] if isinstance(found.get("message"), str) else message
    return RefusedError(response.status_code, code, " ".join(message.split()))


def _cause(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
