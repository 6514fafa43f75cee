"""Imports as they are handed in: done or kept in one transaction, and told of once that is committed."""

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
    """Hand in an import, once where it can be told from its repeats, and answer it.

    Args:
        request: For its headers and path.
        session: Of who hands it in.
        body: The request body, byte for byte.
        submit: Hands it in, or raises PrismdError.
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
