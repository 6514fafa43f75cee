"""Word of changes, which PostgreSQL passes on to whoever listens once their transaction has committed.

Transactions with a NOTIFY commit one after the other, all over the database, so writes of single records have none
while nobody listens. Whoever listens holds one lock; whoever writes tries it, and holds another to its end. Whoever
begins to listen waits for that other one once: then no write is left that found nobody.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import psycopg

from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, Pool

CHANNEL: Final = "prismd_changes"

_LISTENERS: Final = "hashtextextended('prismd listeners', 0)"
_WRITERS: Final = "hashtextextended('prismd writers', 0)"

_TELL: Final = "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice"

# The lock of the listeners is held for no longer than it takes to see that nobody else has it.
_ARE_THERE: Final = f"""listeners AS MATERIALIZED (
    SELECT CASE WHEN NOT pg_try_advisory_xact_lock_shared({_WRITERS}) THEN true
                WHEN NOT pg_try_advisory_lock({_LISTENERS}) THEN true
                ELSE NOT pg_advisory_unlock({_LISTENERS}) END AS there)
"""
_NOTIFY: Final = """
SELECT pg_notify(%(channel)s, notice) FROM listeners, unnest(%(notices)s::text[]) AS notice WHERE there
"""
_TELL_LISTENERS: Final = f"WITH {_ARE_THERE} {_NOTIFY}"
#: What ends a statement that begins ``WITH one AS (...)``, so that it tells listeners besides; see :func:`to_tell`.
AND_TELL_LISTENERS: Final = f", {_ARE_THERE} {_NOTIFY}"

_BEGIN_TO_LISTEN: Final = (
    f"LISTEN {CHANNEL}",
    f"SELECT pg_advisory_lock_shared({_LISTENERS})",
    f"SELECT pg_advisory_lock({_WRITERS})",
    f"SELECT pg_advisory_unlock({_WRITERS})",
)

#: The loss of the server's machine is noticed within half a minute, also where the network swallows it.
_KEEPALIVES: Final[dict[str, Any]] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def tell(connection: Connection, notices: Sequence[str]) -> None:
    """Tell whoever will have listened, in order, when the transaction commits.

    Args:
        connection: Inside the transaction that changes what is told of.
        notices: From :mod:`prismd.core.changes`; each below 8,000 bytes.
    """
    connection.execute(_TELL, (CHANNEL, list(notices)))


def tell_listeners(connection: Connection, notices: Sequence[str]) -> None:
    """Tell whoever listens, in order, when the transaction commits; nearly free while nobody does.

    Args:
        connection: Inside the transaction that changes what is told of.
        notices: From :mod:`prismd.core.changes`; each below 8,000 bytes.
    """
    connection.execute(_TELL_LISTENERS, to_tell(notices))


def to_tell(notices: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of a statement that ends with :data:`AND_TELL_LISTENERS`.

    Args:
        notices: From :mod:`prismd.core.changes`; each below 8,000 bytes.
    """
    return {"channel": CHANNEL, "notices": list(notices)}


@asynccontextmanager
async def listening(pool: Pool, settings: Settings) -> AsyncIterator[AsyncGenerator[str, None]]:
    """Give word of changes, on a connection of its own; nothing that is committed inside the block is missed.

    Args:
        pool: To the same PostgreSQL; none of its connections is taken.
        settings: For the time that connecting may take.

    Yields:
        What was told, in the order in which the transactions committed.

    Raises:
        psycopg.OperationalError: The connection cannot be had, or is lost.
    """
    url = pool.conninfo if isinstance(pool.conninfo, str) else pool.conninfo()
    wait_s = max(1, round(settings.database_wait_s))
    connection = await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=wait_s, application_name="prismd changes", **_KEEPALIVES
    )
    async with connection:
        for statement in _BEGIN_TO_LISTEN:
            await connection.execute(statement)
        # Left as it stands, the generator would keep the connection from being closed.
        async with aclosing(connection.notifies()) as told:
            yield (notify.payload async for notify in told)
