"""What the audit says: who did what to what, and when."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from prismd.core.imports.job import Job
from prismd.core.values.dates import stored_date

#: Ids that one entry names; of more, it tells the number.
IDS_MAX: Final = 1_000


class Action(enum.StrEnum):
    """What was done."""

    RECORD_CREATED = "record.created"
    RECORD_UPDATED = "record.updated"
    RECORD_DELETED = "record.deleted"
    RECORD_RESTORED = "record.restored"
    RECORD_PURGED = "record.purged"
    IMPORT_STARTED = "import.started"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_ENDED = "import.ended"
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
    GRANT_CHANGED = "grant.changed"
    KEY_CREATED = "key.created"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    AUTHENTICATION_FAILED = "authentication.failed"


@dataclass(frozen=True, slots=True)
class Doer:
    """Who does something, and when.

    Args:
        at: When.
        key_id: Whose key it is; None for the server itself, and for its operator on the command line.
        request_id: Of the request in which it is done.
    """

    at: datetime
    key_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done.

    Args:
        action: What.
        ids: To what, in any number and without repetition.
        object_type: The type of these, or that they are of.
        details: What else there is to know; small, and without values of records.
    """

    action: Action
    ids: Sequence[str] = ()
    object_type: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is None does not matter.

    Args:
        since: Done then or later.
        until: Done before.
        action: What was done.
        object_id: To what.
        key_id: By whose key.
    """

    since: datetime | None = None
    until: datetime | None = None
    action: Action | None = None
    object_id: str | None = None
    key_id: str | None = None


def import_started(job: Job) -> Deed:
    """Return that an import was accepted that is done later.

    Args:
        job: As it was accepted.
    """
    options = {name: value for name, value in job.options.to_json().items() if value not in (None, False)}
    details = {"total": job.total, "options": options}
    if job.parent_job_id is not None:
        details["parent_job_id"] = job.parent_job_id
    return Deed(Action.IMPORT_STARTED, [job.id], job.object_type, details)


def import_ended(job: Job, action: Action = Action.IMPORT_ENDED) -> Deed:
    """Return that an import has come to its end, with what became of its rows.

    Args:
        job: As it is then.
        action: How it ended.
    """
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


def moment_of(text: str) -> datetime:
    """Return the moment that a text means; a day means its beginning in UTC.

    Args:
        text: A day or a moment in ISO 8601; in UTC where it names no zone.

    Raises:
        UnreadableDateError: It is neither.
    """
    stored = stored_date(text)
    return datetime.fromisoformat(stored).astimezone(UTC) if "T" in stored else _beginning(stored)


def _beginning(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
