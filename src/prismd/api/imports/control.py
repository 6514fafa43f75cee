"""Cancels an import, and runs its failed rows again: as they are, corrected, or decided (contract, section 22)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, RETRY_AFTER, TEAM, Operation, Reply
from prismd.api.document.shapes import ImportJob
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body, refuse_body
from prismd.api.http.paths import id_in_path
from prismd.api.imports.handlers import submit_once
from prismd.api.imports.jobs import shown
from prismd.api.limits.threads import Threads
from prismd.core.api_keys.scopes import Scope
from prismd.core.imports.decisions import DecisionBody, check_decision
from prismd.core.imports.request import RequestLimits
from prismd.core.imports.retry import RetryBody, parse_retry
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.imports import control
from prismd.services.imports.jobs import Submitted
from prismd.services.session import Transaction

_NEW_JOB: Final = (
    Reply(200, "The rows are done; `job_id` is null.", ImportJob, REPLAY),
    Reply(202, "The rows are safe and will be done.", ImportJob, {"location": "The new job.", **RETRY_AFTER, **REPLAY}),
)


@handles(
    Operation(
        name="cancelImport",
        method="POST",
        path=f"{TEAM}/imports/{{jobId}}/cancel",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Cancel an import job",
        description=(
            "The job stops after its current chunk. Rows that are done stay done and keep their results; "
            "`not_attempted` counts the other rows. `state` is `cancelled`, `status` `failed`, `error.code` "
            "`cancelled`."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        replies=(Reply(200, "The job, which has stopped.", ImportJob, REPLAY),),
        errors=("not_found", "import_ended"),
    )
)
async def cancel_import(
    *, request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Stop an import after its current chunk, and answer after it has stopped."""
    wanted = id_in_path(job_id)

    def work(transaction: Transaction) -> Answer:
        refuse_body(body)
        job = control.cancel_job(transaction, wanted)
        return Answer(200, encode(shown(job)), {})

    # Cancelling waits for the current chunk, so it runs in a thread for imports.
    threads: Threads = request.app.state.threads
    return await threads.run_import(lambda: write_once(request, session, body, work))


@handles(
    Operation(
        name="retryImport",
        method="POST",
        path=f"{TEAM}/imports/{{jobId}}/retry",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Run the failed rows of an import job again",
        description=(
            "They become a new import with the same options, whose `parent_job_id` is this job; `parent_input_index` "
            "of its results names the original rows. Without a body the rows run as they were sent."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=RetryBody,
        body_required=False,
        replies=_NEW_JOB,
        errors=("not_found", "import_not_ended", "nothing_to_retry", "too_many_imports"),
    )
)
async def retry_import(
    *,
    request: Request[Any, Any, Any],
    job_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Run the failed rows of an import again, as a new import."""
    wanted = id_in_path(job_id)
    limits = RequestLimits(rows_max=session.settings.rows_per_request_max)

    def submit(transaction: Transaction) -> Submitted:
        retry = parse_retry(body, limits)
        return control.retry_job(transaction, wanted, retry)

    return await submit_once(request, session, body, submit)


@handles(
    Operation(
        name="decideImport",
        method="POST",
        path=f"{TEAM}/imports/{{jobId}}/decide",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Mend a group of failed rows by one decision",
        description=(
            "The failed rows of one group of `GET …/problems` run again with another value, without the property, or "
            "with options made of their values: as a new import with the same options, whose `parent_job_id` is this "
            "job. Other failed rows stay as they are."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=DecisionBody,
        replies=_NEW_JOB,
        errors=("not_found", "import_not_ended", "nothing_to_retry", "too_many_imports"),
    )
)
async def decide_import(
    *,
    request: Request[Any, Any, Any],
    job_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Run the failed rows of one group again after a decision about their value."""
    wanted = id_in_path(job_id)

    def submit(transaction: Transaction) -> Submitted:
        decision = read_body(body, DecisionBody)
        check_decision(decision)
        return control.decide_job(transaction, wanted, decision)

    return await submit_once(request, session, body, submit)
