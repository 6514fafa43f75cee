"""Submits an import: it is done or stored in one transaction, and logged after the commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import structlog
from litestar import Request, Response
from structlog.contextvars import bind_contextvars

from prismd.api.http.idempotency import write_once
from prismd.api.imports.jobs import accepted
from prismd.api.limits.threads import Threads
from prismd.services.idempotency.claims import Answer
from prismd.services.imports.jobs import Submitted
from prismd.services.session import Session, Transaction
from prismd.telemetry import metrics

_LOG: Final = structlog.get_logger()


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
