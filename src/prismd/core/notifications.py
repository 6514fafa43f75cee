"""Notifications of changed records and imports, as the processes of prismd send them to each other."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Final, Self

import msgspec

from prismd.core.imports.job import Job, State

#: A UUID with its punctuation takes 39 bytes, and the payload of a NOTIFY must be below 8,000 bytes.
IDS_PER_NOTIFICATION: Final = 150


class Change(enum.StrEnum):
    """What happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    PURGED = "purged"


class RecordsChanged(msgspec.Struct, frozen=True, tag_field="of", tag="records"):
    """The same change happened to some records of one type.

    Args:
        team_id: Internal id of their team.
        object_type: Their type.
        change: The change.
        ids: The records' ids.
    """

    team_id: int
    object_type: str
    change: Change
    ids: Sequence[str]

    def parts(self, ids_max: int) -> Iterator[Self]:
        """Yield the same notification in parts.

        Args:
            ids_max: The most records of one part.
        """
        for start in range(0, len(self.ids), ids_max):
            yield msgspec.structs.replace(self, ids=self.ids[start : start + ids_max])


class ImportMoved(msgspec.Struct, frozen=True, tag_field="of", tag="import", kw_only=True):
    """An import has made progress; the counters cover all its rows so far.

    Args:
        team_id: Internal id of its team.
        job_id: UUID text.
        synchronous: Whether clients see no job of it, so that only its changes of records are reported.
        chunk: Number of the chunk just done, if it changed records; the results of the chunk name them.
    """

    team_id: int
    job_id: str
    object_type: str
    state: State
    synchronous: bool
    dry_run: bool
    total: int
    created: int
    existing: int
    updated: int
    failed: int
    contacts_created: int = 0
    chunk: int | None = None

    @classmethod
    def of(cls, job: Job, chunk: int | None = None) -> Self:
        """Return the notification about a job.

        Args:
            job: The job in its present state.
            chunk: Number of the chunk just done, if it changed records.
        """
        return cls(
            team_id=job.team_id,
            job_id=job.id,
            object_type=job.object_type,
            state=job.state,
            synchronous=job.synchronous,
            dry_run=job.options.dry_run,
            total=job.total,
            created=job.created,
            existing=job.existing,
            updated=job.updated,
            failed=job.failed,
            contacts_created=job.contacts_created,
            chunk=chunk,
        )


Notification = RecordsChanged | ImportMoved

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[Notification]] = msgspec.json.Decoder(Notification)


def payloads_of(notification: Notification) -> Iterator[str]:
    """Yield the payloads of a notification, each short enough for NOTIFY."""
    whole = (notification,)
    parts = notification.parts(IDS_PER_NOTIFICATION) if isinstance(notification, RecordsChanged) else whole
    for part in parts:
        yield _ENCODER.encode(part).decode()


def read_notification(text: str) -> Notification | None:
    """Return the notification in a payload; None for a payload of another version of prismd or another program."""
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return None
