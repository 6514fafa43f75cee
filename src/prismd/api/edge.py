"""The outermost layer: every request gets an id that its answer carries, and nothing escapes (contract, section 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from prismd.api.absent_routes import absence
from prismd.api.allowed_methods import allowed_methods
from prismd.api.errors import JSON, internal_error, refusal
from prismd.api.meant_paths import meant_path
from prismd.api.scope_keys import HEAD_ONLY, OWN_TEAM, REQUEST_ID
from prismd.core.errors import PrismdError
from prismd.core.ids import NewId
from prismd.core.quoting import quoted
from prismd.services.idempotency import Answer

_HEADER: Final = b"x-request-id"
_ALLOW: Final = b"allow"
_METHOD_NOT_ALLOWED: Final = 405

_log = structlog.get_logger()


class Edge:
    """ASGI application around the application.

    Requests are routed by their raw path, so that a key value in it may contain slashes: the framework splits at real
    ones only, and handlers decode what they get. HEAD is served as GET, of which the HTTP server leaves the body out.
    What a path means in another form, and which routes are known and absent, is settled here, before it is routed.

    Args:
        app: The application inside.
        sockets: WebSocket applications, by path.
        new_id: Makes the ids of requests.
        life: What the HTTP server needs of the application, by name, such as :data:`prismd.api.scope_keys.ON_STOP`.
    """

    def __init__(
        self,
        app: ASGIApp,
        sockets: Mapping[str, ASGIApp],
        new_id: NewId,
        life: Mapping[str, object],
    ) -> None:
        self._app = app
        self._sockets = sockets
        self._new_id = new_id
        self._life = life

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the life of the server."""
        if scope["type"] == ScopeType.HTTP:
            await self._serve(scope, receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET:
            await self._sockets.get(scope["path"], self._refuse_socket)(scope, receive, send)
        else:
            life: Any = scope
            life.get("state", {}).update(self._life)
            await self._app(scope, receive, send)

    async def _refuse_socket(self, scope: Scope, _receive: Receive, send: Send) -> None:
        known = ", ".join(self._sockets)
        error = PrismdError("not_found", f"There is no WebSocket at {quoted(scope['path'])} (known: {known})")
        await _send_whole(send, refusal(error, self._new_id()), "websocket.http.response")

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        request_id = self._new_id()
        written = scope["raw_path"].decode("latin-1")
        meant = meant_path(scope["method"], written)
        inner: Any = {**scope, REQUEST_ID: request_id, "path": meant.path, OWN_TEAM: meant.own_team}
        if scope["method"] == "HEAD":
            inner["method"] = "GET"
            inner[HEAD_ONLY] = True
        allowed = allowed_methods(meant.path)
        named = _Named(send, request_id, allowed)
        if (absent := absence(scope["method"], meant.path, written)) is not None:
            await _send_whole(named, refusal(absent, request_id))
            return
        if scope["method"] == "OPTIONS" and allowed is not None:
            await _send_whole(named, Answer(204, b"", {"allow": ", ".join(allowed)}))
            return
        try:
            await self._app(inner, receive, named)
        except Exception:
            if named.started:
                raise
            _log.exception("a request failed outside its handler", request_id=request_id, path=written)
            await _send_whole(named, refusal(internal_error(), request_id))


class _Named:
    """A ``send`` that puts the request's id on the answer, unless the answer brings one: a replay keeps the first's.

    A 405 says which methods the path takes, as HTTP demands, by the one table of operations.
    """

    def __init__(self, send: Send, request_id: str, allowed: Sequence[str] | None) -> None:
        self._send = send
        self._header = (_HEADER, request_id.encode())
        self._allowed = allowed
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = list(message.get("headers", ()))
            if not any(name.lower() == _HEADER for name, _ in headers):
                headers.append(self._header)
            if message["status"] == _METHOD_NOT_ALLOWED and self._allowed is not None:
                headers = [one for one in headers if one[0].lower() != _ALLOW]
                headers.append((_ALLOW, ", ".join(self._allowed).encode()))
            message = {**message, "headers": headers}
        await self._send(message)


async def _send_whole(send: Send, answer: Answer, kind: str = "http.response") -> None:
    about_body = {"content-type": JSON, "content-length": str(len(answer.body))} if answer.body else {}
    headers = {**about_body, **answer.headers}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    start: Any = {"type": f"{kind}.start", "status": answer.status, "headers": encoded}
    await send(start)
    body: Any = {"type": f"{kind}.body", "body": answer.body, "more_body": False}
    await send(body)
