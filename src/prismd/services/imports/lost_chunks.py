"""Chunks during which a worker or its connection was lost: delay them, and later cut them to isolate the guilty row."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import structlog

from prismd.core.imports.job import Job
from prismd.core.imports.request import Chunk
from prismd.services.audit import note_end
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.realtime.notifications import import_moved
from prismd.store.imports import chunks, jobs, queue
from prismd.store.imports.attempts import forget_attempts

_LOG: Final = structlog.get_logger()

_UNDO_GAVE_UP: Final = "a part of this undo ended workers again and again; undo again to go on, the log tells why"

#: Maximum number of parts of a cut: a chunk of 5,000 rows becomes single rows in two rounds.
_PARTS_MAX: Final = 100
#: Losses before a chunk is cut: one can be chance, such as a restart of the machine. A cut changes no result.
_LOSSES_BEFORE_CUT: Final = 2


def after_losses(transaction: JobTransaction, chunk: Chunk, count: int) -> Job | None:
    """Delay a chunk whose last attempt never ended; after several losses, cut it.

    Results do not depend on how rows are cut into chunks, so a cut changes no result.

    Args:
        transaction: The job's open transaction; the job's cursor is at this chunk.
        chunk: The chunk.
        count: Number of attempts that began and did not end.

    Returns:
        The job after that; None if the chunk has only one row, which the caller must refuse without reading it.
    """
    connection, job, settings = transaction.connection, transaction.job, transaction.settings
    forget_attempts(connection, job)
    after = job.after_crashes(count, transaction.at)
    _LOG.error("chunk lost its worker or its connection", times=after.crashes)
    alone = len(chunk.rows) == 1
    if alone and after.crashes >= settings.step_attempts_max:
        _LOG.error("row refused, as it cannot be processed", row=chunk.first_row)
        return None
    if not alone and after.crashes >= _LOSSES_BEFORE_CUT:
        return _cut(transaction, chunk)
    return _delayed(transaction, after)


def after_losses_of_undo(transaction: JobTransaction, count: int) -> Job:
    """Delay an undo whose last attempt never ended, or end it: it has no rows at fault, and can be started again.

    Args:
        transaction: The open transaction of the undo's job.
        count: Number of attempts that began and did not end.
    """
    forget_attempts(transaction.connection, transaction.job)
    after = transaction.job.after_crashes(count, transaction.at)
    _LOG.error("undo lost its worker or its connection", times=after.crashes)
    if after.crashes < transaction.settings.step_attempts_max:
        return _delayed(transaction, after)
    failed = after.after_failure(_UNDO_GAVE_UP, transaction.at, attempts_max=1)
    jobs.record_failure(transaction.connection, failed)
    queue.leave(transaction.connection, failed.team_id, failed.id)
    note_end(transaction, failed)
    import_moved(transaction, failed)
    return failed


def _delayed(transaction: JobTransaction, after: Job) -> Job:
    wait = timedelta(seconds=transaction.settings.step_backoff_s * 2 ** (after.crashes - 1))
    jobs.record_failure(transaction.connection, after)
    queue.put_off(transaction.connection, after, transaction.at + wait)
    import_moved(transaction, after)
    return after


def _cut(transaction: JobTransaction, chunk: Chunk) -> Job:
    parts = chunk.cut(_PARTS_MAX)
    after = transaction.job.after_cut(len(parts), transaction.at)
    chunks.replace_chunk(transaction.connection, after, parts)
    queue.put_off(transaction.connection, after)
    _LOG.warning("chunk was cut", rows=len(chunk.rows), parts=len(parts))
    return after
