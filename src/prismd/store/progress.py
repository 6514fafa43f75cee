"""The progress of import jobs: what each chunk brought, and word of every chunk as it is committed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg

from prismd.core.imports.job import Counts
from prismd.settings import Settings
from prismd.store.imports import PROGRESS_CHANNEL
from prismd.store.postgres import Connection, Pool

_COUNTS: Final = """
SELECT created, existing, updated, failed
FROM import_result
WHERE team_id = %s AND job_id = %s AND number >= %s
ORDER BY number
"""

#: The loss of the server's machine is noticed within half a minute, also where the network swallows it.
_KEEPALIVES: Final[dict[str, Any]] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def counts_of_chunks(connection: Connection, team_id: int, job_id: str, *, first: int) -> list[Counts]:
    """Return the counts of each chunk of a job that is done, in order.

    Args:
        job_id: UUID text.
        first: Number of the first chunk wanted, from 0.
    """
    return [Counts(*row) for row in connection.execute(_COUNTS, (team_id, job_id, first))]


@asynccontextmanager
async def listening(pool: Pool, settings: Settings) -> AsyncIterator[AsyncGenerator[str, None]]:
    """Give word of jobs that move on, on a connection of its own; nothing that happens inside the block is missed.

    Args:
        pool: To the same PostgreSQL; none of its connections is taken.
        settings: For the time that connecting may take.

    Yields:
        For each step that was committed ``<team>:<job>``, the team by its internal id.

    Raises:
        psycopg.OperationalError: The connection cannot be had, or is lost.
    """
    url = pool.conninfo if isinstance(pool.conninfo, str) else pool.conninfo()
    wait_s = max(1, round(settings.database_wait_s))
    connection = await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=wait_s, application_name="prismd progress", **_KEEPALIVES
    )
    async with connection:
        await connection.execute(f"LISTEN {PROGRESS_CHANNEL}")
        yield (notify.payload async for notify in connection.notifies())
