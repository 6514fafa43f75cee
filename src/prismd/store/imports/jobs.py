"""Import jobs in PostgreSQL: writing, locking, moving on, failing, ending and listing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import kwargs_row
from psycopg.types.json import Jsonb

from prismd.core.imports.job import Job, State
from prismd.core.imports.options import ImportOptions
from prismd.core.json.text import decode_stored
from prismd.store.connections.postgres import Connection

_COLUMNS: Final = """
    team_id, id::text, object_type, synchronous, state, options::text, total, chunks, cursor,
    created, existing, updated, failed, contacts_created, references_created, references_left_empty,
    error_code, error_message,
    created_at, updated_at, expires_at, attempts, parent_job_id::text, crashes, request_id::text,
    undoes::text, partly_reverted, kept, gone, changes_kept
"""

_INSERT: Final = """
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks,
                        created_at, updated_at, expires_at, parent_job_id, key_id, request_id, undoes, changes_kept)
VALUES (%(team)s, %(id)s, %(type)s, %(synchronous)s, %(state)s, %(options)s, %(total)s, %(chunks)s,
        %(now)s, %(now)s, %(expires)s, %(parent)s, %(key)s, %(request)s, %(undoes)s, true)
"""

_ACTIVE: Final = "SELECT count(*) FROM import_job WHERE team_id = %s AND state IN ('queued', 'running')"

_ACTIVE_IDS: Final = "SELECT id::text FROM import_job WHERE team_id = %s AND state IN ('queued', 'running')"

_LOCK: Final = f"""
SELECT {_COLUMNS}, (SELECT public_id FROM team WHERE team.id = import_job.team_id) AS team
FROM import_job WHERE team_id = %s AND id = %s AND NOT synchronous
FOR NO KEY UPDATE OF import_job
"""

_END: Final = """
UPDATE import_job
SET state = %(state)s, error_code = %(code)s, error_message = %(message)s, updated_at = %(now)s
WHERE team_id = %(team)s AND id = %(id)s
"""

_ADVANCE: Final = """
UPDATE import_job
SET state = %(state)s, cursor = %(cursor)s, created = %(created)s, existing = %(existing)s, updated = %(updated)s,
    failed = %(failed)s, contacts_created = %(contacts)s, references_created = %(references)s,
    references_left_empty = %(left_empty)s, partly_reverted = %(partly)s, kept = %(kept)s, gone = %(gone)s,
    updated_at = %(now)s, attempts = 0, crashes = 0
WHERE team_id = %(team)s AND id = %(id)s AND cursor = %(found)s AND state IN ('queued', 'running')
"""

_FAIL: Final = """
UPDATE import_job
SET state = %(state)s, attempts = %(attempts)s, crashes = %(crashes)s, updated_at = %(now)s,
    error_code = %(code)s, error_message = %(message)s
WHERE team_id = %(team)s AND id = %(id)s AND cursor = %(cursor)s AND state IN ('queued', 'running')
"""

_GET: Final = f"""
SELECT {_COLUMNS} FROM import_job WHERE team_id = %s AND id = %s AND NOT synchronous
"""

_ANY: Final = f"SELECT {_COLUMNS} FROM import_job WHERE team_id = %s AND id = %s"
_HOLD_ANY: Final = f"{_ANY} FOR SHARE OF import_job"

_LIST: Final = f"""
SELECT {_COLUMNS}
FROM import_job
WHERE team_id = %(team)s AND NOT synchronous
  AND (%(before)s::uuid IS NULL OR id < %(before)s)
  AND (%(state)s::text IS NULL OR state = %(state)s)
  AND (%(type)s::text IS NULL OR object_type = %(type)s)
ORDER BY import_job.id DESC
LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class JobsWanted:
    """The filter of a listing of jobs.

    Args:
        limit: Maximum number of jobs.
        state: Only jobs in this state; None for any.
        object_type: Only jobs of this type; None for any.
        before: Only jobs older than the job with this id; None for all.
    """

    limit: int
    state: str | None = None
    object_type: str | None = None
    before: str | None = None


def insert_job(connection: Connection, job: Job, key_id: str | None = None) -> None:
    """Write a new job.

    Args:
        key_id: Id of the key that started the import.
    """
    connection.execute(
        _INSERT,
        {
            "team": job.team_id,
            "id": job.id,
            "type": job.object_type,
            "synchronous": job.synchronous,
            "state": job.state,
            "options": Jsonb(job.options.to_json()),
            "total": job.total,
            "chunks": job.chunks,
            "now": job.created_at,
            "expires": job.expires_at,
            "parent": job.parent_job_id,
            "key": key_id,
            "request": job.request_id,
            "undoes": job.undoes,
        },
    )


def count_active(connection: Connection, team_id: int) -> int:
    """Return the number of a team's unfinished jobs."""
    [(count,)] = connection.execute(_ACTIVE, (team_id,))
    return int(count)


def active_jobs(connection: Connection, team_id: int) -> set[str]:
    """Return the ids of a team's unfinished jobs."""
    return {job_id for (job_id,) in connection.execute(_ACTIVE_IDS, (team_id,))}


def lock_job(connection: Connection, team_id: int, job_id: str) -> Job | None:
    """Return an asynchronous job of a team and hold it until the transaction ends; None if it does not exist.

    The job has the public id of its team, for the log.

    Args:
        connection: A connection inside a transaction that holds the job's queue entry, if it has one.
        job_id: UUID text.
    """
    return _jobs(connection).execute(_LOCK, (team_id, job_id)).fetchone()


def end_job(connection: Connection, job: Job) -> None:
    """Write the end of a job that :func:`lock_job` holds."""
    connection.execute(
        _END,
        {
            "team": job.team_id,
            "id": job.id,
            "state": job.state,
            "code": job.error_code,
            "message": job.error_message,
            "now": job.updated_at,
        },
    )


def advance(connection: Connection, before: Job, after: Job) -> bool:
    """Move a job on, if its cursor has not moved since it was read.

    Returns:
        Whether the job moved; if not, somebody else has done the chunk and this transaction must not commit.
    """
    moved = connection.execute(
        _ADVANCE,
        {
            "team": before.team_id,
            "id": before.id,
            "found": before.cursor,
            "state": after.state,
            "cursor": after.cursor,
            "created": after.created,
            "existing": after.existing,
            "updated": after.updated,
            "failed": after.failed,
            "contacts": after.contacts_created,
            "references": after.references_created,
            "left_empty": after.references_left_empty,
            "partly": after.partly_reverted,
            "kept": after.kept,
            "gone": after.gone,
            "now": after.updated_at,
        },
    )
    return moved.rowcount == 1


def record_failure(connection: Connection, job: Job) -> bool:
    """Write that a chunk failed, if the job's cursor is still at that chunk.

    Args:
        job: The job after the failure.

    Returns:
        Whether the failure was written.
    """
    recorded = connection.execute(
        _FAIL,
        {
            "team": job.team_id,
            "id": job.id,
            "cursor": job.cursor,
            "state": job.state,
            "attempts": job.attempts,
            "crashes": job.crashes,
            "now": job.updated_at,
            "code": job.error_code,
            "message": job.error_message,
        },
    )
    return recorded.rowcount == 1


def get_job(connection: Connection, team_id: int, job_id: str) -> Job | None:
    """Return an asynchronous job of a team, expired or not; None if it does not exist.

    Args:
        job_id: UUID text.
    """
    return _jobs(connection).execute(_GET, (team_id, job_id)).fetchone()


def hold_any_job(connection: Connection, team_id: int, job_id: str) -> Job | None:
    """Return a job, also one that was answered at once, and keep it until the transaction ends; None if there is none.

    Args:
        connection: A connection inside a transaction.
        job_id: UUID text.
    """
    return _jobs(connection).execute(_HOLD_ANY, (team_id, job_id)).fetchone()


def read_any_job(connection: Connection, team_id: int, job_id: str) -> Job | None:
    """Return a job, also one that was answered at once; None if there is none.

    Args:
        job_id: UUID text.
    """
    return _jobs(connection).execute(_ANY, (team_id, job_id)).fetchone()


def list_jobs(connection: Connection, team_id: int, wanted: JobsWanted) -> list[Job]:
    """Return asynchronous jobs of a team, expired or not, newest first."""
    named = {
        "team": team_id, "state": wanted.state, "type": wanted.object_type, "before": wanted.before,
        "limit": wanted.limit,
    }  # fmt: skip
    return _jobs(connection).execute(_LIST, named).fetchall()


def _jobs(connection: Connection) -> Cursor[Job]:
    return connection.cursor(row_factory=kwargs_row(_job))


def _job(*, state: str, options: str, **columns: Any) -> Job:  # noqa: ANN401 - the other columns are as the job has them
    return Job(state=State(state), options=ImportOptions.from_json(decode_stored(options)), **columns)
