"""What people do with an import that is there: stop it, or run again what did not succeed."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from prismd.core.api_keys.scopes import Scope
from prismd.core.audit import Action, import_ended
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job
from prismd.core.imports.request import ImportRequest
from prismd.core.imports.retry import RetryRequest
from prismd.core.json.text import decode_stored
from prismd.services.audit import note
from prismd.services.imports.jobs import Submitted, get_job, submit
from prismd.services.imports.results import verdicts_of_chunk
from prismd.services.realtime.changes import import_moved
from prismd.services.runtime import Runtime
from prismd.store.connections.postgres import Connection
from prismd.store.imports import chunks, jobs
from prismd.store.imports.results import next_verdicts


def cancel_job(connection: Connection, runtime: Runtime, team_id: int, job_id: str) -> Job:
    """Stop an import after the chunk under way; rows done stay done, the others are never attempted.

    Args:
        connection: Inside a transaction; the job is stopped when that commits.
        runtime: For the time, and for what the caller may do.
        team_id: The caller's team.
        job_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``import_ended`` for an import that has come to its end.
    """
    now = runtime.now()
    found = get_job(connection, team_id, job_id, now=now)
    runtime.scopes.require((Scope.IMPORT,), found.object_type)
    job = jobs.lock_job(connection, team_id, found.id)
    assert job is not None  # noqa: S101 - unexpired jobs are not deleted
    if job.ended:
        raise PrismdError("import_ended", f"the import has ended already, as {job.state}; there is nothing to cancel")
    cancelled = job.cancelled(now)
    jobs.end_job(connection, cancelled)
    note(connection, runtime, team_id, import_ended(cancelled, Action.IMPORT_CANCELLED))
    import_moved(connection, cancelled)
    return cancelled


def retry_job(
    connection: Connection,
    runtime: Runtime,
    team_id: int,
    job_id: str,
    retry: RetryRequest,
    *,
    request_id: str | None = None,
) -> Submitted:
    """Run the failed rows of an import again, as an import of its own that names the first as its parent.

    Args:
        connection: Inside the transaction of the request.
        runtime: For time, ids and limits.
        team_id: The caller's team.
        job_id: As the caller wrote it.
        retry: Which rows are corrected, and whether those never attempted run too.
        request_id: Id of the HTTP request, for log lines and traces of the new job's chunks.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``import_not_ended``; ``nothing_to_retry``; ``invalid_request``
            for a correction of a row that did not fail.
    """
    job = get_job(connection, team_id, job_id, now=runtime.now())
    runtime.scopes.require((Scope.IMPORT,), job.object_type)
    if not job.ended:
        raise PrismdError("import_not_ended", "the import still runs; wait for its end, or cancel it")
    rows = dict(_failed_rows(connection, job))
    for index in retry.corrections:
        if index not in rows:
            message = f"row {index} of the import did not fail; only failed rows can be corrected"
            raise PrismdError.invalid(".body.objects", message, "enum")
    rows.update(retry.corrections)
    if retry.not_attempted:
        rows.update(_rows_not_attempted(connection, job))
    if not rows:
        raise PrismdError("nothing_to_retry", "no row of the import failed, so there is nothing to run again")
    request = ImportRequest(job.object_type, list(rows.values()), job.options, job.id, list(rows))
    return submit(connection, runtime, team_id, request, request_id=request_id)


def _failed_rows(connection: Connection, job: Job) -> Iterator[tuple[int, msgspec.Raw]]:
    after = -1
    while found := next_verdicts(connection, job.team_id, job.id, after=after, outcome="failed"):
        chunk = chunks.read_chunk(connection, job, found.number)
        for text in verdicts_of_chunk(connection, job.team_id, job.id, found.number):
            for verdict in decode_stored(text):
                if "error" in verdict:
                    index = verdict["input_index"]
                    yield index, chunk.rows[index - chunk.first_row]
        after = found.last_row


def _rows_not_attempted(connection: Connection, job: Job) -> Iterator[tuple[int, msgspec.Raw]]:
    for number in range(job.cursor, job.chunks):
        chunk = chunks.read_chunk(connection, job, number)
        yield from enumerate(chunk.rows, chunk.first_row)
