"""Starting an undo: a job that takes back what an import, or another undo, changed."""

from __future__ import annotations

from datetime import timedelta

from prismd.core.audit import import_started
from prismd.core.changes.rounds import rounds_of
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.job import Job, State
from prismd.core.imports.options import ImportOptions
from prismd.services.audit import doer_of, note
from prismd.services.imports.jobs import Submitted, check_active, no_job, require_import
from prismd.services.realtime.notifications import import_moved
from prismd.services.session import Transaction
from prismd.store.changes.change_sets import count_changed
from prismd.store.imports import jobs, queue


def undo_job(transaction: Transaction, job_id: str, *, dry_run: bool = False) -> Submitted:
    """Start a job that takes back what an import or an undo changed; undoing an undo makes the changes again.

    Args:
        transaction: The team's open transaction.
        job_id: Id of the job to undo, exactly as the caller sent it; small imports have one, too, in their records.
        dry_run: Whether to judge every record, but change nothing.

    Raises:
        PrismdError: ``not_found``; ``missing_scope``; ``import_not_ended``; ``nothing_to_undo``;
            ``too_many_imports``.
    """
    source = jobs.hold_any_job(transaction.connection, transaction.team_id, job_id) if is_uuid(job_id) else None
    if source is None or source.expires_at <= transaction.now():
        raise no_job(job_id)
    require_import(transaction, source.object_type)
    if not source.ended:
        raise PrismdError("import_not_ended", "the import still runs; wait for its end, or cancel it")
    total = _records_of(transaction, source)
    check_active(transaction)
    job = _new_job(transaction, source, total, dry_run=dry_run)
    jobs.insert_job(transaction.connection, job, doer_of(transaction).key_id)
    queue.enter(transaction.connection, job)
    note(transaction, import_started(job))
    import_moved(transaction, job)
    return Submitted(job, None)


def _records_of(transaction: Transaction, source: Job) -> int:
    if source.options.dry_run:
        raise _nothing("it was a dry run")
    if not source.changes_kept:
        raise _nothing("it was made by an earlier version of prismd, which did not keep what happened to records since")
    changed = source.updated if source.undoes else count_changed(transaction.connection, source)
    total = source.created + source.contacts_created + source.references_created + changed
    if not total:
        raise _nothing("it changed no record")
    return total


def _nothing(why: str) -> PrismdError:
    return PrismdError("nothing_to_undo", f"there is nothing to undo in this import: {why}")


def _new_job(transaction: Transaction, source: Job, total: int, *, dry_run: bool) -> Job:
    now = transaction.now()
    return Job(
        team_id=transaction.team_id,
        id=transaction.new_id(),
        object_type=source.object_type,
        synchronous=False,
        state=State.QUEUED,
        options=ImportOptions(dry_run=dry_run),
        total=total,
        chunks=source.cursor * (1 + len(rounds_of(source))),
        created_at=now,
        updated_at=now,
        expires_at=now + timedelta(days=transaction.settings.import_retention_days),
        parent_job_id=source.id,
        request_id=transaction.session.request_id,
        undoes=source.id,
    )
