"""Word of changes, which PostgreSQL passes on to whoever listens once their transaction has committed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg

from prismd.settings import Settings
from prismd.store.postgres import Connection, Pool

CHANNEL: Final = "prismd_changes"

_TELL: Final = "SELECT pg_notify(%s, notice) FROM unnest(%s::text[]) AS notice"

#: The loss of the server's machine is noticed within half a minute, also where the network swallows it.
_KEEPALIVES: Final[dict[str, Any]] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def tell(connection: Connection, notices: Sequence[str]) -> None:
    """Tell whoever listens, in order, when the transaction commits.

    Args:
        connection: Inside the transaction that changes what is told of.
        notices: From :mod:`prismd.core.changes`; each below 8,000 bytes.
    """
    connection.execute(_TELL, (CHANNEL, list(notices)))


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
        await connection.execute(f"LISTEN {CHANNEL}")
        yield (notify.payload async for notify in connection.notifies())
