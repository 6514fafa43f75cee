"""How far an import has come, chunk by chunk, also long after the chunks were done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prismd.core.imports.job import Counts, Job, State
from prismd.services.imports.jobs import get_job
from prismd.services.session import Transaction
from prismd.store.imports.progress import counts_of_chunks


@dataclass(frozen=True, slots=True)
class Progress:
    """A job and what its latest chunks brought.

    Args:
        job: As it stands.
        counts: Of each chunk that was asked for and is done; may be one chunk ahead of the job.
    """

    job: Job
    counts: Sequence[Counts]


def progress_since(
    transaction: Transaction,
    job_id: str,
    *,
    chunks: int,
) -> Progress:
    """Return a job with the counts of its chunks beyond those that are known.

    Args:
        job_id: UUID text.
        chunks: How many chunks are known.

    Raises:
        PrismdError: ``not_found``.
    """
    # The job first: so a job that has ended is never seen without its last chunk.
    job = get_job(transaction, job_id)
    return Progress(job, counts_of_chunks(transaction.connection, transaction.team_id, job.id, first=chunks))


def after_chunks(job: Job, chunks: int, totals: Counts) -> Job:
    """Return a job as it stood after some of its chunks.

    Args:
        job: As it stands now, or stood at any time since.
        chunks: How many chunks were done then.
        totals: What they had brought together.
    """
    return replace(
        job,
        state=State.RUNNING if chunks else State.QUEUED,
        cursor=chunks,
        created=totals.created,
        existing=totals.existing,
        updated=totals.updated,
        failed=totals.failed,
        error_code=None,
        error_message=None,
    )
