"""Takes back what an import, or an undo, changed."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, RETRY_AFTER, TEAM, Operation, Reply
from prismd.api.document.shapes import ImportJob
from prismd.api.http.handling import handles
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.paths import id_in_path
from prismd.api.imports.handlers import submit_once
from prismd.core.api_keys.scopes import Scope
from prismd.core.changes.undo_request import UndoBody, parse_undo
from prismd.services.changes.undo import undo_job
from prismd.services.imports.jobs import Submitted
from prismd.services.session import Transaction


@handles(
    Operation(
        name="undoImport",
        method="POST",
        path=f"{TEAM}/imports/{{jobId}}/undo",
        tag="Imports",
        scopes=(Scope.IMPORT,),
        typed_by_job=True,
        summary="Undo an import, or an undo",
        description=(
            "The undo is a job with a result for each record that the import created or changed. A value goes back "
            "only if the record still has what the import wrote; a created record is deleted only if nobody changed "
            "it or refers to it since. What stays is named, with who changed it. Undoing an undo makes the changes "
            "again. Small imports are undone by their `change_set_id`. With `dry_run`, nothing changes."
        ),
        parameters=(IDEMPOTENCY_KEY,),
        body=UndoBody,
        body_required=False,
        replies=(
            Reply(
                202,
                "The undo will be done.",
                ImportJob,
                {"location": "The job of the undo.", **RETRY_AFTER, **REPLAY},
            ),
        ),
        errors=("not_found", "import_not_ended", "nothing_to_undo", "too_many_imports"),
    )
)
async def undo_import(
    *,
    request: Request[Any, Any, Any],
    job_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Start the undo of an import as a job."""
    wanted = id_in_path(job_id)

    def submit(transaction: Transaction) -> Submitted:
        return undo_job(transaction, wanted, dry_run=parse_undo(body).dry_run)

    return await submit_once(request, session, body, submit)
