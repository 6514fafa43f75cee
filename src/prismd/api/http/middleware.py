"""The outermost ASGI middleware: it gives each request an id and answers every failure (contract, section 3)."""

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
from prismd.api.http.request_log import ObservedRequest, RequestLog, labels_of
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


class Middleware:
    """ASGI middleware around the application of the framework.

    It rewrites other forms of a path to the full form, and answers routes that prismd is known to lack. It routes by
    the raw path, because a key value in a path may contain encoded slashes: the framework splits at real slashes only,
    and handlers decode each part. It serves HEAD as GET; the HTTP server then omits the body.

    Args:
        app: The application of the framework.
        sockets: WebSocket applications, by path.
        new_id: Makes the ids of requests.
        log: Logs and counts finished requests.
        budget: Limits the bytes of request bodies.
        life: Callbacks and limits for the HTTP server, by name, such as
            :data:`prismd.api.http.scope_keys.ON_STOP`.
        unread: Counts the bytes of answers that clients have not read yet.
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
        """Serve one request, one WebSocket, or the lifespan of the server."""
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
        # An earlier request of the same connection may have started this task, so its log context may still be set.
        clear_contextvars()
        request_id = self._new_id()
        bind_contextvars(request_id=request_id)
        return request_id

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        began, request_id = time.perf_counter(), self._new_request()
        meant = meant_path(scope["method"], scope["raw_path"].decode("latin-1"))
        observed = ObservedRequest(scope, meant.path, route_of(meant.path), began)
        answering = _Answering(guarded(send), request_id, observed, self._unread)
        with traces.request(request_id, *labels_of(scope["method"], observed.route), lambda: observed.status):
            try:
                await self._answer(scope, meant, receive, answering)
            finally:
                self._log.ended(observed)

    async def _answer(self, scope: HTTPScope, meant: MeantPath, receive: Receive, answering: _Answering) -> None:
        written, route, request_id = scope["raw_path"].decode("latin-1"), answering.observed.route, answering.request_id
        inner: Any = {**scope, REQUEST_ID: request_id, "path": meant.path, OWN_TEAM: meant.own_team}
        if scope["method"] == "HEAD":
            inner["method"] = "GET"
            inner[HEAD_ONLY] = True
        if (absent := absence(scope["method"], meant.path, written)) is not None:
            await _send_whole(answering, refusal(absent, request_id))
            return
        if scope["method"] == "OPTIONS" and route is not None:
            await _send_whole(answering, Answer(204, b"", {"allow": ", ".join(route.methods)}))
            return
        body = BudgetedBody(receive, inner, self._budget)
        answering.on_start = body.answer_begins
        try:
            await self._app(inner, body, answering)
        except Exception:
            if answering.observed.status:
                raise
            _log.exception("a request failed outside its handler", path=written)
            await _send_whole(answering, refusal(internal_error(), request_id))
        finally:
            body.release()


class _Answering:
    """An ASGI ``send`` that adds headers to the answer and notes its status.

    It adds the request's id, unless the answer has one: a replayed answer keeps the id of the first request. To a 405
    it adds the methods that the path takes, which HTTP requires, from the table of operations.
    """

    def __init__(self, send: Send, request_id: str, observed: ObservedRequest, unread: UnreadAnswers) -> None:
        self._send = send
        self._unread = unread
        self.request_id = request_id
        self.observed = observed
        self.on_start: Callable[[], None] = lambda: None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.on_start()
            self.observed.status = message["status"]
            headers = list(message.get("headers", ()))
            if not any(name.lower() == _HEADER for name, _ in headers):
                headers.append((_HEADER, self.request_id.encode()))
            if message["status"] == _METHOD_NOT_ALLOWED and (route := self.observed.route) is not None:
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
