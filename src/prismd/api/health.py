"""Whether the server lives, and whether it is ready to serve: they differ while PostgreSQL or the workers are away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import psycopg
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State

from prismd.api.errors import respond
from prismd.api.shapes import Health
from prismd.core.errors import PrismdError
from prismd.core.json_text import encode
from prismd.services.health import WorkHealth
from prismd.services.idempotency import Answer
from prismd.services.runtime import Runtime
from prismd.store.postgres import Connection, DatabaseUnusableError, connect

#: An answer serves whoever asks within this time; so nobody makes the database work by asking often.
_FRESH_S = 0.2
#: The rest of the time that the database may take is for the answer's way.
_PART_WAITED = 0.8


class HealthProbe:
    """Asks PostgreSQL on a connection of its own, for all who want to know, and waits for it for a limited time.

    Args:
        runtime: For the database and the limits.
        watches_work: Whether to look at the workers and the queue, too.
    """

    def __init__(self, runtime: Runtime, *, watches_work: bool) -> None:
        self._runtime = runtime
        self._watches_work = watches_work
        self._thread = ThreadPoolExecutor(1, "prismd-health")
        self._connection: Connection | None = None
        self._work: WorkHealth | None = None
        self._asked: asyncio.Future[str] | None = None
        self._asked_at = 0.0

    async def fault(self) -> str:
        """Return what is wrong, in a sentence; nothing if all is well."""
        loop = asyncio.get_running_loop()
        if self._asked is None or (self._asked.done() and loop.time() - self._asked_at > _FRESH_S):
            self._asked_at = loop.time()
            self._asked = loop.run_in_executor(self._thread, self._look)
        asked = self._asked  # while this one waits, another one may ask anew
        wait_s = self._runtime.settings.database_wait_s * _PART_WAITED - (loop.time() - self._asked_at)
        done, _ = await asyncio.wait({asked}, timeout=max(0.0, wait_s))
        if not done:
            self._hang_up()
            return "The database does not answer at the moment; try again"
        return asked.result()

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Close the connection at the end."""
        yield
        self._hang_up()
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _look(self) -> str:
        now = self._runtime.now()
        if self._work is None:
            self._work = WorkHealth(self._runtime.settings, now)
        try:
            if self._connection is None:
                self._connection = connect(self._url(), self._runtime.settings, autocommit=True)
            self._connection.execute("SELECT 1")
            return self._work.fault(self._connection, now) if self._watches_work else ""
        except (psycopg.Error, DatabaseUnusableError):
            self._close()
            return "The database cannot be reached at the moment; try again"

    def _url(self) -> str:
        conninfo = self._runtime.pool.conninfo
        return conninfo if isinstance(conninfo, str) else conninfo()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _hang_up(self) -> None:
        # Nothing else ends the wait of the other thread; a copy of the descriptor is ours alone.
        connection = self._connection
        with contextlib.suppress(psycopg.Error, OSError):
            if connection is not None and not connection.closed:
                with socket.socket(fileno=os.dup(connection.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)


@get("/healthz")
async def get_health(request: Request[object, object, State]) -> Response[bytes]:
    """Answer 200 where the database answers and imports are worked at, else 503 with what is wrong.

    Raises:
        PrismdError: ``service_unavailable``.
    """
    probe: HealthProbe = request.app.state.health
    if fault := await probe.fault():
        raise PrismdError("service_unavailable", fault)
    return respond(Answer(200, encode(Health()), {}))


@get("/healthz/live", sync_to_thread=False)
def get_liveness() -> Response[bytes]:
    """Answer 200 as long as the process serves: whoever restarts what is dead asks here."""
    return respond(Answer(200, encode(Health()), {}))
