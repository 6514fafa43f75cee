"""Imports: starting, reading and listing them (contract, sections 10.1, 10.2 and 22)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.response import Stream
from structlog.contextvars import bind_contextvars

from prismd.api.document.operation import (
    CURSOR,
    IDEMPOTENCY_KEY,
    LIMIT,
    REPLAY,
    RETRY_AFTER,
    TEAM,
    Operation,
    Reply,
    filter_by,
)
from prismd.api.document.shapes import ImportJob, JobPage
from prismd.api.http.errors import JSON, respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.paths import id_in_path, importable_type_in_path
from prismd.api.http.query_strings import given, one_of, page_limit
from prismd.api.imports.jobs import POLL_AFTER_S, PROCESSING, accepted, shown, with_results
from prismd.api.limits.threads import Threads
from prismd.api.queries.cursors import Cursor, Listing, read_cursor, write_cursor
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job, State
from prismd.core.imports.request import ImportBody, RequestLimits, parse_request
from prismd.core.json.shapes import in_force
from prismd.core.json.text import encode
from prismd.core.properties.schema import IMPORTABLE_TYPES
from prismd.services.idempotency.claims import Answer
from prismd.services.imports import jobs
from prismd.services.imports.jobs import Submitted
from prismd.services.imports.results import FIRST, part_of_results
from prismd.services.session import Session, Transaction
from prismd.store.imports.jobs import JobsWanted
from prismd.telemetry import metrics

_LOG: Final = structlog.get_logger()

STATES: Final = tuple(state.value for state in State)
#: Either scope is enough to read imports of a type.
_SEES_IMPORTS: Final = (Scope.IMPORT, Scope.READ)
_JOB_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@handles(
    Operation(
        name="startImport",
        method="POST",
        path=f"{TEAM}/{{objectType}}/import",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        summary="Import records",
        description=(
            f"Every row gets a result. Up to {in_force('sync_rows_max')} rows are done before the answer, with 200 and "
            "their results; more become a job, with 202. A malformed row fails alone."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=ImportBody,
        object_types=IMPORTABLE_TYPES,
        replies=(
            Reply(200, "The rows are done; `job_id` is null.", ImportJob, REPLAY),
            Reply(
                202,
                "The rows are safe and will be done.",
                ImportJob,
                {"location": "The job.", **RETRY_AFTER, **REPLAY},
            ),
        ),
        errors=("method_not_allowed", "too_many_imports"),
    )
)
async def start_import(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Import records: a few at once with 200, many as a job with 202."""
    kind = importable_type_in_path(object_type)
    limits = RequestLimits(rows_max=session.settings.rows_per_request_max)

    def submit(transaction: Transaction) -> Submitted:
        asked = parse_request(kind, body, limits)
        return jobs.submit(transaction, asked)

    return await submit_once(request, session, body, submit)


async def submit_once(
    request: Request[Any, Any, Any],
    session: Session,
    body: bytes,
    submit: Callable[[Transaction], Submitted],
) -> Response[bytes]:
    """Submit an import and answer it; a recognised repeat gets the first answer.

    Args:
        request: The request, for its headers and path.
        session: The session of the caller.
        body: The request body, byte for byte.
        submit: Submits the import, or raises PrismdError.
    """
    made: list[Submitted] = []

    def work(transaction: Transaction) -> Answer:
        submitted = submit(transaction)
        made[:] = [submitted]
        return accepted(submitted, session.caller.public_id)

    threads: Threads = request.app.state.threads
    response = await threads.run_import(lambda: write_once(request, session, body, work))
    for one in made:
        bind_contextvars(job=one.job.id)
        if one.job.synchronous:
            metrics.rows_done(one.job.counts, dry_run=one.job.options.dry_run)
        _LOG.info("import accepted", object_type=one.job.object_type, rows=one.job.total, state=one.job.state.value)
    return response


@handles(
    Operation(
        name="getImport",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Read an import job",
        description=(
            f"Jobs are kept for {in_force('import_retention_days')} days. Small imports have no job: their answer "
            "contains everything."
        ),
        replies=(Reply(200, "The job; with `results` once it has come to an end.", ImportJob, RETRY_AFTER),),
        errors=("not_found",),
    )
)
async def get_import(request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn) -> Response[Any]:
    """Answer an import, with its results once it has ended."""
    threads: Threads = request.app.state.threads
    job = await threads.run_quick(lambda: read_job(session, job_id))
    if job.status == PROCESSING:
        return respond(Answer(200, encode(shown(job)), {"retry-after": str(POLL_AFTER_S)}))
    return Stream(with_results(job, _results(threads, session, job)), media_type=JSON)


async def _results(threads: Threads, session: Session, job: Job) -> AsyncIterator[bytes]:
    # Each part is one short read, so a slow client holds neither a thread nor a connection.
    def read(start: tuple[int, int]) -> tuple[bytes, tuple[int, int]] | None:
        return session.do(part_of_results, job.id, start)

    start = FIRST
    while found := await threads.run_quick(partial(read, start)):
        part, start = found
        yield part


@handles(
    Operation(
        name="listImports",
        method="GET",
        path=f"{TEAM}/imports",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="List import jobs, newest first",
        parameters=(
            CURSOR,
            LIMIT,
            filter_by("state", "Only jobs in this state.", tuple(state.value for state in State)),
            filter_by("object_type", "Only jobs of this type.", IMPORTABLE_TYPES),
        ),
        replies=(Reply(200, "A page of jobs, without results.", JobPage),),
    )
)
async def list_imports(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Answer the team's imports, newest first, in pages."""
    threads: Threads = request.app.state.threads
    return await threads.run_quick(lambda: _listed(request, session))


def _listed(request: Request[Any, Any, Any], session: Session) -> Response[bytes]:
    listing = Listing(f"imports {session.team_id}", _JOB_ID, session.settings.page_max, filters=2)
    page = page_of(
        request,
        listing,
        limit=page_limit(request, most=listing.limit_max),
        filters=(one_of(request, "state", STATES), one_of(request, "object_type", IMPORTABLE_TYPES)),
    )
    state, object_type = page.filters
    session.caller.scopes.require(_SEES_IMPORTS, object_type, "" if object_type else "; or name one with object_type=")
    wanted = JobsWanted(page.limit + 1, state, object_type, page.after or None)
    found = session.do(jobs.list_jobs, wanted)
    has_more, listed = len(found) > page.limit, found[: page.limit]
    next_cursor = write_cursor(Cursor(listed[-1].id, page.limit, page.filters), listing) if has_more else None
    answer = JobPage(data=[shown(job) for job in listed], has_more=has_more, next_cursor=next_cursor)
    return respond(Answer(200, encode(answer), {}))


def read_job(session: Session, job_id: str) -> Job:
    """Return an import of the caller's team.

    Args:
        session: The session of the caller; the import belongs to its team.
        job_id: The id in the path, percent-encoded.

    Raises:
        PrismdError: ``not_found``: the id is unknown, or the import has expired; ``missing_scope``.
    """
    wanted = id_in_path(job_id)
    job = session.do(jobs.get_job, wanted)
    session.caller.scopes.require(_SEES_IMPORTS, job.object_type)
    return job


def page_of(
    request: Request[Any, Any, Any], listing: Listing, *, limit: int, filters: tuple[str | None, ...]
) -> Cursor:
    """Return the page that a request asks for; a cursor wins over limit and filters (contract, section 8).

    Args:
        request: The request, for its parameter ``cursor``.
        listing: The listing.
        limit: Number of entries on a page, without a cursor.
        filters: The filters of the request; with a cursor they can be absent, but must not differ.

    Raises:
        PrismdError: ``invalid_request``: the cursor is altered, or belongs to another listing.
    """
    text = given(request, "cursor")
    if text is None:
        return Cursor("", limit, filters)
    cursor = read_cursor(text, listing)
    if any(wanted is not None and wanted != kept for wanted, kept in zip(filters, cursor.filters, strict=True)):
        message = "it belongs to a listing with other filters; start without a cursor"
        raise PrismdError.invalid(".query.cursor", message, "format")
    return cursor
