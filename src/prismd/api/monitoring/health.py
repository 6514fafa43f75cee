"""Health: whether the process runs, and whether it is ready; the two differ if PostgreSQL or the workers are away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from litestar import Litestar, Request, Response
from litestar.datastructures import State

from prismd.api.document.operation import Operation, Reply
from prismd.api.document.shapes import Health
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.monitoring.database_probe import DatabaseProbe
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.database_errors import DatabaseAwayError
from prismd.services.idempotency.claims import Answer
from prismd.services.monitoring.health import WorkHealth
from prismd.services.runtime import Runtime
from prismd.store.connections.postgres import Connection

_FRESH_S = 0.2


class HealthProbe:
    """Checks PostgreSQL and, if wanted, the workers and the queue.

    Args:
        runtime: The runtime, for the database and the limits.
        watches_work: Whether to check the workers and the queue too.
    """

    def __init__(self, runtime: Runtime, *, watches_work: bool) -> None:
        self._settings = runtime.settings
        self._watches_work = watches_work
        self._work: WorkHealth | None = None
        self._probe = DatabaseProbe(runtime.url, runtime.settings, runtime.now, self._look, fresh_s=_FRESH_S)

    async def fault(self) -> str:
        """Return a sentence about the first fault; empty if none is found."""
        try:
            return await self._probe.ask()
        except DatabaseAwayError as error:
            return str(error)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Close the connection at the end."""
        yield
        self._probe.close()

    def _look(self, connection: Connection, now: datetime) -> str:
        connection.execute("SELECT 1")
        if self._work is None:
            self._work = WorkHealth(self._settings, now)
        return self._work.fault(connection, now) if self._watches_work else ""


@handles(
    Operation(
        name="getHealth",
        method="GET",
        path="/healthz",
        tag="Server",
        summary="Ask whether the server is ready",
        description=(
            "Ready means that the database answers, that a worker runs, and that the queue of imports moves; "
            "`error.message` names what is wrong. The answer comes within the setting `database_wait_s`."
        ),
        replies=(Reply(200, "It is.", Health),),
        errors=("service_unavailable",),
    )
)
async def get_health(request: Request[object, object, State]) -> Response[bytes]:
    """Answer 200 if the database answers and workers do import jobs, otherwise 503 with the fault.

    Raises:
        PrismdError: ``service_unavailable``.
    """
    probe: HealthProbe = request.app.state.health
    if fault := await probe.fault():
        raise PrismdError("service_unavailable", fault)
    return respond(Answer(200, encode(Health()), {}))


@handles(
    Operation(
        name="getLiveness",
        method="GET",
        path="/healthz/live",
        tag="Server",
        summary="Ask whether the server runs, with or without its database",
        replies=(Reply(200, "It does.", Health),),
    ),
    in_thread=False,
)
def get_liveness() -> Response[bytes]:
    """Answer 200 while the process serves; a supervisor that restarts dead processes asks here."""
    return respond(Answer(200, encode(Health()), {}))
