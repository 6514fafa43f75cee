"""What is told of records and imports as they change, in the form in which the processes of prismd tell each other."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Final, Self

import msgspec

from prismd.core.imports.job import Job, State

#: A UUID and its punctuation take 39 bytes, and a notice of PostgreSQL must stay under 8,000.
IDS_PER_NOTICE: Final = 150


class Change(enum.StrEnum):
    """What happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    PURGED = "purged"


class RecordsChanged(msgspec.Struct, frozen=True, tag_field="of", tag="records"):
    """The same happened to some records of one type.

    Args:
        team_id: Internal id of their team.
        object_type: Their type.
        change: What happened.
        ids: Which records.
    """

    team_id: int
    object_type: str
    change: Change
    ids: Sequence[str]

    def parts(self, ids_max: int) -> Iterator[Self]:
        """Yield the same in parts.

        Args:
            ids_max: Most records of one part.
        """
        for start in range(0, len(self.ids), ids_max):
            yield msgspec.structs.replace(self, ids=self.ids[start : start + ids_max])


class ImportMoved(msgspec.Struct, frozen=True, tag_field="of", tag="import", kw_only=True):
    """An import has moved on; the counters are those of all its rows so far.

    Args:
        team_id: Internal id of its team.
        job_id: UUID text.
        synchronous: It is no job for clients; what it did to records is all there is to tell.
        chunk: Number of the chunk just done, if that changed records; its verdicts tell which.
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
        """Return what is to be told of a job.

        Args:
            job: As it is now.
            chunk: Number of the chunk just done, if that changed records.
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


Notice = RecordsChanged | ImportMoved

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final[msgspec.json.Decoder[Notice]] = msgspec.json.Decoder(Notice)


def texts_of(notice: Notice) -> Iterator[str]:
    """Yield the texts that stand for a notice, each short enough for PostgreSQL to pass on."""
    parts = notice.parts(IDS_PER_NOTICE) if isinstance(notice, RecordsChanged) else (notice,)
    for part in parts:
        yield _ENCODER.encode(part).decode()


def read_notice(text: str) -> Notice | None:
    """Return the notice that a text stands for; None for what another version of prismd, or somebody else, may say."""
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return None
