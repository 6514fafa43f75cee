"""HTTP itself: what is no request, is too large or too slow is refused with the envelope too (contract, section 3)."""

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

#: Requests that may wait on a connection for the answers to those before them.
_PIPELINED_MAX: Final = 16
#: Time that a client gets to read why it was refused, while what it still sends is thrown away, in seconds.
_LINGER_S: Final = 1.0
_LINE_END_BYTES: Final = 4
#: What is parsed in one go of a body in chunks: they may be tiny, and each takes a step of Python.
_CHUNKED_BYTES_AT_ONCE: Final = 2**14


class HttpProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, for ``uvicorn.Config(http=HttpProtocol)``.

    One timer watches what each client sends, first its head, then its body; another one, that it reads its answer.
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
        self._in_head = self._in_message = self._in_chunks = False
        self._line_bytes = self._head_bytes = self._unheard_bytes = self._body_bytes = 0
        self._unparsed = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, if there is room for one more connection."""
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
        """Parse what came, and refuse what never becomes a request.

        Args:
            data: Some of what the client sent.
        """
        if self._unparsed:
            self._unparsed += data
            self.transport.pause_reading()
            return
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        if self._deaf or self.parser is None:
            return
        if self._in_chunks and len(data) > _CHUNKED_BYTES_AT_ONCE:
            data, self._unparsed = data[:_CHUNKED_BYTES_AT_ONCE], data[_CHUNKED_BYTES_AT_ONCE:]
            self.transport.pause_reading()
            self.loop.call_soon(self._parse_rest)
        self._unset_keepalive_if_required()
        self._unheard_bytes += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self._leave()
                self.handle_websocket_upgrade()
            return
        except httptools.HttpParserError as error:
            self._refuse(self._refusal or PrismdError("invalid_request", f"This is no HTTP request: {_said(error)}"))
            return
        if self._unheard_bytes > self._settings.header_bytes_max:
            self._refuse(self._head_too_large())
        elif not self._in_message and self._timer is None and (self.cycle is None or self.cycle.response_complete):
            # Empty lines, which are no request and no reason to wait longer for one.
            self._watch(self._settings.keep_alive_s, self._close)

    def _parse_rest(self) -> None:
        # Meanwhile the loop has served others.
        rest, self._unparsed = self._unparsed, b""
        if self.transport.is_closing():
            return
        self._parse(rest)
        if not (self._unparsed or self.flow.read_paused):
            self.transport.resume_reading()

    def on_message_begin(self) -> None:
        """Begin to count and to time a request."""
        super().on_message_begin()
        scope: Any = self.scope  # with our own key beside those of ASGI
        scope[PEER] = self._address()
        self._in_head = self._in_message = True
        self._line_bytes = self._head_bytes = self._unheard_bytes = self._body_bytes = 0
        self._watch(self._settings.request_head_s, self._head_is_late)

    def on_url(self, url: bytes) -> None:
        """Take a part of the request's address, up to a length."""
        self._line_bytes += len(url)
        if self._line_bytes > self._settings.request_line_bytes_max:
            most = self._settings.request_line_bytes_max
            self._give_up(PrismdError("uri_too_long", f"The address of the request is longer than {most} bytes"))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, up to a number and a size of all of them, trailers included."""
        self._head_bytes += len(name) + len(value) + _LINE_END_BYTES
        if self._line_bytes + self._head_bytes > self._settings.header_bytes_max:
            self._give_up(self._head_too_large())
        if len(self.headers) >= self._settings.headers_max:
            most = self._settings.headers_max
            self._give_up(PrismdError("headers_too_large", f"The request has more than {most} headers"))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin to time the body, and give the request to the application."""
        self._in_head = False
        self._in_chunks = any(name == b"transfer-encoding" for name, _ in self.headers)
        self._unheard_bytes = 0
        if len(self.pipeline) >= _PIPELINED_MAX:
            message = f"More than {_PIPELINED_MAX} requests wait for answers on this connection"
            self._give_up(PrismdError("invalid_request", message))
        super().on_headers_complete()
        if self.cycle is not None:
            ending: Any = _Ending(self.transport, self._end)  # has all that a transport has
            self.cycle.transport = ending
        self._watch(self._settings.body_wait_s, self._look_at_body)

    def on_body(self, body: bytes) -> None:
        """Count a part of the body."""
        self._unheard_bytes = 0
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop timing what the client sends: it is the server's turn."""
        self._unheard_bytes = 0
        self._in_message = self._in_chunks = False
        self._stop_watching()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on with the next request, unless the connection ends with this one."""
        if self._deaf:
            self.server_state.total_requests += 1
        else:
            super().on_response_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read its answer some time."""
        super().pause_writing()
        self._reading_timer = self.loop.call_later(self._settings.answer_wait_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Be content with a client that reads again."""
        if self._reading_timer is not None:
            self._reading_timer.cancel()
        super().resume_writing()

    def shutdown(self) -> None:
        """Let the request under way finish, and tell the application, so that it ends those that have no end."""
        super().shutdown()
        if on_stop := self.app_state.get(ON_STOP):
            on_stop()

    def _give_up(self, error: PrismdError) -> None:
        # The parser stops at an exception of its callbacks, and raises its own.
        self._refusal = error
        raise error

    def _refuse(self, error: PrismdError) -> None:
        self._stop_watching()
        self._deaf = True
        if self._answers_an_earlier_one():
            # What were written now would be taken for the answer to another request.
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
        """Close the connection after an answer, which may have come before the body did."""
        if self._in_message and not self.transport.is_closing():
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        # What the client still sends is read, as otherwise the system would throw away our answer with it.
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
        if self.flow.read_paused:  # so the client cannot send
            self._watch(wait_s, self._head_is_late)
            return
        self._refuse(
            PrismdError("request_timeout", f"The headers of the request did not come within {wait_s:g} seconds")
        )

    def _look_at_body(self) -> None:
        came, self._body_bytes = self._body_bytes, 0
        least, wait_s = self._settings.body_bytes_per_second_min, self._settings.body_wait_s
        # While we do not read, the client cannot send.
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
    """A transport as an answer sees it, which closes the connection in a way of its own.

    Args:
        transport: Of the connection.
        end: Closes it.
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
