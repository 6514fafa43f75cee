"""The problems of an import, grouped by their cause (contract, section 22)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import CURSOR, LIMIT, RETRY_AFTER, TEAM, Operation, Reply
from prismd.api.document.shapes import ImportProblem, ProblemPage
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.http.query_strings import page_limit
from prismd.api.imports.handlers import page_of, read_job
from prismd.api.imports.jobs import POLL_AFTER_S, PROCESSING
from prismd.api.limits.threads import Threads
from prismd.api.queries.cursors import Cursor, Listing, write_cursor
from prismd.core.api_keys.scopes import Scope
from prismd.core.imports.job import Job
from prismd.core.imports.problems import ProblemGroup, ProblemGroups
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.imports.failed_rows import next_failed_rows
from prismd.services.session import Session

#: The place of a cursor: a rank among the groups.
_RANK: Final = re.compile(r"[0-9]{1,6}")


@handles(
    Operation(
        name="getImportProblems",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}/problems",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Read the problems of an import job, grouped by cause",
        description=(
            "While the job runs and after. Rows with the same code, property and form of value are one group, that of "
            "the most rows first, with all its rows counted. A row with several problems counts in each group."
        ),
        parameters=(CURSOR, LIMIT),
        replies=(Reply(200, "A page of groups.", ProblemPage, RETRY_AFTER),),
        errors=("not_found",),
    )
)
async def get_problems(request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the problems of an import, grouped by cause."""
    threads: Threads = request.app.state.threads
    job = await threads.run_quick(lambda: read_job(session, job_id))
    listing = Listing(f"problems {session.team_id} {job.id}", _RANK, session.settings.page_max, filters=0)
    page = page_of(request, listing, limit=page_limit(request, most=listing.limit_max), filters=())
    groups = await _grouped(threads, session, job)
    found, start = groups.ordered(), int(page.after or 0)
    end = start + page.limit
    next_cursor = write_cursor(Cursor(str(end), page.limit), listing) if end < len(found) else None
    answer = ProblemPage(
        data=[_shown(group) for group in found[start:end]],
        has_more=next_cursor is not None,
        next_cursor=next_cursor,
        failed=groups.failed,
        groups=len(found),
    )
    headers = {"retry-after": str(POLL_AFTER_S)} if job.status == PROCESSING else {}
    return respond(Answer(200, encode(answer), headers))


async def _grouped(threads: Threads, session: Session, job: Job) -> ProblemGroups:
    # Each chunk is a turn of its own, so that a job of a million failed rows does not hold a thread meanwhile.
    groups = ProblemGroups(session.settings.problem_groups_max)
    after = -1
    while found := await threads.run_other(partial(session.do, next_failed_rows, job, after)):
        for failed in found.rows:
            groups.add(failed)
        after = found.last_row
    return groups


def _shown(group: ProblemGroup) -> ImportProblem:
    return ImportProblem(
        code=group.code,
        property=group.slug,
        pattern=group.form,
        is_rest=group.is_rest,
        count=group.count,
        message=group.message,
        examples=group.examples,
        rows=group.rows,
    )
