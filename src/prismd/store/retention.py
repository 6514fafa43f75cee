"""Deletes expired data of one team in batches that are short work for PostgreSQL, and expired tickets of all teams."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prismd.store.connections.postgres import Connection
from prismd.store.locations import BEGIN_HERE

JOBS_PER_BATCH: Final = 100
CLAIMS_PER_BATCH: Final = 500
TICKETS_PER_BATCH: Final = 500
ATTEMPTS_PER_BATCH: Final = 500

CHANGE_SETS_PER_BATCH: Final = 100
_CHANGES_PER_BATCH: Final = 5_000

#: The tables that belong to a job, and the rows deleted at once: a chunk can be megabytes, a draft is one short row.
_PARTS: Final = (
    ("import_touch", 5_000),
    ("record_change", 5_000),
    ("import_draft", 5_000),
    ("import_result", 50),
    ("import_chunk", 50),
)
#: By which column the rows of a table belong to a job, if it is not `job_id`.
_OWNERS: Final = {"record_change": "change_set_id"}

# Each uses the same index as its purge.
_OLDEST: Final = """
    SELECT
        (SELECT created_at FROM idempotency_claim WHERE team_id = %(team)s ORDER BY created_at LIMIT 1),
        (SELECT created_at FROM attempt_answer WHERE team_id = %(team)s ORDER BY created_at LIMIT 1),
        (SELECT at FROM audit_entry WHERE team_id = %(team)s ORDER BY at LIMIT 1),
        (SELECT at FROM change_set WHERE team_id = %(team)s ORDER BY at LIMIT 1),
        (SELECT expires_at FROM import_job WHERE team_id = %(team)s AND state NOT IN ('queued', 'running')
         ORDER BY expires_at LIMIT 1),
        (SELECT expires_at FROM file WHERE team_id = %(team)s ORDER BY expires_at LIMIT 1),
        EXISTS (SELECT FROM import_job WHERE team_id = %(team)s AND state IN ('queued', 'running'))
"""

#: A running job is not deleted before it has ended, nor is one that is being undone.
_EXPIRED_JOBS: Final = """
    SELECT id::text FROM import_job
    WHERE team_id = %(team)s AND expires_at <= %(now)s AND state NOT IN ('queued', 'running')
      AND id <> ALL (ARRAY(SELECT undoes FROM import_job AS undo
                           WHERE undo.team_id = %(team)s AND undo.state IN ('queued', 'running')
                             AND undo.undoes IS NOT NULL))
    ORDER BY expires_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
"""
_DELETE_PARTS: Final = f"""
    DELETE FROM {{table}} AS part
    USING unnest(ARRAY(
        SELECT found.location
        FROM unnest(%(jobs)s::text[]::uuid[]) AS expired (id)
        CROSS JOIN LATERAL (
            SELECT ctid AS location FROM {{table}} WHERE team_id = %(team)s AND {{owner}} = expired.id
            OFFSET 0
        ) AS found
        LIMIT %(limit)s
    )) WITH ORDINALITY AS gone (location, nth)
    WHERE part.team_id = %(team)s AND part.ctid = gone.location AND {BEGIN_HERE}
"""
#: Deletes rows by their ids, of which the caller has read a batch.
_DELETE_BY_ID: Final = f"""
    DELETE FROM {{table}} AS expired
    USING unnest(ARRAY(
        SELECT found.location
        FROM unnest(%(ids)s::text[]::uuid[]) AS wanted (id)
        CROSS JOIN LATERAL (
            SELECT ctid AS location FROM {{table}} WHERE team_id = %(team)s AND id = wanted.id
            OFFSET 0
        ) AS found
    )) WITH ORDINALITY AS gone (location, nth)
    WHERE expired.team_id = %(team)s AND expired.ctid = gone.location AND {BEGIN_HERE}
"""
_DELETE_JOBS: Final = _DELETE_BY_ID.format(table="import_job")
_DELETE_CHANGE_SETS: Final = _DELETE_BY_ID.format(table="change_set")
_DELETE_OLD: Final = f"""
    DELETE FROM {{table}} AS kept
    USING unnest(ARRAY(
        SELECT ctid FROM {{table}} WHERE team_id = %(team)s AND created_at <= %(before)s
        ORDER BY created_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    )) WITH ORDINALITY AS gone (location, nth)
    WHERE kept.team_id = %(team)s AND kept.ctid = gone.location AND {BEGIN_HERE}
"""
_DELETE_CLAIMS: Final = _DELETE_OLD.format(table="idempotency_claim")
_DELETE_ATTEMPTS: Final = _DELETE_OLD.format(table="attempt_answer")
_OLD_CHANGE_SETS: Final = """
    SELECT id::text FROM change_set WHERE team_id = %(team)s AND at <= %(before)s
    ORDER BY at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""
_DELETE_TICKETS: Final = """
    DELETE FROM realtime_ticket WHERE ctid = ANY (ARRAY (
        SELECT ctid FROM realtime_ticket WHERE expires_at <= %s
        ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED))
"""


@dataclass(frozen=True, slots=True)
class Oldest:
    """The times of a team's oldest rows that retention purges, None if it has none; and whether jobs are active.

    Args:
        claim_made: The time at which the oldest idempotency claim was made.
        attempt_made: The time at which the oldest answer to an attempt was kept.
        deed_noted: The time at which the oldest audit entry was made.
        change_made: The time at which the oldest change set was made, imports and undos apart.
        job_expires: The expiry time of the ended job that expires first.
        file_expires: The expiry time of the file that expires first; long ago for one that is gone.
        has_active_jobs: Whether the team has jobs that have not ended.
    """

    claim_made: datetime | None
    attempt_made: datetime | None
    deed_noted: datetime | None
    change_made: datetime | None
    job_expires: datetime | None
    file_expires: datetime | None
    has_active_jobs: bool


def oldest_of_team(connection: Connection, team_id: int) -> Oldest:
    """Return the times of a team's oldest rows that retention purges."""
    row = connection.execute(_OLDEST, {"team": team_id}).fetchone()
    assert row is not None  # noqa: S101 - a select without a table has one row
    return Oldest(*row)


def purge_jobs(connection: Connection, team_id: int, *, now: datetime) -> bool:
    """Delete a batch of expired import jobs, or some of their rows; say whether any job has expired.

    Args:
        connection: A connection inside a transaction.
        now: The current time.
    """
    expired = {"team": team_id, "now": now, "limit": JOBS_PER_BATCH}
    jobs = [job_id for (job_id,) in connection.execute(_EXPIRED_JOBS, expired)]
    if not jobs:
        return False
    for table, rows_max in _PARTS:
        parts = {"team": team_id, "jobs": jobs, "limit": rows_max}
        statement = _DELETE_PARTS.format(table=table, owner=_OWNERS.get(table, "job_id"))
        if connection.execute(statement, parts).rowcount == rows_max:
            return True
    connection.execute(_DELETE_JOBS, {"team": team_id, "ids": jobs})
    return True


def purge_changes(connection: Connection, team_id: int, *, before: datetime) -> bool:
    """Delete a batch of change sets, or some of their rows, imports and undos apart; say whether any are that old.

    Args:
        connection: A connection inside a transaction.
        before: Change sets made at this time or earlier are deleted.
    """
    old = {"team": team_id, "before": before, "limit": CHANGE_SETS_PER_BATCH}
    sets = [one for (one,) in connection.execute(_OLD_CHANGE_SETS, old)]
    if not sets:
        return False
    parts = {"team": team_id, "jobs": sets, "limit": _CHANGES_PER_BATCH}
    delete = _DELETE_PARTS.format(table="record_change", owner="change_set_id")
    if connection.execute(delete, parts).rowcount < _CHANGES_PER_BATCH:
        connection.execute(_DELETE_CHANGE_SETS, {"team": team_id, "ids": sets})
    return True


def purge_claims(connection: Connection, team_id: int, *, before: datetime) -> bool:
    """Delete a batch of idempotency claims; say whether any were deleted.

    Args:
        connection: A connection inside a transaction.
        before: Claims made at this time or earlier are deleted.
    """
    old = {"team": team_id, "before": before, "limit": CLAIMS_PER_BATCH}
    return connection.execute(_DELETE_CLAIMS, old).rowcount > 0


def purge_attempts(connection: Connection, team_id: int, *, before: datetime) -> bool:
    """Delete a batch of answers to attempts of clients; say whether any were deleted.

    Args:
        connection: A connection inside a transaction.
        before: Answers given at this time or earlier are deleted.
    """
    old = {"team": team_id, "before": before, "limit": ATTEMPTS_PER_BATCH}
    return connection.execute(_DELETE_ATTEMPTS, old).rowcount > 0


def purge_tickets(connection: Connection, *, now: datetime) -> bool:
    """Delete a batch of expired realtime tickets; say whether any were deleted.

    Args:
        connection: A connection inside a transaction.
        now: The current time.
    """
    return connection.execute(_DELETE_TICKETS, (now, TICKETS_PER_BATCH)).rowcount > 0
