"""Whether the server lives, and whether it is ready to serve: the two differ while PostgreSQL is away."""

from __future__ import annotations

from litestar import Response, get

from prismd.api.errors import respond
from prismd.api.injected import RuntimeIn
from prismd.api.shapes import Health
from prismd.core.json_text import encode
from prismd.services.idempotency import Answer

_PATIENCE_S = 1.0


@get("/healthz", sync_to_thread=True)
def get_health(runtime: RuntimeIn) -> Response[bytes]:
    """Answer 200 where the database answers, else 503 by way of the exception that psycopg raises."""
    with runtime.pool.connection(timeout=min(_PATIENCE_S, runtime.settings.database_wait_s)) as connection:
        connection.execute("SELECT 1")
    return respond(Answer(200, encode(Health()), {}))


@get("/healthz/live", sync_to_thread=False)
def get_liveness() -> Response[bytes]:
    """Answer 200 as long as the process serves: whoever restarts what is dead asks here."""
    return respond(Answer(200, encode(Health()), {}))
