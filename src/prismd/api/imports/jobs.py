"""The shape of an import in all answers about imports (contract, section 10.3)."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from prismd.api.document.shapes import ImportJob, JobError, UndoCounts
from prismd.core.imports.job import Job
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.imports.jobs import Submitted

POLL_AFTER_S: Final = 1
PROCESSING: Final = "processing"
_END: Final = b"]}"


def shown(job: Job) -> ImportJob:
    """Return the shape of an import, without its results.

    Args:
        job: The import.
    """
    shape: dict[str, Any] = {
        "job_id": None if job.synchronous else job.id,
        "status": job.status,
        "total": job.total,
        "processed": job.processed,
        "not_attempted": job.not_attempted,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "created_at": _utc(job.created_at),
        "updated_at": _utc(job.updated_at),
        "expires_at": None if job.synchronous else _utc(job.expires_at),
        "object_type": job.object_type,
        "state": job.state.value,
        "created": job.created,
        "existing": job.existing,
        "updated": job.updated,
        "contacts_created": job.contacts_created,
        "references_created": job.references_created,
        "references_left_empty": job.references_left_empty,
        "dry_run": job.options.dry_run,
        "parent_job_id": job.parent_job_id,
        "change_set_id": job.id,
    }
    if job.undoes is not None:
        shape["undo"] = UndoCounts(
            undoes=job.undoes,
            reverted=job.updated - job.partly_reverted,
            partly_reverted=job.partly_reverted,
            kept=job.kept,
            gone=job.gone,
            failed=job.failed,
        )
    if job.status == "failed":
        shape["error"] = JobError(
            code=job.error_code or "internal_error", message=job.error_message or "Internal error"
        )
    return ImportJob(**shape)


def accepted(submitted: Submitted, team: str) -> Answer:
    """Return the answer to the submission of an import: 200 if it is done, 202 if a worker will do it.

    Args:
        submitted: The import.
        team: The public id of the import's team.
    """
    if submitted.results is not None:
        return Answer(200, b"".join((_beginning(submitted.job), submitted.results, _END)), {})
    location = f"/v2/prism/{quote(team, safe='')}/imports/{submitted.job.id}"
    return Answer(202, encode(shown(submitted.job)), {"location": location, "retry-after": str(POLL_AFTER_S)})


async def with_results(job: Job, results: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the JSON text of an import with its results, in pieces.

    Args:
        job: The import.
        results: Content of the array of results, in pieces.
    """
    yield _beginning(job)
    async for part in results:
        yield part
    yield _END


def _beginning(job: Job) -> bytes:
    return encode(shown(job))[:-1] + b',"results":['


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
