"""Import jobs as use cases: submit one, read one, list them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from prismd.core.api_keys.scopes import Scope, Scopes, missing_scope
from prismd.core.audit import import_started
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.job import Job, State
from prismd.core.imports.options import ImportOptions
from prismd.core.imports.request import Chunk, ImportRequest, cut_into_chunks
from prismd.core.properties.schema import held_references
from prismd.core.wording.quoting import quoted
from prismd.services.audit import doer_of, note_end
from prismd.services.imports.chunk import run_chunk
from prismd.services.lists import require_list
from prismd.services.realtime.changes import import_moved
from prismd.services.records.keys import key_property
from prismd.services.records.references import CONTACT
from prismd.services.runtime import Runtime
from prismd.settings import Settings
from prismd.store import audit, properties
from prismd.store.connections.faults import passes
from prismd.store.connections.postgres import Connection
from prismd.store.connections.transactions import import_step
from prismd.store.imports import chunks, jobs

_LOG: Final = structlog.get_logger()

#: A job of some size ends in less.
_RETRY_AFTER_S: Final = 5


@dataclass(frozen=True, slots=True)
class Submitted:
    """An import that was accepted.

    Args:
        job: As it stands: complete if it was synchronous, else queued.
        verdicts: JSON of the verdicts without brackets, if it was synchronous.
    """

    job: Job
    verdicts: bytes | None


def submit(
    connection: Connection, runtime: Runtime, team_id: int, request: ImportRequest, *, request_id: str | None = None
) -> Submitted:
    """Accept an import: at once if it is small, else as a job (contract, sections 10.1 and 21).

    Args:
        connection: Inside the transaction of the request; the import is durable when that commits.
        runtime: For time, ids and limits.
        team_id: The caller's team.
        request: What is asked for.
        request_id: Id of the HTTP request, for log lines and traces of the job's chunks.

    Raises:
        PrismdError: ``invalid_request``: the list is unknown or holds records of another type, or the key property is
            unknown or cannot be a key; ``too_many_imports``: the team has as many jobs under way as it may have;
            ``missing_scope``: the import would make what the caller may not make.
    """
    _check_scopes(connection, runtime.scopes, team_id, request)
    request = replace(request, options=_settled_options(connection, team_id, request))
    settings = runtime.settings
    cut = list(
        cut_into_chunks(
            request.rows,
            rows_max=settings.rows_per_chunk,
            bytes_max=settings.bytes_per_chunk,
            origins=request.origins,
        )
    )
    job = replace(_new_job(runtime, team_id, request, cut), request_id=request_id)
    doer = doer_of(runtime)
    if job.synchronous:
        jobs.insert_job(connection, job, doer.key_id)
        note_end(connection, job)  # where there are no rows
        with import_step(connection):
            return _run_at_once(connection, runtime, job, cut)
    _check_active(connection, team_id, settings)
    jobs.insert_job(connection, job, doer.key_id)
    with import_step(connection):
        chunks.insert_chunks(connection, job, cut)
    audit.write_entry(connection, team_id, doer, import_started(job))
    import_moved(connection, job)
    return Submitted(job, None)


def get_job(connection: Connection, team_id: int, job_id: str, *, now: datetime) -> Job:
    """Return a job (contract, section 10.2).

    Args:
        job_id: As the caller wrote it.
        now: Jobs that have expired by then are not found.

    Raises:
        PrismdError: ``not_found``: unknown, synchronous, expired, or of another team.
    """
    job = jobs.get_job(connection, team_id, job_id) if is_uuid(job_id) else None
    if job is None or job.expires_at <= now:
        message = f"there is no import job {quoted(job_id)}; jobs are kept for some days, small imports have none"
        raise PrismdError("not_found", message)
    return job


def list_jobs(
    connection: Connection,
    team_id: int,
    *,
    now: datetime,
    state: str | None = None,
    object_type: str | None = None,
    before: str | None = None,
    limit: int,
) -> list[Job]:
    """Return the team's jobs, newest first (contract, section 22).

    Args:
        before: Only jobs older than the one of this id.
        limit: Most jobs returned.
    """
    found = jobs.list_jobs(connection, team_id, state=state, object_type=object_type, before=before, limit=limit)
    return [job for job in found if job.expires_at > now]


def _check_scopes(connection: Connection, scopes: Scopes, team_id: int, request: ImportRequest) -> None:
    object_type = request.object_type
    scopes.require((Scope.IMPORT,), object_type)
    if request.options.create_missing_options:
        scopes.require((Scope.ADMIN,), object_type, ", which create_missing_options needs besides")
    if not scopes.allow(Scope.IMPORT, CONTACT):
        schema = properties.load_schema(connection, team_id, object_type)
        if CONTACT in held_references(schema).values():
            raise missing_scope((Scope.IMPORT,), CONTACT, f": rows of {object_type} make the contacts of addresses")


def _settled_options(connection: Connection, team_id: int, request: ImportRequest) -> ImportOptions:
    options, object_type = request.options, request.object_type
    if options.list_id is not None:
        field = ".body.options.list_id"
        require_list(connection, team_id, options.list_id, object_type, field, unknown="invalid_request")
    if options.dedupe_by is None:
        return options
    schema = properties.load_schema(connection, team_id, object_type)
    prop = key_property(schema, options.dedupe_by, ".body.options.dedupe_by", options.list_id)
    # What the slug means stays what it is now, also if the list gets a property of the same slug meanwhile.
    return replace(options, key=prop.key)


def _check_active(connection: Connection, team_id: int, settings: Settings) -> None:
    most = settings.active_jobs_per_team_max
    if jobs.count_active(connection, team_id) >= most:
        message = f"the team has {most} imports under way, the most there may be; wait for one to end"
        raise PrismdError("too_many_imports", message, retry_after_s=_RETRY_AFTER_S)


def _new_job(runtime: Runtime, team_id: int, request: ImportRequest, cut: list[Chunk]) -> Job:
    now, settings = runtime.now(), runtime.settings
    return Job(
        team_id=team_id,
        id=runtime.new_id(),
        object_type=request.object_type,
        synchronous=len(request.rows) <= settings.sync_rows_max,
        state=State.QUEUED if cut else State.COMPLETE,
        options=request.options,
        total=len(request.rows),
        chunks=len(cut),
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(days=settings.import_retention_days),
        parent_job_id=request.parent_job_id,
    )


def _run_at_once(connection: Connection, runtime: Runtime, job: Job, cut: list[Chunk]) -> Submitted:
    contents = []
    for chunk in cut:
        job, content = _run_now(connection, runtime, job, chunk)
        contents.append(content)
    return Submitted(job, b",".join(contents))


def _run_now(connection: Connection, runtime: Runtime, job: Job, chunk: Chunk) -> tuple[Job, bytes]:
    run = partial(
        run_chunk, connection, job, chunk, now=runtime.now(), new_id=runtime.new_id, settings=runtime.settings
    )
    try:
        with connection.transaction():
            return run()
    except PrismdError:
        # The records that its rows match are more than are read at once; fewer rows match less.
        return run(apart=True)
    except Exception as error:
        if passes(error):
            raise
        # Nobody comes back for a second try here, so the rows are parted at once.
        _LOG.exception("rows of a synchronous import failed", error=str(error))
        return run(apart=True)
