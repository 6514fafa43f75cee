"""Notifications, sent in the transaction of the change, and the records that a chunk of an import changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from prismd.core.audit import Action, Deed
from prismd.core.changes.changes import ChangesMade
from prismd.core.imports.job import Job
from prismd.core.notifications import Change, ImportMoved, RecordsChanged, payloads_of
from prismd.services.audit import note
from prismd.services.imports.results import results_of_chunk
from prismd.services.records.references import CONTACT
from prismd.services.session import Transaction
from prismd.store.realtime import notifications


class _Contact(msgspec.Struct):
    """A contact that a row made by naming its address."""

    id: str | None


class _Reference(msgspec.Struct):
    """A record that a row made for a reference by key."""

    object_type: str
    id: str | None


class _Result(msgspec.Struct):
    """The members of a stored result that say whether the row changed a record, and which others it made."""

    id: str | None
    created: bool
    updated: bool
    contacts_created: list[_Contact] = []
    references_created: list[_Reference] = []
    object_type: str | None = None
    change: Change = Change.UPDATED


_ACTIONS: Final = {change: Action(f"record.{change}") for change in Change}

_RESULTS: Final = msgspec.json.Decoder(list[_Result])


def record_changed(transaction: Transaction, object_type: str, made: ChangesMade) -> None:
    """Keep a change set, add it to the audit log, and notify the team's realtime streams (contract, section 15).

    All take effect when the transaction commits.

    Args:
        transaction: The transaction that changes the records; one statement, however many records there are.
        object_type: Their type.
        made: The change set, the same change for all of its records; if it is empty, nothing is written or sent.
    """
    if made.changes:
        told = Change(made.changes[0].moved or Change.UPDATED)
        tell_of(transaction, RecordsChanged(transaction.team_id, object_type, told, made.record_ids), made)


def tell_of(transaction: Transaction, changed: RecordsChanged, made: ChangesMade | None = None) -> None:
    """Add a change of records to the audit log, and notify the team's realtime streams (contract, section 15).

    Args:
        transaction: The transaction that changes the records.
        changed: The notification; it names at least one record.
        made: The change set to keep; None if no trace of the records is to be left.
    """
    deed = Deed(_ACTIONS[changed.change], changed.ids, changed.object_type)
    note(transaction, deed, list(payloads_of(changed)), made)


def import_moved(transaction: Transaction, job: Job, chunk: int | None = None) -> None:
    """Notify event streams and realtime streams of the progress of an import, when the transaction commits.

    Args:
        transaction: The transaction that does the step of the import.
        job: The job after the step.
        chunk: Number of the chunk just done, if it changed records. A notification cannot name so many records, so
            listeners read the results of the chunk.
    """
    send = notifications.notify_listeners if job.synchronous else notifications.notify
    send(transaction.connection, notices_of(job, chunk))


def notices_of(job: Job, chunk: int | None) -> list[str]:
    """Return the payloads of the notifications about the progress of an import; see :func:`import_moved`."""
    return list(payloads_of(ImportMoved.of(job, chunk)))


def changes_of_chunk(transaction: Transaction, moved: ImportMoved) -> list[RecordsChanged]:
    """Return the changes of a chunk: records made for references, then records created, then records updated.

    Args:
        moved: The notification about the chunk; if the job has expired since, there are no changes.
    """
    if moved.chunk is None:
        return []
    texts = results_of_chunk(transaction, moved.job_id, moved.chunk)
    found = [
        one
        for text in texts
        for one in _RESULTS.decode(text)
        if one.created or one.updated or one.contacts_created or one.references_created
    ]
    made = dict.fromkeys(one.id for one in found if one.created and one.id)
    changed = {one.id: one for one in found if one.updated and one.id and one.id not in made}
    contacts = [contact.id for one in found for contact in one.contacts_created if contact.id]
    targets: dict[str, list[str]] = {}
    for made_for in (reference for one in found for reference in one.references_created):
        if made_for.id:
            targets.setdefault(made_for.object_type, []).append(made_for.id)
    changes = (
        *((object_type, Change.CREATED, ids) for object_type, ids in targets.items()),
        (CONTACT, Change.CREATED, contacts),
        (moved.object_type, Change.CREATED, list(made)),
        *_changes_by_kind(moved.object_type, changed),
    )
    return [RecordsChanged(moved.team_id, object_type, change, ids) for object_type, change, ids in changes if ids]


def _changes_by_kind(object_type: str, changed: Mapping[str, _Result]) -> list[tuple[str, Change, list[str]]]:
    # An undo also deletes and restores records, and those of a chunk can be of another type.
    kinds: dict[tuple[str, Change], list[str]] = {}
    for record_id, one in changed.items():
        kinds.setdefault((one.object_type or object_type, one.change), []).append(record_id)
    return [(of_type, change, ids) for (of_type, change), ids in kinds.items()]
