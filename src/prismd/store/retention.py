"""Deleting what has expired, in batches that are short work for PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from prismd.store.connections.postgres import Connection

JOBS_PER_BATCH: Final = 100
CLAIMS_PER_BATCH: Final = 500
TICKETS_PER_BATCH: Final = 500
ATTEMPTS_PER_BATCH: Final = 500

#: What hangs on a job and how much of it goes at once: a chunk can be megabytes, a touch or a draft is one row.
_PARTS: Final = (("import_touch", 5_000), ("import_draft", 5_000), ("import_result", 50), ("import_chunk", 50))

#: A job that still runs is left alone; it goes once it has ended.
_EXPIRED_JOBS: Final = """
    SELECT team_id, id FROM import_job
    WHERE expires_at <= %s AND state NOT IN ('queued', 'running')
    ORDER BY expires_at LIMIT %s
    FOR UPDATE SKIP LOCKED
"""
_DELETE_PARTS: Final = """
    DELETE FROM {table} WHERE ctid = ANY (ARRAY (
        SELECT part.ctid FROM unnest(%s::bigint[], %s::uuid[]) AS job (team_id, id)
        JOIN {table} part ON part.team_id = job.team_id AND part.job_id = job.id
        LIMIT %s))
"""
_DELETE_JOBS: Final = """
    DELETE FROM import_job USING unnest(%s::bigint[], %s::uuid[]) AS job (team_id, id)
    WHERE import_job.team_id = job.team_id AND import_job.id = job.id
"""
_DELETE_CLAIMS: Final = """
    DELETE FROM idempotency_claim WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM idempotency_claim WHERE created_at <= %s
        ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_DELETE_ATTEMPTS: Final = """
    DELETE FROM attempt_answer WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM attempt_answer WHERE created_at <= %s
        ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""
_DELETE_TICKETS: Final = """
    DELETE FROM realtime_ticket WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM realtime_ticket WHERE expires_at <= %s
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""


def purge_jobs(connection: Connection, *, now: datetime) -> bool:
    """Delete a batch of import jobs that have expired, or a part of their rows; say whether there was one.

    Args:
        connection: Inside a transaction.
        now: The time.
    """
    jobs = connection.execute(_EXPIRED_JOBS, (now, JOBS_PER_BATCH)).fetchall()
    if not jobs:
        return False
    keys = [team for team, _ in jobs], [job for _, job in jobs]
    for table, rows_max in _PARTS:
        if connection.execute(_DELETE_PARTS.format(table=table), (*keys, rows_max)).rowcount == rows_max:
            return True
    connection.execute(_DELETE_JOBS, keys)
    return True


def purge_claims(connection: Connection, *, before: datetime) -> bool:
    """Delete a batch of idempotency claims; say whether there was one.

    Args:
        connection: Inside a transaction.
        before: Claims made until then go.
    """
    return connection.execute(_DELETE_CLAIMS, (before, CLAIMS_PER_BATCH)).rowcount > 0


def purge_attempts(connection: Connection, *, before: datetime) -> bool:
    """Delete a batch of answers to attempts of clients; say whether there was one.

    Args:
        connection: Inside a transaction.
        before: Answers given until then go.
    """
    return connection.execute(_DELETE_ATTEMPTS, (before, ATTEMPTS_PER_BATCH)).rowcount > 0


def purge_tickets(connection: Connection, *, now: datetime) -> bool:
    """Delete a batch of realtime tickets that have expired; say whether there was one.

    Args:
        connection: Inside a transaction.
        now: The time.
    """
    return connection.execute(_DELETE_TICKETS, (now, TICKETS_PER_BATCH)).rowcount > 0
