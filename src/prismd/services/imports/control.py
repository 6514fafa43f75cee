"""Cancelling an import, and running its failed rows again: as they are, corrected, or after a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from prismd.core.api_keys.scopes import Scope
from prismd.core.audit import Action, import_ended
from prismd.core.errors import PrismdError
from prismd.core.imports.decisions import DecisionBody, decided, is_about
from prismd.core.imports.failed_rows import FailedRow
from prismd.core.imports.job import Job
from prismd.core.imports.request import ImportRequest
from prismd.core.imports.retry import RetryRequest
from prismd.core.json.text import decode_stored, encode
from prismd.services.audit import note
from prismd.services.imports.failed_rows import next_failed_rows
from prismd.services.imports.jobs import Submitted, get_job, submit
from prismd.services.imports.results import results_of_chunk
from prismd.services.realtime.notifications import import_moved
from prismd.services.session import Transaction
from prismd.store.imports import chunks, jobs, queue
from prismd.store.imports.results import next_results


def cancel_job(transaction: Transaction, job_id: str) -> Job:
    """Cancel an import after the present chunk; rows that are done stay done, and the others are never attempted.

    Args:
        transaction: The team's open transaction.
        job_id: The job's id, exactly as the caller sent it.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``import_ended`` if the import has ended.
    """
    now = transaction.now()
    found = get_job(transaction, job_id)
    transaction.scopes.require((Scope.IMPORT,), found.object_type)
    # Removing the entry waits for the present chunk, and prevents further turns of the job.
    queue.leave(transaction.connection, transaction.team_id, found.id)
    job = jobs.lock_job(transaction.connection, transaction.team_id, found.id)
    assert job is not None  # noqa: S101 - unexpired jobs are not deleted
    if job.ended:
        raise PrismdError("import_ended", f"the import has ended already, as {job.state}; there is nothing to cancel")
    cancelled = job.cancelled(now)
    jobs.end_job(transaction.connection, cancelled)
    note(transaction, import_ended(cancelled, Action.IMPORT_CANCELLED))
    import_moved(transaction, cancelled)
    return cancelled


def retry_job(transaction: Transaction, job_id: str, retry: RetryRequest) -> Submitted:
    """Run the failed rows of an import again, in a new import with the original one as its parent.

    Args:
        transaction: The team's open transaction.
        job_id: Id of the original job, exactly as the caller sent it.
        retry: The corrected rows, and whether to run rows that were never attempted too.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``import_not_ended``; ``nothing_to_retry``; ``invalid_request``
            for a correction of a row that did not fail.
    """
    job = _ended_job(transaction, job_id)
    rows = dict(_failed_rows(transaction, job))
    for index in retry.corrections:
        if index not in rows:
            message = f"row {index} of the import did not fail; only failed rows can be corrected"
            raise PrismdError.invalid(".body.objects", message, "enum")
    if retry.only_corrected:
        rows = {index: retry.corrections[index] for index in rows if index in retry.corrections}
    rows.update(retry.corrections)
    if retry.not_attempted:
        rows.update(_rows_not_attempted(transaction, job))
    if not rows:
        raise PrismdError("nothing_to_retry", "no row of the import failed, so there is nothing to run again")
    request = ImportRequest(job.object_type, list(rows.values()), job.options, job.id, list(rows))
    return submit(transaction, request)


def decide_job(transaction: Transaction, job_id: str, decision: DecisionBody) -> Submitted:
    """Run the failed rows of one group again as a decision changes them, in a new import with the job as its parent.

    Args:
        transaction: The team's open transaction.
        job_id: Id of the original job, exactly as the caller sent it.
        decision: The group, and what becomes of its value.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``import_not_ended``; ``nothing_to_retry`` if no row is of the
            group.
    """
    job = _ended_job(transaction, job_id)
    rows = {
        failed.index: msgspec.Raw(encode(decided(decision, failed.row)))
        for failed in _all_failed_rows(transaction, job)
        if isinstance(failed.row, dict) and is_about(decision, failed)
    }
    if not rows:
        raise PrismdError("nothing_to_retry", "no row of the import failed for that cause; GET …/problems lists them")
    options = replace(job.options, create_missing_options=True) if decision.do == "make_option" else job.options
    return submit(transaction, ImportRequest(job.object_type, list(rows.values()), options, job.id, list(rows)))


def _ended_job(transaction: Transaction, job_id: str) -> Job:
    job = get_job(transaction, job_id)
    transaction.scopes.require((Scope.IMPORT,), job.object_type)
    if job.undoes is not None:
        raise PrismdError("nothing_to_retry", "the job is an undo, which has no rows; undo again what is left")
    if not job.ended:
        raise PrismdError("import_not_ended", "the import still runs; wait for its end, or cancel it")
    return job


def _all_failed_rows(transaction: Transaction, job: Job) -> Iterator[FailedRow]:
    after = -1
    while found := next_failed_rows(transaction, job, after):
        yield from found.rows
        after = found.last_row


def _failed_rows(transaction: Transaction, job: Job) -> Iterator[tuple[int, msgspec.Raw]]:
    after = -1
    while found := next_results(transaction.connection, job.team_id, job.id, after=after, outcome="failed"):
        chunk = chunks.read_chunk(transaction.connection, job, found.number)
        for text in results_of_chunk(transaction, job.id, found.number):
            for result in decode_stored(text):
                if "error" in result:
                    index = result["input_index"]
                    yield index, chunk.rows[index - chunk.first_row]
        after = found.last_row


def _rows_not_attempted(transaction: Transaction, job: Job) -> Iterator[tuple[int, msgspec.Raw]]:
    for number in range(job.cursor, job.chunks):
        chunk = chunks.read_chunk(transaction.connection, job, number)
        yield from enumerate(chunk.rows, chunk.first_row)
