"""The audit as use cases: noting what is done, in its transaction, and reading what was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prismd.core.audit import Action, AuditFilter, Deed, Doer, import_ended
from prismd.core.imports.job import Job
from prismd.services.api_keys.authentication import KeyFailure
from prismd.services.runtime import Runtime
from prismd.services.session import Transaction
from prismd.store import audit
from prismd.store.audit import AuditEntry, Place
from prismd.store.connections.postgres import Connection
from prismd.store.queries import pages


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How often a key was refused in a minute.

    Args:
        failure: What was wrong with it.
        address: Where the requests came from.
        requests: How many there were.
    """

    failure: KeyFailure
    address: str
    requests: int


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit.

    Args:
        entries: Newest first.
        next_place: Where the next page begins; None where this is the last.
    """

    entries: list[AuditEntry]
    next_place: Place | None


def doer_of(transaction: Transaction) -> Doer:
    """Return who does what is done in a transaction, now."""
    session = transaction.session
    return Doer(transaction.now(), session.called_by.key_id if session.called_by else None, session.request_id)


def note(transaction: Transaction, deed: Deed, notices: Sequence[str] = ()) -> None:
    """Add to the audit what was done in this transaction; neither is there without the other.

    Args:
        transaction: In which it is done, and by whom.
        deed: What was done.
        notices: What to tell of it to whoever listens, in the same statement.
    """
    audit.write_entry(transaction.connection, transaction.team_id, doer_of(transaction), deed, notices)


def note_end(connection: Connection, job: Job) -> None:
    """Add the end of an import to the audit, if it has come to its end by itself.

    Args:
        connection: Inside the transaction that moves the import.
        job: As it is then.
    """
    if job.ended:
        audit.write_entry_of_job(connection, job, import_ended(job))


def note_failures(runtime: Runtime, team_id: int, failures: Sequence[FailureCount]) -> None:
    """Add to the audit of a team which keys were refused, in a transaction of its own.

    Args:
        runtime: For a connection and the time.
        team_id: The team of the keys, or of the paths.
        failures: Counted over a minute; few.
    """
    at = runtime.now()
    with runtime.of_team(team_id) as connection:
        for one in failures:
            key_id = one.failure.key_id
            details = {"reason": one.failure.reason, "address": one.address, "requests": one.requests}
            deed = Deed(Action.AUTHENTICATION_FAILED, [key_id] if key_id else [], details=details)
            audit.write_entry(connection, team_id, Doer(at, key_id), deed)


def page_of_audit(transaction: Transaction, wanted: AuditFilter, *, before: Place | None, limit: int) -> AuditPage:
    """Return entries of a team, newest first.

    Args:
        transaction: Of the team.
        wanted: Which entries.
        before: Where the page begins; None for the newest.
        limit: Most entries.

    Raises:
        PrismdError: ``query_timeout``.
    """
    pages.limit_time(transaction.connection, transaction.settings.query_timeout_s)
    found = audit.list_entries(transaction.connection, transaction.team_id, wanted, before=before, limit=limit + 1)
    entries = found[:limit]
    last = entries[-1] if len(found) > limit else None
    return AuditPage(entries, None if last is None else Place(last.at, last.id))
