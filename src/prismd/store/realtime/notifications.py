"""Notifications by LISTEN and NOTIFY: PostgreSQL delivers them once their transaction has committed.

Transactions with a NOTIFY commit one after the other in the whole database. So a write of single records sends none
while no process listens (decision 0012). Two advisory locks make this safe:

- A process that listens holds the lock of the listeners. A writer tries this lock to see whether there is a listener.
- A writer holds the lock of the writers until its transaction ends. A process that begins to listen waits for this
  lock once. After that, every write that saw no listener has ended.
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

_NOTIFY_ALWAYS: Final = "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload"

# The writer releases the lock of the listeners at once: it only needs to see whether somebody else holds it.
_ARE_THERE: Final = f"""listeners AS MATERIALIZED (
    SELECT CASE WHEN NOT pg_try_advisory_xact_lock_shared({_WRITERS}) THEN true
                WHEN NOT pg_try_advisory_lock({_LISTENERS}) THEN true
                ELSE NOT pg_advisory_unlock({_LISTENERS}) END AS there)
"""
_NOTIFY: Final = """
SELECT pg_notify(%(channel)s, payload) FROM listeners, unnest(%(payloads)s::text[]) AS payload WHERE there
"""
_NOTIFY_LISTENERS: Final = f"WITH {_ARE_THERE} {_NOTIFY}"
#: Ends a statement that begins ``WITH one AS (...)``, so that the same statement notifies listeners too; for its
#: parameters see :func:`notify_parameters`.
AND_NOTIFY_LISTENERS: Final = f", {_ARE_THERE} {_NOTIFY}"

_BEGIN_TO_LISTEN: Final = (
    f"LISTEN {CHANNEL}",
    f"SELECT pg_advisory_lock_shared({_LISTENERS})",
    f"SELECT pg_advisory_lock({_WRITERS})",
    f"SELECT pg_advisory_unlock({_WRITERS})",
)

#: These notice the loss of the server's machine within half a minute, even if the network reports nothing.
_KEEPALIVES: Final[dict[str, Any]] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def notify(connection: Connection, payloads: Sequence[str]) -> None:
    """Send notifications when the transaction commits, in order, even if no process listens.

    Args:
        connection: A connection inside the transaction that makes the change.
        payloads: From :mod:`prismd.core.notifications`; each below 8,000 bytes.
    """
    connection.execute(_NOTIFY_ALWAYS, (CHANNEL, list(payloads)))


def notify_listeners(connection: Connection, payloads: Sequence[str]) -> None:
    """Send notifications when the transaction commits, in order, if a process listens; else this costs next to nothing.

    Args:
        connection: A connection inside the transaction that makes the change.
        payloads: From :mod:`prismd.core.notifications`; each below 8,000 bytes.
    """
    connection.execute(_NOTIFY_LISTENERS, notify_parameters(payloads))


def notify_parameters(payloads: Sequence[str]) -> dict[str, Any]:
    """Return the parameters of a statement that ends with :data:`AND_NOTIFY_LISTENERS`.

    Args:
        payloads: From :mod:`prismd.core.notifications`; each below 8,000 bytes.
    """
    return {"channel": CHANNEL, "payloads": list(payloads)}


@asynccontextmanager
async def listening(pool: Pool, settings: Settings) -> AsyncIterator[AsyncGenerator[str, None]]:
    """Listen on a connection of its own; every notification that is committed inside the block arrives.

    Args:
        pool: Names the PostgreSQL server; none of the pool's connections is used.
        settings: The settings, for the longest time to connect.

    Yields:
        The payloads, in the order in which their transactions committed.

    Raises:
        psycopg.OperationalError: The connection failed, or was lost.
    """
    url = pool.conninfo if isinstance(pool.conninfo, str) else pool.conninfo()
    wait_s = max(1, round(settings.database_wait_s))
    connection = await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=wait_s, application_name="prismd changes", **_KEEPALIVES
    )
    async with connection:
        for statement in _BEGIN_TO_LISTEN:
            await connection.execute(statement)
        # A suspended generator would prevent the connection from closing, so close it first.
        async with aclosing(connection.notifies()) as received:
            yield (one.payload async for one in received)
