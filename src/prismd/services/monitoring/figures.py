"""Figures of the database and the queue for operators, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.monitoring import figures
from prismd.store.monitoring.figures import Oldest, Queue, Table
from prismd.store.monitoring.health import count_workers

_KEYS: Final = "record_key"
#: Bytes of a row of the key table: the row's header, two numbers and a UUID, and the pointer on the page.
_KEY_ROW_BYTES: Final = 24 + 32 + 4
_PAGE_BYTES: Final = 8_192
_PAGE_HEAD_BYTES: Final = 24
_KEYS_PER_PAGE: Final = (_PAGE_BYTES - _PAGE_HEAD_BYTES) // _KEY_ROW_BYTES


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures as of one moment.

    Args:
        queue: Unfinished import jobs, by state.
        oldest_job_s: Age of the oldest unfinished job in seconds, by state.
        workers: Number of connected workers.
        database_bytes: Size of the database in bytes.
        tables: Sizes of tables, by name.
        keys_bloat_bytes: Bytes of the key table that its rows do not need.
        retention_lag_s: Seconds since the oldest row of a table should have been deleted, by table.
    """

    queue: Mapping[str, Queue]
    oldest_job_s: Mapping[str, float]
    workers: int
    database_bytes: int
    tables: Mapping[str, Table]
    keys_bloat_bytes: int
    retention_lag_s: Mapping[str, float]


def look_up(connection: Connection, now: datetime, settings: Settings) -> Figures:
    """Return the figures as of now, with six statements.

    Args:
        connection: Any connection.
        now: The time.
        settings: The settings in force; they say how long rows are kept.
    """
    queue, tables = figures.queue_by_state(connection), figures.table_sizes(connection)
    return Figures(
        queue,
        {state: _since(one.oldest, now) for state, one in queue.items()},
        count_workers(connection),
        figures.database_bytes(connection),
        tables,
        _bloat(tables.get(_KEYS)),
        _lags(figures.oldest_kept(connection, now), now, settings),
    )


def _bloat(keys: Table | None) -> int:
    if keys is None:
        return 0
    pages = -(-keys.live // _KEYS_PER_PAGE)
    return max(0, keys.heap_bytes - pages * _PAGE_BYTES)


def _lags(oldest: Oldest, now: datetime, settings: Settings) -> Mapping[str, float]:
    claims = timedelta(hours=settings.idempotency_hours, days=settings.idempotency_stale_days)
    attempts, audit = timedelta(seconds=settings.client_repeat_s), timedelta(days=settings.audit_retention_days)
    due = {
        "import_job": oldest.job_expired,
        "idempotency_claim": oldest.claim_made and oldest.claim_made + claims,
        "attempt_answer": oldest.attempt_made and oldest.attempt_made + attempts,
        "realtime_ticket": oldest.ticket_expires,
        "audit_entry": oldest.deed_noted and oldest.deed_noted + audit,
    }
    return {table: _since(at, now) if at else 0.0 for table, at in due.items()}


def _since(at: datetime, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds())
