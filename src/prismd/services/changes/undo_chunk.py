"""Doing one chunk of an undo in the caller's transaction: records, results, counters and cursor are committed together.

Chunks of the undone job are taken back last first, and the records of each in reverse order: so whatever refers to a
record goes before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from prismd.core.changes.changes import LaterChange, Moved, RecordChange
from prismd.core.changes.reversal import Present, Reversal, plan_reversal
from prismd.core.changes.rounds import rounds_of
from prismd.core.changes.undo_results import UndoneRecord, undo_report
from prismd.core.imports.job import Job
from prismd.core.imports.results import Report
from prismd.core.properties.schema import OBJECT_TYPES, held_references
from prismd.core.queries.paths import Schemas
from prismd.services.changes.obstacles import Obstacles
from prismd.services.changes.reverting import Reverting
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.results import results_of_chunk
from prismd.services.records.references import CONTACT
from prismd.store import properties
from prismd.store.changes import change_sets
from prismd.store.imports import jobs
from prismd.store.imports.results import ChunkPlace
from prismd.store.records.record_writes import HeldRecord
from prismd.telemetry.phases import phase


class _Contact(msgspec.Struct):
    """A contact that a row made by naming its address."""

    id: str


class _Reference(msgspec.Struct):
    """A record that a row made for a reference by key."""

    object_type: str
    id: str


class _Result(msgspec.Struct):
    """The members of a stored result that tell which records a job changed."""

    id: str | None
    created: bool
    existing: bool
    updated: bool
    duplicate_of: int | None = None
    contacts_created: list[_Contact] = []
    references_created: list[_Reference] = []
    object_type: str | None = None
    outcome: str | None = None


_RESULTS: Final = msgspec.json.Decoder(list[_Result])


@dataclass(slots=True)
class _Part:
    """The records of a chunk of the undone job, in the order in which they are undone.

    Args:
        object_type: Their type.
        ids: Ids of records that the job may have changed or moved.
        created: Ids of those that an import created.
    """

    object_type: str
    ids: list[str] = field(default_factory=list)
    created: set[str] = field(default_factory=set)


def undo_chunk(transaction: JobTransaction) -> tuple[ChunkPlace, Report]:
    """Undo the records of the next chunk of an undo; the caller writes the results and moves the job on.

    Args:
        transaction: The open transaction of the undo's job.

    Returns:
        The place of the chunk, and its results.
    """
    job = transaction.job
    assert job.undoes is not None, job  # noqa: S101 - the caller has looked
    source = jobs.read_any_job(transaction.connection, job.team_id, job.undoes)
    assert source is not None, job  # noqa: S101 - a job is kept while an undo of it is under way
    with phase(job, "read"):
        part = _part_of(transaction, source)
        changes = _changes(transaction, source, part)
    schemas = properties.load_schemas(transaction.connection, job.team_id, OBJECT_TYPES)
    with phase(job, "lock"):
        _lock(transaction, part.object_type, schemas, changes)
    reverting = Reverting(transaction, schemas[part.object_type])
    with phase(job, "match"):
        held = reverting.hold(changes)
        plans = _plans(transaction, source, changes, held)
        plans |= Obstacles(transaction, source, schemas, part.object_type).among(plans, held)
    with phase(job, "write"):
        if not job.options.dry_run:
            reverting.write(plans, held)
        undone = [UndoneRecord(record_id, plan) for record_id, plan in plans.items()]
        report = undo_report(part.object_type, undone, job.processed)
    return ChunkPlace(job.cursor, job.processed, len(undone)), report


def _part_of(transaction: JobTransaction, source: Job) -> _Part:
    number_of_round, turn = divmod(transaction.job.cursor, source.cursor)
    results = list(_results(transaction, source.id, source.cursor - 1 - turn))
    results.reverse()
    if number_of_round:
        return _made_for_references(rounds_of(source)[number_of_round - 1], results)
    if source.undoes is not None:
        # All records of a chunk of an undo have one type.
        object_type = next((one.object_type for one in results if one.object_type), source.object_type)
        return _Part(object_type, [one.id for one in results if one.updated and one.id])
    first = [one for one in results if one.id and (one.created or (one.existing and one.duplicate_of is None))]
    created = {one.id for one in first if one.created and one.id}
    return _Part(source.object_type, [one.id for one in first if one.id], created)


def _made_for_references(object_type: str, results: Sequence[_Result]) -> _Part:
    ids = [made.id for one in results for made in reversed(one.references_created) if made.object_type == object_type]
    if object_type == CONTACT:
        ids += [contact.id for one in results for contact in reversed(one.contacts_created)]
    return _Part(object_type, ids, set(ids))


def _results(transaction: JobTransaction, job_id: str, number: int) -> Iterator[_Result]:
    for text in results_of_chunk(transaction, job_id, number):
        yield from _RESULTS.decode(text)


def _changes(transaction: JobTransaction, source: Job, part: _Part) -> dict[str, RecordChange]:
    """Return what the undone job changed of each record, in order; records that it only matched are left out."""
    touched = [record_id for record_id in part.ids if record_id not in part.created]
    found = change_sets.changes_of(transaction.connection, source, touched)
    found |= {record_id: RecordChange(record_id, 0, 0, {}, {}, Moved.CREATED) for record_id in part.created}
    return {record_id: found[record_id] for record_id in part.ids if record_id in found}


def _lock(transaction: JobTransaction, object_type: str, schemas: Schemas, changes: Mapping[str, RecordChange]) -> None:
    """Lock the type of the records and, where records may go, all types that can refer to them.

    Everybody takes the lock of contacts last, and undos the others in order: so no deadlock is possible.
    """
    locked = {object_type}
    if any(change.moved in (Moved.CREATED, Moved.RESTORED) for change in changes.values()):
        locked |= {name for name, schema in schemas.items() if object_type in held_references(schema).values()}
    for name in sorted(locked, key=lambda one: (one == CONTACT, one)):
        transaction.lock_type(name)


def _plans(
    transaction: JobTransaction,
    source: Job,
    changes: Mapping[str, RecordChange],
    held: Mapping[str, HeldRecord],
) -> dict[str, Reversal]:
    later = _later(transaction, changes)
    return {
        record_id: plan_reversal(source.id, change, _present(held.get(record_id)), later.get(record_id, ()))
        for record_id, change in changes.items()
    }


def _present(held: HeldRecord | None) -> Present | None:
    return None if held is None else Present(held.record.version, held.record.properties, held.deleted)


def _later(transaction: JobTransaction, changes: Mapping[str, RecordChange]) -> dict[str, Sequence[LaterChange]]:
    connection, team_id = transaction.connection, transaction.team_id
    since = {record_id: change.version_after for record_id, change in changes.items()}
    found = change_sets.later_changes(connection, team_id, since)
    heads = change_sets.heads_of(connection, team_id, {one.change_set_id for one in found}) if found else {}
    later: dict[str, list[LaterChange]] = {}
    for one in found:
        head = heads.get(one.change_set_id)
        if head is not None:
            later.setdefault(one.record_id, []).append(LaterChange(head, one.version, one.keys, one.moved))
    return dict(later)
