"""The outermost layer: every request gets an id that its answer carries, and nothing escapes (contract, section 3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars

from prismd.api.http.absent_routes import absence
from prismd.api.http.errors import JSON, internal_error, refusal
from prismd.api.http.known_routes import route_of
from prismd.api.http.meant_paths import MeantPath, meant_path
from prismd.api.http.private_answers import guarded
from prismd.api.http.request_log import RequestLog, Told, labels_of
from prismd.api.http.scope_keys import HEAD_ONLY, OWN_TEAM, REQUEST_ID
from prismd.api.limits.body_budget import BodyBudget, BudgetedBody
from prismd.api.limits.unread import UnreadAnswers
from prismd.core.errors import PrismdError
from prismd.core.ids import NewId
from prismd.core.wording.quoting import quoted
from prismd.services.idempotency.claims import Answer
from prismd.telemetry import traces

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
        log: Tells of requests that are over.
        budget: Of the bodies that are read.
        life: What the HTTP server needs of the application, by name, such as
            :data:`prismd.api.http.scope_keys.ON_STOP`.
        unread: Counts what clients have not read yet.
    """

    def __init__(
        self,
        app: ASGIApp,
        sockets: Mapping[str, ASGIApp],
        new_id: NewId,
        *,
        log: RequestLog,
        budget: BodyBudget,
        life: Mapping[str, object],
        unread: UnreadAnswers,
    ) -> None:
        self._app = app
        self._sockets = sockets
        self._new_id = new_id
        self._log = log
        self._budget = budget
        self._life = life
        self._unread = unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the life of the server."""
        if scope["type"] == ScopeType.HTTP:
            await self._serve(scope, receive, send)
        elif scope["type"] == ScopeType.WEBSOCKET:
            self._new_request()
            await self._sockets.get(scope["path"], self._refuse_socket)(scope, receive, guarded(send))
        else:
            life: Any = scope
            life.get("state", {}).update(self._life)
            await self._app(scope, receive, send)

    async def _refuse_socket(self, scope: Scope, _receive: Receive, send: Send) -> None:
        known = ", ".join(self._sockets)
        error = PrismdError("not_found", f"There is no WebSocket at {quoted(scope['path'])} (known: {known})")
        await _send_whole(send, refusal(error, self._new_id()), "websocket.http.response")

    def _new_request(self) -> str:
        # The task of a request may have been started by the one before it on the same connection.
        clear_contextvars()
        request_id = self._new_id()
        bind_contextvars(request_id=request_id)
        return request_id

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began, request_id = time.perf_counter(), self._new_request()
        meant = meant_path(scope["method"], scope["raw_path"].decode("latin-1"))
        told = Told(scope, meant.path, route_of(meant.path), began)
        named = _Named(guarded(send), request_id, told, self._unread)
        with traces.request(request_id, *labels_of(scope["method"], told.route), lambda: told.status):
            try:
                await self._answer(scope, meant, receive, named)
            finally:
                self._log.ended(told)

    async def _answer(self, scope: HTTPScope, meant: MeantPath, receive: Receive, named: _Named) -> None:
        written, route, request_id = scope["raw_path"].decode("latin-1"), named.told.route, named.request_id
        inner: Any = {**scope, REQUEST_ID: request_id, "path": meant.path, OWN_TEAM: meant.own_team}
        if scope["method"] == "HEAD":
            inner["method"] = "GET"
            inner[HEAD_ONLY] = True
        if (absent := absence(scope["method"], meant.path, written)) is not None:
            await _send_whole(named, refusal(absent, request_id))
            return
        if scope["method"] == "OPTIONS" and route is not None:
            await _send_whole(named, Answer(204, b"", {"allow": ", ".join(route.methods)}))
            return
        body = BudgetedBody(receive, inner, self._budget)
        named.on_start = body.answer_begins
        try:
            await self._app(inner, body, named)
        except Exception:
            if named.told.status:
                raise
            _log.exception("a request failed outside its handler", path=written)
            await _send_whole(named, refusal(internal_error(), request_id))
        finally:
            body.release()


class _Named:
    """A ``send`` that puts the request's id on the answer, unless the answer brings one: a replay keeps the first's.

    A 405 says which methods the path takes, as HTTP demands, by the one table of operations. The status is noted.
    """

    def __init__(self, send: Send, request_id: str, told: Told, unread: UnreadAnswers) -> None:
        self._send = send
        self._unread = unread
        self.request_id = request_id
        self.told = told
        self.on_start: Callable[[], None] = lambda: None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.on_start()
            self.told.status = message["status"]
            headers = list(message.get("headers", ()))
            if not any(name.lower() == _HEADER for name, _ in headers):
                headers.append((_HEADER, self.request_id.encode()))
            if message["status"] == _METHOD_NOT_ALLOWED and (route := self.told.route) is not None:
                headers = [one for one in headers if one[0].lower() != _ALLOW]
                headers.append((_ALLOW, ", ".join(route.methods).encode()))
            message = {**message, "headers": headers}
        await self._unread.send(message, self._send)


async def _send_whole(send: Send, answer: Answer, kind: str = "http.response") -> None:
    about_body = {"content-type": JSON, "content-length": str(len(answer.body))} if answer.body else {}
    headers = {**about_body, **answer.headers}
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    start: Any = {"type": f"{kind}.start", "status": answer.status, "headers": encoded}
    await send(start)
    body: Any = {"type": f"{kind}.body", "body": answer.body, "more_body": False}
    await send(body)
