"""The audit log: who did what to what, and when."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from prismd.core.imports.job import Job
from prismd.core.values.dates import stored_date

#: The most ids in one entry; an entry about more objects has their number.
IDS_MAX: Final = 1_000


class Action(enum.StrEnum):
    """What was done."""

    RECORD_CREATED = "record.created"
    RECORD_UPDATED = "record.updated"
    RECORD_DELETED = "record.deleted"
    RECORD_RESTORED = "record.restored"
    RECORD_PURGED = "record.purged"
    RECORD_EXPORTED = "record.exported"
    IMPORT_STARTED = "import.started"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_ENDED = "import.ended"
    FILE_UPLOADED = "file.uploaded"
    FILE_DELETED = "file.deleted"
    UNDO_STARTED = "undo.started"
    UNDO_CANCELLED = "undo.cancelled"
    UNDO_ENDED = "undo.ended"
    PROPERTY_CREATED = "property.created"
    PROPERTY_UPDATED = "property.updated"
    PROPERTY_DELETED = "property.deleted"
    OPTION_CREATED = "option.created"
    OPTION_UPDATED = "option.updated"
    OPTION_DELETED = "option.deleted"
    LIST_CREATED = "list.created"
    VIEW_CREATED = "view.created"
    VIEW_UPDATED = "view.updated"
    VIEW_DELETED = "view.deleted"
    VIEW_PINNED = "view.pinned"
    MAPPING_SAVED = "mapping.saved"
    MAPPING_DELETED = "mapping.deleted"
    GRANT_CHANGED = "grant.changed"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    AUTHENTICATION_FAILED = "authentication.failed"


@dataclass(frozen=True, slots=True)
class Doer:
    """The author of a change, and the time.

    Args:
        at: The time.
        key_id: Id of the API key; None for the server itself, and for a person on its command line.
        request_id: Id of the request that makes the change.
    """

    at: datetime
    key_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """A change.

    Args:
        action: The kind of the change.
        ids: Ids of the changed objects, any number, without repetition.
        object_type: Type of the records, or of the records that the objects are about.
        details: Further facts; small, and without values of records.
    """

    action: Action
    ids: Sequence[str] = ()
    object_type: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A filter of entries; None means any.

    Args:
        since: Only entries from this time on.
        until: Only entries before this time.
        action: Only entries with this action.
        object_id: Only entries about this object.
        key_id: Only entries by this key.
    """

    since: datetime | None = None
    until: datetime | None = None
    action: Action | None = None
    object_id: str | None = None
    key_id: str | None = None


def import_started(job: Job) -> Deed:
    """Return the entry of an accepted import job.

    Args:
        job: The job at that time.
    """
    if job.undoes is not None:
        details = {"undoes": job.undoes, "total": job.total, "dry_run": job.options.dry_run}
        return Deed(Action.UNDO_STARTED, [job.id], job.object_type, details)
    options = {name: value for name, value in job.options.to_json().items() if value not in (None, False)}
    details = {"total": job.total, "options": options}
    if job.parent_job_id is not None:
        details["parent_job_id"] = job.parent_job_id
    return Deed(Action.IMPORT_STARTED, [job.id], job.object_type, details)


def import_ended(job: Job, action: Action = Action.IMPORT_ENDED) -> Deed:
    """Return the entry of the end of an import, with the counts of its rows.

    Args:
        job: The job at its end.
        action: The kind of end.
    """
    if job.undoes is not None:
        return _undo_ended(job, Action.UNDO_CANCELLED if action is Action.IMPORT_CANCELLED else Action.UNDO_ENDED)
    details = {
        "state": job.state.value,
        "total": job.total,
        "created": job.created,
        "existing": job.existing,
        "updated": job.updated,
        "failed": job.failed,
        "contacts_created": job.contacts_created,
        "not_attempted": job.not_attempted,
        "dry_run": job.options.dry_run,
    }
    return Deed(action, [job.id], job.object_type, details)


def _undo_ended(job: Job, action: Action) -> Deed:
    details = {
        "undoes": job.undoes,
        "state": job.state.value,
        "total": job.total,
        "reverted": job.updated - job.partly_reverted,
        "partly_reverted": job.partly_reverted,
        "kept": job.kept,
        "gone": job.gone,
        "failed": job.failed,
        "not_attempted": job.not_attempted,
        "dry_run": job.options.dry_run,
    }
    return Deed(action, [job.id], job.object_type, details)


def moment_of(text: str) -> datetime:
    """Return the moment that a text names; a day means its start in UTC.

    Args:
        text: A day or a moment in ISO 8601; in UTC if it names no zone.

    Raises:
        UnreadableDateError: It is neither.
    """
    stored = stored_date(text)
    return datetime.fromisoformat(stored).astimezone(UTC) if "T" in stored else _beginning(stored)


def _beginning(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
