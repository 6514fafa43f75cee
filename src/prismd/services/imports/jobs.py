"""Use cases of import jobs: submit one, read one, list them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from prismd.core.api_keys.scopes import Scope, missing_scope
from prismd.core.audit import import_started
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.job import Job, State
from prismd.core.imports.options import OWN_ID, ImportOptions
from prismd.core.imports.request import Chunk, ImportRequest, cut_into_chunks
from prismd.core.properties.schema import OBJECT_TYPES, held_references
from prismd.core.wording.quoting import quoted
from prismd.services.audit import doer_of, note_end
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.relations import lock_types, settled_relations
from prismd.services.imports.stepping import run_chunk
from prismd.services.lists import list_of_field
from prismd.services.realtime.notifications import import_moved
from prismd.services.records.keys import key_property
from prismd.services.records.references import CONTACT
from prismd.services.session import Transaction
from prismd.store import audit
from prismd.store.connections.faults import passes
from prismd.store.connections.transactions import import_step
from prismd.store.imports import chunks, jobs, queue
from prismd.store.imports.jobs import JobsWanted

_LOG: Final = structlog.get_logger()

#: Seconds until a refused client retries; a job of usual size ends in less.
_RETRY_AFTER_S: Final = 5


@dataclass(frozen=True, slots=True)
class Submitted:
    """An import that was accepted.

    Args:
        job: The job: complete if it is synchronous, otherwise queued.
        results: JSON of the results without brackets, if the job is synchronous; otherwise None.
    """

    job: Job
    results: bytes | None


def submit(transaction: Transaction, request: ImportRequest) -> Submitted:
    """Accept an import: do it at once if it is small, or else queue a job (contract, sections 10.1 and 21).

    Args:
        transaction: The request's open transaction; its commit makes the import durable.
        request: The import that the request asks for.

    Raises:
        PrismdError: ``invalid_request``: the list is unknown or takes no records of the type, or the key property is
            unknown or cannot be a key; ``too_many_imports``: the team has its maximum of unfinished jobs;
            ``missing_scope``: the caller lacks a scope that the import needs.
    """
    _check_scopes(transaction, request)
    synchronous, several = _is_synchronous(transaction, request), bool(request.options.on_missing)
    if synchronous and not several:
        transaction.lock_type(request.object_type)
    request = replace(request, options=_settled_options(transaction, request))
    if synchronous and several:
        lock_types(transaction, request.object_type, request.options)
    settings = transaction.settings
    cut = list(
        cut_into_chunks(
            request.rows,
            rows_max=settings.rows_per_chunk,
            bytes_max=settings.bytes_per_chunk,
            origins=request.origins,
        )
    )
    job = _new_job(transaction, request, cut)
    doer = doer_of(transaction)
    if job.synchronous:
        jobs.insert_job(transaction.connection, job, doer.key_id)
        note_end(transaction, job)  # an import without rows ends here
        with import_step(transaction.connection):
            return _run_at_once(transaction, job, cut)
    check_active(transaction)
    jobs.insert_job(transaction.connection, job, doer.key_id)
    with import_step(transaction.connection):
        chunks.insert_chunks(transaction.connection, job, cut)
    queue.enter(transaction.connection, job)
    audit.write_entry(transaction.connection, transaction.team_id, doer, import_started(job))
    import_moved(transaction, job)
    return Submitted(job, None)


def get_job(transaction: Transaction, job_id: str) -> Job:
    """Return a job (contract, section 10.2).

    Args:
        job_id: The job's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``: the job is unknown to the team, synchronous, or expired.
    """
    job = jobs.get_job(transaction.connection, transaction.team_id, job_id) if is_uuid(job_id) else None
    if job is None or job.expires_at <= transaction.now():
        raise no_job(job_id)
    return job


def no_job(job_id: str) -> PrismdError:
    """Return the error of a job that does not exist.

    Args:
        job_id: The job's id, exactly as the caller sent it.
    """
    message = f"there is no import job {quoted(job_id)}; jobs are kept for some days, small imports have none"
    return PrismdError("not_found", message)


def list_jobs(transaction: Transaction, wanted: JobsWanted) -> list[Job]:
    """Return the team's jobs, newest first (contract, section 22).

    Args:
        transaction: The team's open transaction.
        wanted: The filter.
    """
    found = jobs.list_jobs(transaction.connection, transaction.team_id, wanted)
    return [job for job in found if job.expires_at > transaction.now()]


def _check_scopes(transaction: Transaction, request: ImportRequest) -> None:
    object_type = request.object_type
    transaction.scopes.require((Scope.IMPORT,), object_type)
    if request.options.create_missing_options:
        transaction.scopes.require((Scope.ADMIN,), object_type, ", which create_missing_options needs besides")
    _require_contacts(transaction, object_type)


def require_import(transaction: Transaction, object_type: str) -> None:
    """Check that the caller can import records of a type, with the contacts that their rows make.

    Raises:
        PrismdError: ``missing_scope``.
    """
    transaction.scopes.require((Scope.IMPORT,), object_type)
    _require_contacts(transaction, object_type)


def _require_contacts(transaction: Transaction, object_type: str) -> None:
    if not transaction.scopes.allow(Scope.IMPORT, CONTACT):
        schema = transaction.schema(object_type)
        if CONTACT in held_references(schema).values():
            raise missing_scope((Scope.IMPORT,), CONTACT, f": rows of {object_type} make the contacts of addresses")


def _settled_options(transaction: Transaction, request: ImportRequest) -> ImportOptions:
    options, object_type = request.options, request.object_type
    unreadable = tuple(name for name in OBJECT_TYPES if not transaction.scopes.allow(Scope.READ, name))
    options = replace(options, unreadable=unreadable) if unreadable else options
    if options.list_id is not None:
        field = ".body.options.list_id"
        list_of_field(transaction, options.list_id, object_type, field)
    if options.dedupe_by is None and not options.on_missing:
        return options
    schema = transaction.schema(object_type)
    if options.on_missing:
        options = settled_relations(transaction, schema, options)
    if options.dedupe_by in (None, OWN_ID):
        return options
    prop = key_property(schema, options.dedupe_by, ".body.options.dedupe_by", options.list_id)
    # Store the key, so that the slug keeps its present meaning even if the list gets a property with this slug later.
    return replace(options, key=prop.key)


def check_active(transaction: Transaction) -> None:
    """Check that a team can start another job.

    Raises:
        PrismdError: ``too_many_imports``.
    """
    most = transaction.settings.active_jobs_per_team_max
    if jobs.count_active(transaction.connection, transaction.team_id) >= most:
        message = f"the team has {most} imports under way, the most there may be; wait for one to end"
        raise PrismdError("too_many_imports", message, retry_after_s=_RETRY_AFTER_S)


def _is_synchronous(transaction: Transaction, request: ImportRequest) -> bool:
    return len(request.rows) <= transaction.settings.sync_rows_max


def _new_job(transaction: Transaction, request: ImportRequest, cut: list[Chunk]) -> Job:
    now, settings = transaction.now(), transaction.settings
    return Job(
        team_id=transaction.team_id,
        id=transaction.new_id(),
        object_type=request.object_type,
        synchronous=_is_synchronous(transaction, request),
        state=State.QUEUED if cut else State.COMPLETE,
        options=request.options,
        total=len(request.rows),
        chunks=len(cut),
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(days=settings.import_retention_days),
        parent_job_id=request.parent_job_id,
        request_id=transaction.session.request_id,
    )


def _run_at_once(transaction: Transaction, job: Job, cut: list[Chunk]) -> Submitted:
    contents = []
    for chunk in cut:
        job, content = _run_now(transaction, job, chunk)
        contents.append(content)
    return Submitted(job, b",".join(contents))


def _run_now(transaction: Transaction, job: Job, chunk: Chunk) -> tuple[Job, bytes]:
    run = partial(run_chunk, JobTransaction.of(transaction, job), chunk)
    try:
        with transaction.savepoint():
            return run()
    except PrismdError:
        # The rows match too many bytes of records to read at once; fewer rows match fewer.
        return run(apart=True)
    except Exception as error:
        if passes(error):
            raise
        # A synchronous import has no second attempt, so isolate the faulty rows at once.
        _LOG.exception("rows of a synchronous import failed", error=str(error))
        return run(apart=True)
