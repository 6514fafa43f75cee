"""The progress of an import by chunk, for event streams that can start long after the chunks were done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from prismd.core.imports.job import Counts, Job, State
from prismd.services.imports.jobs import get_job
from prismd.services.session import Transaction
from prismd.store.imports.progress import counts_of_chunks


@dataclass(frozen=True, slots=True)
class Progress:
    """A job with the counts of its latest chunks.

    Args:
        job: The job in its present state.
        counts: Counts of each finished chunk that the caller asked for; they can be one chunk ahead of the job.
    """

    job: Job
    counts: Sequence[Counts]


def progress_since(
    transaction: Transaction,
    job_id: str,
    *,
    chunks: int,
) -> Progress:
    """Return a job with the counts of the chunks that the caller does not know yet.

    Args:
        job_id: Id of the job, as UUID text.
        chunks: Number of chunks that the caller knows.

    Raises:
        PrismdError: ``not_found``.
    """
    # Read the job first, so that the counts of an ended job always include its last chunk.
    job = get_job(transaction, job_id)
    return Progress(job, counts_of_chunks(transaction.connection, transaction.team_id, job.id, first=chunks))


def after_chunks(job: Job, chunks: int, totals: Counts) -> Job:
    """Return a job in its state after some of its chunks.

    Args:
        job: The job in its present state, or in any state since then.
        chunks: Number of chunks done at that time.
        totals: The counts of these chunks together.
    """
    return replace(
        job,
        state=State.RUNNING if chunks else State.QUEUED,
        cursor=chunks,
        created=totals.created,
        existing=totals.existing,
        updated=totals.updated,
        failed=totals.failed,
        partly_reverted=totals.partly_reverted,
        kept=totals.kept,
        gone=totals.gone,
        error_code=None,
        error_message=None,
    )
