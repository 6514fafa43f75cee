"""What people do with an import that is there: cancel it, run its failed rows again (contract, section 22)."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post

from prismd.api.http.idempotency import write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import refuse_body
from prismd.api.http.paths import id_in_path
from prismd.api.imports.jobs import shown
from prismd.api.imports.submissions import submit_once
from prismd.api.limits.threads import Threads
from prismd.core.imports.request import RequestLimits
from prismd.core.imports.retry import parse_retry
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.imports import control
from prismd.services.imports.jobs import Submitted
from prismd.services.session import Transaction


@post("/imports/{job_id:str}/cancel")
async def cancel_import(
    *, request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Stop an import after the chunk under way; answered once it has stopped."""
    wanted = id_in_path(job_id)

    def work(transaction: Transaction) -> Answer:
        refuse_body(body)
        job = control.cancel_job(transaction, wanted)
        return Answer(200, encode(shown(job)), {})

    # It waits for the chunk under way, as imports wait for each other.
    threads: Threads = request.app.state.threads
    return await threads.run_import(lambda: write_once(request, session, body, work))


@post("/imports/{job_id:str}/retry")
async def retry_import(
    *,
    request: Request[Any, Any, Any],
    job_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Run the failed rows of an import again, as an import of its own; answered like any other import."""
    wanted = id_in_path(job_id)
    limits = RequestLimits(rows_max=session.settings.rows_per_request_max)

    def submit(transaction: Transaction) -> Submitted:
        retry = parse_retry(body, limits)
        return control.retry_job(transaction, wanted, retry)

    return await submit_once(request, session, body, submit)
