"""Telling of changes in the transaction that makes them, and finding out what the chunk of an import changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from prismd.core.audit import Action, Deed
from prismd.core.changes import Change, ImportMoved, RecordsChanged, texts_of
from prismd.core.imports.job import Job
from prismd.services.audit import note
from prismd.services.imports.results import verdicts_of_chunk
from prismd.services.records.references import CONTACT
from prismd.services.session import Transaction
from prismd.store.connections.postgres import Connection
from prismd.store.realtime import changes


class _Contact(msgspec.Struct):
    """One that a row made by naming its address."""

    id: str | None


class _Verdict(msgspec.Struct):
    """Of a stored verdict, what tells whether it changed a record, and which contacts it made."""

    id: str | None
    created: bool
    updated: bool
    contacts_created: list[_Contact] = []


_ACTIONS: Final = {change: Action(f"record.{change}") for change in Change}

_VERDICTS: Final = msgspec.json.Decoder(list[_Verdict])


def record_changed(transaction: Transaction, object_type: str, record_ids: Sequence[str], change: Change) -> None:
    """Add to the audit that records changed, and tell the team's realtime streams (contract, section 15).

    Both are there once the transaction commits, and neither is without it.

    Args:
        transaction: Changes the records; one statement, however many they are.
        object_type: Their type.
        record_ids: Which ones, without repetition; if none, nothing is told.
        change: What happened to all of them.
    """
    if record_ids:
        deed = Deed(_ACTIONS[change], record_ids, object_type)
        told = texts_of(RecordsChanged(transaction.team_id, object_type, change, record_ids))
        note(transaction, deed, list(told))


def import_moved(connection: Connection, job: Job, chunk: int | None = None) -> None:
    """Tell whoever watches or listens that an import has moved on, once the transaction commits.

    Args:
        connection: Inside the transaction that moves it.
        job: As it is then.
        chunk: Number of the chunk just done, if that changed records. They are too many to be named here: whoever
            wants to know reads the verdicts.
    """
    tell = changes.tell_listeners if job.synchronous else changes.tell
    tell(connection, list(texts_of(ImportMoved.of(job, chunk))))


def changes_of_chunk(transaction: Transaction, moved: ImportMoved) -> list[RecordsChanged]:
    """Return what a chunk of an import did: first the contacts that addresses made, then records made, then changed.

    Args:
        moved: Told of a chunk; if the job has expired meanwhile, there is nothing to say.
    """
    if moved.chunk is None:
        return []
    texts = verdicts_of_chunk(transaction, moved.job_id, moved.chunk)
    found = [
        one for text in texts for one in _VERDICTS.decode(text) if one.created or one.updated or one.contacts_created
    ]
    made = dict.fromkeys(one.id for one in found if one.created and one.id)
    changed = dict.fromkeys(one.id for one in found if one.updated and one.id and one.id not in made)
    contacts = [contact.id for one in found for contact in one.contacts_created if contact.id]
    told = (
        (CONTACT, Change.CREATED, contacts),
        (moved.object_type, Change.CREATED, list(made)),
        (moved.object_type, Change.UPDATED, list(changed)),
    )
    return [RecordsChanged(moved.team_id, object_type, change, ids) for object_type, change, ids in told if ids]
