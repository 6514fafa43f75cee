"""HTTP/1.1 with limits: a malformed, too large or too slow request gets the error envelope (contract, section 3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from prismd.api.http.errors import JSON, refusal
from prismd.api.http.private_answers import HEADERS
from prismd.api.http.scope_keys import CONNECTION_LIMITS, ON_REFUSED, ON_STOP, PEER
from prismd.api.limits.connections import ConnectionLimits
from prismd.core.errors import PrismdError

#: The most requests that may wait on one connection for earlier answers.
_PIPELINED_MAX: Final = 16
#: Seconds in which a client can read its refusal; the server discards what the client still sends.
_LINGER_S: Final = 1.0
_LINE_END_BYTES: Final = 4
#: The most bytes parsed at once, except bodies of known size: headers and chunks can be tiny, and each takes some
#: Python.
_BYTES_AT_ONCE: Final = 2**14


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, for ``uvicorn.Config(http=HttpProtocol)``.

    One timer limits how long the client takes to send the head and then the body. Another one limits how long it takes
    to read the answer.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits: ConnectionLimits = app_state.get(CONNECTION_LIMITS) or ConnectionLimits()
        self._settings = self._limits.settings
        self.timeout_keep_alive = self._settings.keep_alive_s  # type: ignore[assignment] # uvicorn has whole seconds alone
        self._counted = False
        self._timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None
        self._refusal: PrismdError | None = None
        self._deaf = False
        self._in_head = self._in_message = self._in_sized_body = False
        self._line_bytes = self._head_bytes = self._unheard_bytes = self._body_bytes = 0
        self._unparsed = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request, or refuse the connection if too many are open."""
        super().connection_made(transport)
        self._counted = self._limits.enter(self._address())
        if self._counted:
            self._watch(self._settings.keep_alive_s, self._close)
        else:
            self._refuse(
                PrismdError("service_unavailable", "The server has all the connections that it takes; try again")
            )

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another connection."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes, and refuse those that cannot become a request.

        Args:
            data: The next bytes from the client.
        """
        if self._unparsed:
            self._unparsed += data
            self.transport.pause_reading()
            return
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._deaf or self.parser is None:
            return
        if not self._in_sized_body and len(data) > _BYTES_AT_ONCE:
            data, self._unparsed = data[:_BYTES_AT_ONCE], data[_BYTES_AT_ONCE:]
            self.transport.pause_reading()
            self.loop.call_soon(self._parse_rest)
        self._unset_keepalive_if_required()
        self._unheard_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                if self._unparsed:  # sent before the connection became a WebSocket
                    self._unparsed = b""
                    self.transport.resume_reading()
                self._leave()
                self.handle_websocket_upgrade()
            return
        except httptools.HttpParserError as error:
            self._refuse(self._refusal or PrismdError("invalid_request", f"This is no HTTP request: {_said(error)}"))
            return
        if self._unheard_bytes > self._settings.header_bytes_max:
            self._refuse(self._head_too_large())
        elif not self._in_message and self._timer is None and (self.cycle is None or self.cycle.response_complete):
            # The client sent only empty lines: they are no request, and they do not extend the wait for one.
            self._watch(self._settings.keep_alive_s, self._close)

    def _parse_rest(self) -> None:
        # The event loop has served other connections since.
        rest, self._unparsed = self._unparsed, b""
        if not rest or self.transport.is_closing():
            return
        self._parse(rest)
        if not (self._unparsed or self.flow.read_paused):
            self.transport.resume_reading()

    def on_message_begin(self) -> None:
        """Start the counters and the timer of a request."""
        super().on_message_begin()
        scope: Any = self.scope  # has a key of prismd in addition to those of ASGI
        scope[PEER] = self._address()
        self._in_head = self._in_message = True
        self._line_bytes = self._head_bytes = self._unheard_bytes = self._body_bytes = 0
        self._watch(self._settings.request_head_s, self._head_is_late)

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's address, up to the limit of its length."""
        self._line_bytes += len(url)
        if self._line_bytes > self._settings.request_line_bytes_max:
            most = self._settings.request_line_bytes_max
            self._give_up(PrismdError("uri_too_long", f"The address of the request is longer than {most} bytes"))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header or trailer, up to the limits of their number and total size."""
        self._head_bytes += len(name) + len(value) + _LINE_END_BYTES
        if self._line_bytes + self._head_bytes > self._settings.header_bytes_max:
            self._give_up(self._head_too_large())
        if len(self.headers) >= self._settings.headers_max:
            most = self._settings.headers_max
            self._give_up(PrismdError("headers_too_large", f"The request has more than {most} headers"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start the timer of the body, and pass the request to the application."""
        self._in_head = False
        self._in_sized_body = all(name != b"transfer-encoding" for name, _ in self.headers)
        self._unheard_bytes = 0
        if len(self.pipeline) >= _PIPELINED_MAX:
            message = f"More than {_PIPELINED_MAX} requests wait for answers on this connection"
            self._give_up(PrismdError("invalid_request", message))
        super().on_headers_complete()
        if self.cycle is not None:
            ending: Any = _Ending(self.transport, self._end)  # behaves as a transport
            self.cycle.transport = ending
        self._watch(self._settings.body_wait_s, self._look_at_body)

    def on_body(self, body: bytes) -> None:
        """Count a part of the body."""
        self._unheard_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the timer: the client has sent its request."""
        self._unheard_bytes = 0
        self._in_message = self._in_sized_body = False
        self._stop_watching()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Continue with the next request, unless the connection ends after this one."""
        if self._deaf:
            self.server_state.total_requests += 1
        else:
            super().on_response_complete()

    def pause_writing(self) -> None:
        """Start the timer of a client that does not read its answer."""
        super().pause_writing()
        self._reading_timer = self.loop.call_later(self._settings.answer_wait_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the timer of a client that reads again."""
        if self._reading_timer is not None:
            self._reading_timer.cancel()
        super().resume_writing()

    def shutdown(self) -> None:
        """Let the current request finish, and have the application end the streams that would never finish."""
        super().shutdown()
        if on_stop := self.app_state.get(ON_STOP):
            on_stop()

    def _give_up(self, error: PrismdError) -> None:
        # The parser stops at an exception in a callback and raises an exception of its own, so keep ours.
        self._refusal = error
        raise error

    def _refuse(self, error: PrismdError) -> None:
        self._stop_watching()
        self._deaf = True
        if self._answers_an_earlier_one():
            # The client would take an answer written now for the answer to an earlier request.
            self._close()
            return
        request_id = str(uuid4())
        self.transport.write(_as_bytes(error, request_id))
        if on_refused := self.app_state.get(ON_REFUSED):
            on_refused(error, request_id, self._address())
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._linger()

    def _end(self) -> None:
        """Close the connection after an answer; if the answer came before the end of the body, linger first."""
        if self._in_message and not self.transport.is_closing():
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        # Read what the client still sends: the system would reset the connection otherwise and discard our answer.
        self._deaf = True
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._watch(_LINGER_S, self._close)

    def _answers_an_earlier_one(self) -> bool:
        if self.cycle is None or self.cycle.response_complete:
            return False
        return self._in_head or self.cycle.response_started or bool(self.pipeline)

    def _head_too_large(self) -> PrismdError:
        most = self._settings.header_bytes_max
        return PrismdError("headers_too_large", f"The headers of the request take more than {most} bytes")

    def _head_is_late(self) -> None:
        wait_s = self._settings.request_head_s
        if self.flow.read_paused:  # the server does not read, so the client cannot send
            self._watch(wait_s, self._head_is_late)
            return
        self._refuse(
            PrismdError("request_timeout", f"The headers of the request did not come within {wait_s:g} seconds")
        )

    def _look_at_body(self) -> None:
        came, self._body_bytes = self._body_bytes, 0
        least, wait_s = self._settings.body_bytes_per_second_min, self._settings.body_wait_s
        # The client cannot send while the server does not read.
        if self.flow.read_paused or came >= least * wait_s:
            self._watch(wait_s, self._look_at_body)
            return
        message = f"The body of the request came at less than {least:g} bytes per second for {wait_s:g} seconds"
        self._refuse(PrismdError("request_timeout", message))

    def _watch(self, wait_s: float, otherwise: Callable[[], None]) -> None:
        self._stop_watching()
        self._timer = self.loop.call_later(wait_s, otherwise)

    def _stop_watching(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _leave(self) -> None:
        self._stop_watching()
        if self._reading_timer is not None:
            self._reading_timer.cancel()
        if self._counted:
            self._limits.leave(self._address())
            self._counted = False

    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _close(self) -> None:
        self.transport.close()


class _Ending:
    """A transport whose ``close`` is replaced, so that the end of an answer closes the connection with care.

    Args:
        transport: The connection's transport.
        end: Replaces ``close``.
    """

    def __init__(self, transport: asyncio.Transport, end: Callable[[], None]) -> None:
        self._transport = transport
        self.close = end

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a transport has
        return getattr(self._transport, name)


def _said(error: Exception) -> str:
    return str(error) or "Invalid HTTP request received."


def _as_bytes(error: PrismdError, request_id: str) -> bytes:
    answer = refusal(error, request_id)
    about_body = {"content-type": JSON, "content-length": str(len(answer.body)), "connection": "close"}
    headers = {**about_body, **HEADERS, **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    status = HTTPStatus(answer.status)
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + answer.body
