"""Numbers about the database and the queue, at a cost that does not grow with the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import class_row, kwargs_row

from prismd.store.connections.postgres import Connection

#: The tables that grow with the requests of clients.
TABLES: Final = (
    "record", "record_key", "import_job", "import_chunk", "import_result", "import_touch", "idempotency_claim",
    "attempt_answer", "audit_entry", "audit_object", "change_set", "record_change",
)  # fmt: skip
#: The most jobs that are counted; if more wait, the exact number helps no operator.
JOBS_MAX: Final = 10_000

# By turn, because that column has an index; the limit bounds the cost.
_QUEUE: Final = """
SELECT CASE WHEN running THEN 'running' ELSE 'queued' END, count(*), min(created_at)
FROM (SELECT running, created_at FROM import_queue ORDER BY turn LIMIT %s) AS waiting
GROUP BY running
"""
# The number of rows left is in the jobs, which belong to the data of teams. At most as many jobs are read.
_ROWS: Final = """
SELECT state, sum(total - created - existing - failed)
FROM (
    SELECT state, total, created, existing, failed FROM import_job WHERE state IN ('queued', 'running') LIMIT %s
) AS waiting
GROUP BY state
"""
_TABLES: Final = """
SELECT pg_class.relname AS name, pg_relation_size(pg_class.oid) AS heap_bytes,
       pg_indexes_size(pg_class.oid) AS index_bytes, pg_total_relation_size(pg_class.oid) AS all_bytes,
       coalesce(n_live_tup, 0) AS live, coalesce(n_dead_tup, 0) AS dead
FROM pg_class LEFT JOIN pg_stat_all_tables AS seen ON seen.relid = pg_class.oid
WHERE relnamespace = current_schema()::regnamespace AND pg_class.relname = ANY (%s) AND relkind = 'r'
"""
_SIZE: Final = "SELECT pg_database_size(current_database())"

# Every oldest row is found by an index. Sorting by the time in UTC keeps the order of the times.
_OLDEST: Final = """
SELECT
    (SELECT expires_at FROM import_job
     WHERE expires_at AT TIME ZONE 'UTC' <= %(now)s::timestamptz AT TIME ZONE 'UTC'
       AND state NOT IN ('queued', 'running')
     ORDER BY expires_at AT TIME ZONE 'UTC' LIMIT 1) AS job_expired,
    (SELECT created_at FROM idempotency_claim ORDER BY created_at AT TIME ZONE 'UTC' LIMIT 1) AS claim_made,
    (SELECT created_at FROM attempt_answer ORDER BY created_at AT TIME ZONE 'UTC' LIMIT 1) AS attempt_made,
    (SELECT expires_at FROM realtime_ticket ORDER BY expires_at LIMIT 1) AS ticket_expires,
    (SELECT at FROM audit_entry ORDER BY at AT TIME ZONE 'UTC' LIMIT 1) AS deed_noted
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """The import jobs in one state.

    Args:
        jobs: Number of jobs; all states together count up to :data:`JOBS_MAX`.
        oldest: The time at which the oldest of the jobs was made.
        rows: Number of their rows that have no result yet.
    """

    jobs: int
    oldest: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Table:
    """The sizes of a table.

    Args:
        heap_bytes: Size of the rows, in bytes.
        index_bytes: Size of the indexes, in bytes.
        all_bytes: Size of everything, with long values that PostgreSQL stores separately, in bytes.
        live: Number of rows, as PostgreSQL estimates it.
        dead: Number of row versions that were replaced or deleted and still take space.
    """

    heap_bytes: int
    index_bytes: int
    all_bytes: int
    live: int
    dead: int


@dataclass(frozen=True, slots=True)
class Oldest:
    """The times of the oldest rows that retention purges; None if a table has no such row.

    Args:
        job_expired: The expiry time of the ended job that expired first and still exists.
        claim_made: The time at which the oldest idempotency claim was made.
        attempt_made: The time at which the oldest answer to an attempt was kept.
        ticket_expires: The expiry time of the realtime ticket that expires first.
        deed_noted: The time at which the oldest audit entry was made.
    """

    job_expired: datetime | None
    claim_made: datetime | None
    attempt_made: datetime | None
    ticket_expires: datetime | None
    deed_noted: datetime | None


def queue_by_state(connection: Connection) -> Mapping[str, Queue]:
    """Return the unfinished import jobs of all teams, by state."""
    rows: dict[str, int] = dict(connection.execute(_ROWS, (JOBS_MAX,)).fetchall())
    waiting = connection.execute(_QUEUE, (JOBS_MAX,))
    return {state: Queue(jobs, oldest, rows.get(state, 0)) for state, jobs, oldest in waiting}


def table_sizes(connection: Connection) -> Mapping[str, Table]:
    """Return the sizes of the growing tables, by name."""
    return dict(connection.cursor(row_factory=kwargs_row(_named_table)).execute(_TABLES, (list(TABLES),)))


def database_bytes(connection: Connection) -> int:
    """Return the size of the database."""
    [(size,)] = connection.execute(_SIZE)
    return int(size)


def oldest_kept(connection: Connection, now: datetime) -> Oldest:
    """Return the times of the oldest rows that retention purges.

    Args:
        now: Jobs that expire after this time are ignored.
    """
    [oldest] = connection.cursor(row_factory=class_row(Oldest)).execute(_OLDEST, {"now": now})
    return oldest


def _named_table(*, name: str, **sizes: int) -> tuple[str, Table]:
    return name, Table(**sizes)
