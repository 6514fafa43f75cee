"""The ASGI application: combines routes, limits, authentication, streams and error handling."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from prismd.api.authentication.callers import caller_of
from prismd.api.authentication.failed_authentication import FailedAuthentication
from prismd.api.authentication.key_watch import KeyWatch
from prismd.api.authentication.wrong_keys import WrongKeys
from prismd.api.exports.seats import ExportSeats
from prismd.api.http.addresses import TrustedProxies
from prismd.api.http.errors import EXCEPTION_HANDLERS, request_id_of
from prismd.api.http.middleware import Middleware
from prismd.api.http.request_log import RequestLog
from prismd.api.http.scope_keys import CONNECTION_LIMITS, ON_REFUSED, ON_STOP
from prismd.api.imports.watchers import Watchers
from prismd.api.limits.body_budget import BodyBudget
from prismd.api.limits.connections import ConnectionLimits
from prismd.api.limits.rates import RateLimiter
from prismd.api.limits.read_once import ReadOnce
from prismd.api.limits.shared_memory import SharedMemory
from prismd.api.limits.threads import Threads
from prismd.api.limits.unread import UnreadAnswers
from prismd.api.monitoring.health import HealthProbe
from prismd.api.monitoring.pulse import Pulse
from prismd.api.realtime.handlers import PATH, RealtimeSocket
from prismd.api.realtime.hub import RealtimeHub
from prismd.api.realtime.notification_listener import NotificationListener
from prismd.api.routes import routes
from prismd.services.runtime import Runtime
from prismd.services.session import Session
from prismd.telemetry.declared import BODY_BYTES, CONNECTIONS, EVENT_STREAMS, EXPORTS, REALTIME_SOCKETS


def create_app(runtime: Runtime, *, watches_work: bool = False, shared: SharedMemory | None = None) -> ASGIApp:
    """Return the application that serves the API.

    Args:
        runtime: Connections, settings, time and ids; the caller closes the connections.
        watches_work: Whether ``/health`` reports a failure if no worker runs, or if the job queue does not move.
        shared: Memory for limits that all API processes of the server share; None if this is the only process.
    """
    shared = shared or SharedMemory()
    unread = UnreadAnswers(runtime.settings.unread_bytes_max)
    threads = Threads(runtime.settings, unread.check)
    listener = NotificationListener(runtime)
    watchers = Watchers(runtime, listener, threads)
    realtime = RealtimeHub(runtime, listener, threads)
    exports = ExportSeats(runtime.settings)
    keys = KeyWatch(runtime, threads)
    limiter = RateLimiter(runtime.settings.requests_per_second_max, runtime.now, shared)
    health = HealthProbe(runtime, watches_work=watches_work)
    wrong_keys = WrongKeys(runtime.settings.wrong_keys_per_minute_max, runtime.now, _later, shared)

    failed_authentication = FailedAuthentication(runtime)
    limits = ConnectionLimits(runtime.settings, shared)
    budget = BodyBudget(runtime.settings, shared)
    pulse = Pulse(
        runtime.pool,
        {
            CONNECTIONS: lambda: limits.open,
            EVENT_STREAMS: lambda: watchers.watching,
            EXPORTS: lambda: exports.taken,
            REALTIME_SOCKETS: lambda: realtime.sockets,
            BODY_BYTES: lambda: budget.held,
        },
    )

    def provide_session(request: Request[Any, Any, Any]) -> Session:
        caller = caller_of(request)
        return Session(runtime, caller.team_id, caller, request_id_of(request))

    app = Litestar(
        routes(runtime.settings),
        dependencies={"session": Provide(provide_session, sync_to_thread=False)},
        exception_handlers=EXCEPTION_HANDLERS,
        request_class=ReadOnce,
        request_max_body_size=runtime.settings.small_body_bytes_max,
        lifespan=[
            threads.lifespan,
            listener.lifespan,
            keys.lifespan,
            health.lifespan,
            pulse.lifespan,
            failed_authentication.lifespan,
        ],
        state=State(
            {
                "runtime": runtime,
                "limiter": limiter,
                "wrong_keys": wrong_keys,
                "failed_authentication": failed_authentication,
                "proxies": TrustedProxies(runtime.settings.trusted_proxies),
                "health": health,
                "threads": threads,
                "unread": unread,
                "key_watch": keys,
                "watchers": watchers,
                "exports": exports,
                "realtime": realtime,
            }
        ),
        openapi_config=None,  # openapi.py makes the document, with every answer, from the same shapes
        logging_config=None,
        debug=False,
    )

    def end_streams() -> None:
        watchers.stop()
        realtime.stop()

    log = RequestLog(runtime.settings)
    life = {ON_STOP: end_streams, ON_REFUSED: log.refused, CONNECTION_LIMITS: limits}
    sockets = {PATH: RealtimeSocket(runtime, listener, realtime, threads, keys)}
    return Middleware(app, sockets, runtime.new_id, log=log, budget=budget, life=life, unread=unread)


def _later(wait_s: float, work: Callable[[], None]) -> object:
    # In an empty context, because log lines of the later work do not belong to the current request.
    return asyncio.get_running_loop().call_later(wait_s, work, context=contextvars.Context())
