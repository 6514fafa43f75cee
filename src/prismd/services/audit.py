"""Use cases of the audit log: add an entry in the transaction of the change, and read entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prismd.core.audit import Action, AuditFilter, Deed, Doer, import_ended
from prismd.core.changes.changes import ChangesMade
from prismd.core.imports.job import Job
from prismd.services.api_keys.authentication import KeyFailure
from prismd.services.runtime import Runtime
from prismd.services.session import Transaction
from prismd.store import audit
from prismd.store.audit import AuditEntry, EntryPosition
from prismd.store.queries import pages


@dataclass(frozen=True, slots=True)
class FailureCount:
    """The number of requests in one minute that failed with the same key fault.

    Args:
        failure: The fault of the key.
        address: Network address of the client.
        requests: Number of requests.
    """

    failure: KeyFailure
    address: str
    requests: int


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log.

    Args:
        entries: The entries, newest first.
        next_position: Start of the next page; None on the last page.
    """

    entries: list[AuditEntry]
    next_position: EntryPosition | None


def doer_of(transaction: Transaction) -> Doer:
    """Return the author of a transaction's changes: the key and the request, with the present time."""
    session = transaction.session
    return Doer(transaction.now(), session.called_by.key_id if session.called_by else None, session.request_id)


def note(transaction: Transaction, deed: Deed, notices: Sequence[str] = (), made: ChangesMade | None = None) -> None:
    """Add an entry to the audit log; the entry and the change commit together.

    Args:
        transaction: The transaction of the change; its session names the author.
        deed: The change.
        notices: Payloads of notifications about the change; the same statement sends them.
        made: What the change made of records; the same statement keeps it.
    """
    audit.write_entry(transaction.connection, transaction.team_id, doer_of(transaction), deed, notices, made=made)


def note_end(transaction: Transaction, job: Job, notices: Sequence[str] = ()) -> None:
    """Add the end of an import to the audit log, if this step ended the job.

    Args:
        transaction: The transaction that moves the import.
        job: The job after that step.
        notices: Payloads of notifications to listeners; the same statement sends them. Only a step that ends the job
            may have some.
    """
    if job.ended:
        audit.write_entry_of_job(transaction.connection, job, import_ended(job), notices)


def note_failures(runtime: Runtime, team_id: int, failures: Sequence[FailureCount]) -> None:
    """Add refused keys to the audit log of a team, in a transaction of its own.

    Args:
        runtime: Gives the connection and the time.
        team_id: Internal id of the team that owns the keys or the paths of the requests.
        failures: Counts of one minute. Each takes a statement, so the caller keeps their number small.
    """
    at = runtime.now()
    with runtime.of_team(team_id) as connection:
        for one in failures:
            key_id = one.failure.key_id
            details = {"reason": one.failure.reason, "address": one.address, "requests": one.requests}
            deed = Deed(Action.AUTHENTICATION_FAILED, [key_id] if key_id else [], details=details)
            audit.write_entry(connection, team_id, Doer(at, key_id), deed)


def page_of_audit(
    transaction: Transaction, wanted: AuditFilter, *, before: EntryPosition | None, limit: int
) -> AuditPage:
    """Return entries of a team's audit log, newest first.

    Args:
        transaction: The team's open transaction.
        wanted: The filter.
        before: Start of the page; None for the newest entries.
        limit: Maximum number of entries.

    Raises:
        PrismdError: ``query_timeout``.
    """
    pages.limit_time(transaction.connection, transaction.settings.query_timeout_s)
    found = audit.list_entries(transaction.connection, transaction.team_id, wanted, before=before, limit=limit + 1)
    entries = found[:limit]
    last = entries[-1] if len(found) > limit else None
    return AuditPage(entries, None if last is None else EntryPosition(last.at, last.id))
