"""The ASGI application: routes, who is let in, what errors look like."""

from __future__ import annotations

from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from prismd.api.auth import caller_of
from prismd.api.change_stream import ChangeStream
from prismd.api.edge import Edge
from prismd.api.errors import EXCEPTION_HANDLERS
from prismd.api.limits import RateLimiter
from prismd.api.realtime import PATH, RealtimeSocket
from prismd.api.realtime_hub import RealtimeHub
from prismd.api.routes import routes
from prismd.api.threads import Threads
from prismd.api.watchers import Watchers
from prismd.services.runtime import Runtime


def create_app(runtime: Runtime) -> ASGIApp:
    """Return the application that serves the API.

    Args:
        runtime: Connections, settings, time and ids; they stay with the caller, who closes them.
    """
    threads = Threads(runtime.settings)
    changes = ChangeStream(runtime)
    watchers = Watchers(runtime, changes)
    realtime = RealtimeHub(runtime, changes)
    limiter = RateLimiter(runtime.settings.requests_per_second_max, runtime.now)

    def provide_runtime() -> Runtime:
        return runtime

    app = Litestar(
        routes(runtime.settings),
        dependencies={
            "runtime": Provide(provide_runtime, sync_to_thread=False),
            "caller": Provide(caller_of, sync_to_thread=False),
        },
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=runtime.settings.small_body_bytes_max,
        lifespan=[threads.lifespan, changes.lifespan],
        state=State(
            {"runtime": runtime, "limiter": limiter, "threads": threads, "watchers": watchers, "realtime": realtime}
        ),
        openapi_config=None,  # the document is written from the same shapes, with every answer, in openapi.py
        logging_config=None,
        debug=False,
    )

    def end_streams() -> None:
        watchers.stop()
        realtime.stop()

    return Edge(app, {PATH: RealtimeSocket(runtime, changes, realtime)}, runtime.new_id, end_streams)
