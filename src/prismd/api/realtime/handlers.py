"""The realtime stream: a key is exchanged for a ticket, and a ticket opens one WebSocket (contract, section 15)."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import parse_qs

import psycopg
import structlog
from litestar import Request, Response
from litestar.types import Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from prismd.api.authentication.callers import let_in_by_key
from prismd.api.authentication.key_watch import KeyWatch
from prismd.api.authentication.within_scopes import within_scopes
from prismd.api.document.operation import Operation, Reply
from prismd.api.http.encoded_text import readable_query
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import BodyBytes, SessionIn
from prismd.api.http.json_bodies import refuse_body
from prismd.api.http.known_parameters import known_parameters
from prismd.api.limits.threads import Threads
from prismd.api.limits.turns import OWNER
from prismd.api.realtime.hub import RealtimeHub
from prismd.api.realtime.notification_listener import NotificationListener
from prismd.api.realtime.send_queue import GOING_AWAY, KEY_REVOKED, NEW_TICKET, TOO_MANY, TRY_LATER, Ending, SendQueue
from prismd.api.realtime.shapes import RealtimeTicket, hello_message
from prismd.api.records.preconditions import without_version
from prismd.core.api_keys.scopes import Scope as KeyScope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.realtime.tickets import Listener, issue_ticket, redeem_ticket
from prismd.services.runtime import Runtime

PATH: Final = "/v2/realtime"

_GUARDS: Final = [let_in_by_key, within_scopes, readable_query, known_parameters, without_version]
_SOCKET_SCHEMES: Final = {"http": "ws", "https": "wss"}
#: Seconds in which a client must read the last messages after its session has ended.
_LAST_WORDS_S: Final = 5.0

_LOG = structlog.get_logger()


@handles(
    Operation(
        name="createRealtimeTicket",
        method="POST",
        path="/v2/realtime/ticket",
        tag="Realtime",
        scopes=(KeyScope.READ,),
        summary="Get a ticket for the realtime stream",
        description=(
            "The ticket opens one WebSocket, once and soon: connect to `ws_url` with the ticket as the parameter "
            "`token` of the query. The stream reports each change of the team's records and imports once it is "
            "committed, as JSON texts whose `type` is `hello`, `records`, `import`, `resync` or `lagged`: "
            '`{"type": "records", "object_type": "contact", "change": "updated", "ids": ["…"]}`. Nothing is '
            "replayed: a client that connects again reads again what matters. docs/realtime.md describes all of it."
        ),
        replies=(Reply(200, "The ticket; it is shown this once.", RealtimeTicket),),
    ),
    guards=_GUARDS,
)
async def create_ticket(request: Request[Any, Any, Any], session: SessionIn, body: BodyBytes) -> Response[bytes]:
    """Answer a new ticket."""
    refuse_body(body)
    valid_s = session.settings.realtime_ticket_s

    def issued() -> str:
        return session.do(
            issue_ticket,
            session.caller.key_id,
            valid_s=valid_s,
        )

    threads: Threads = request.app.state.threads
    ticket = await threads.run_quick(issued)
    shape = RealtimeTicket(expires_in=valid_s, ticket=ticket, ws_url=_socket_url(request))
    return respond(Answer(200, encode(shape), {}))


class RealtimeSocket:
    """ASGI application that serves the WebSocket.

    Args:
        runtime: The runtime, for connections, settings and the time.
        listener: Receives the notifications of PostgreSQL.
        hub: Makes the messages.
        threads: Threads for redeeming tickets.
        keys: Watches for revoked keys.
    """

    def __init__(
        self, runtime: Runtime, listener: NotificationListener, hub: RealtimeHub, threads: Threads, keys: KeyWatch
    ) -> None:
        self._runtime = runtime
        self._listener = listener
        self._hub = hub
        self._threads = threads
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        await receive()  # the message "websocket.connect"
        # If the client has left, sending raises an OSError, which the web server expects.
        with self._hub.seat() as free:
            found = await self._admitted(_token(scope)) if free else TRY_LATER
            await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
            ending = found if isinstance(found, Ending) else await self._serve(found, receive, send)
            if ending:
                await _close(send, ending)

    async def _admitted(self, ticket: str) -> Listener | Ending:
        """Return the team whose messages the client can receive, or the reason why it cannot."""
        if self._hub.stopping:
            return GOING_AWAY
        try:
            OWNER.set(PATH)  # one owner for all clients with tickets, until the team is known
            found = await self._threads.run_quick(lambda: self._redeemed(ticket))
        except PrismdError:
            return TRY_LATER
        except psycopg.OperationalError as error:
            _LOG.warning("no realtime stream without the database", error=str(error).strip())
            return TRY_LATER
        return found or NEW_TICKET

    async def _serve(self, listener: Listener, receive: Receive, send: Send) -> Ending | None:
        """Stream a team's messages until the end; return how to close the socket, if it is still open."""
        bind_contextvars(team=listener.public_id)
        OWNER.set(listener.team_id)
        with self._hub.team_seat(listener.team_id) as free, self._listener.used():
            if not free:
                return TOO_MANY
            try:
                async with asyncio.timeout(self._runtime.settings.database_wait_s):
                    await self._listener.ready()
            except TimeoutError:
                return TRY_LATER
            with self._hub.joined(listener.team_id) as queue:
                queue.put(hello_message(listener.public_id, self._runtime.now()))
                with self._keys.held(listener.key_id, lambda: queue.end(KEY_REVOKED)):
                    await self._stream(queue, receive, send)
        return None

    def _redeemed(self, ticket: str) -> Listener | None:
        return self._runtime.do_for_all_teams(redeem_ticket, ticket, now=self._runtime.now())

    async def _stream(self, queue: SendQueue, receive: Receive, send: Send) -> None:
        sending = asyncio.create_task(_send_all(queue, send))
        leaving = asyncio.create_task(_left(receive))
        ends = (sending, leaving)
        try:
            session_s = self._runtime.settings.realtime_session_s
            done, _ = await asyncio.wait(ends, timeout=session_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                queue.end(NEW_TICKET)
                await asyncio.wait(ends, timeout=_LAST_WORDS_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


async def _send_all(queue: SendQueue, send: Send) -> None:
    while True:
        next_ = await queue.take()
        if isinstance(next_, Ending):
            await _close(send, next_)
            return
        await send({"type": "websocket.send", "bytes": None, "text": next_})


async def _left(receive: Receive) -> None:
    # The stream goes one way, so messages of the client are ignored.
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def _close(send: Send, ending: Ending) -> None:
    await send({"type": "websocket.close", "code": ending.code, "reason": ending.reason})


def _token(scope: Scope) -> str:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return query.get("token", [""])[0]


def _socket_url(request: Request[Any, Any, Any]) -> str | None:
    host = request.headers.get("host")
    return f"{_SOCKET_SCHEMES[request.scope['scheme']]}://{host}{PATH}" if host else None
