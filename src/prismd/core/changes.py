"""What is told of records and imports as they change, in the form in which the processes of prismd tell each other."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

#: A UUID and its punctuation take 39 bytes, and a notice of PostgreSQL must stay under 8,000.
IDS_PER_NOTICE: Final = 150


class Change(enum.StrEnum):
    """What happened to a record."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"


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


_ENCODER: Final = msgspec.json.Encoder()


def notices_of(changed: RecordsChanged) -> Iterator[str]:
    """Yield the texts that tell of changed records, each short enough for a notice of PostgreSQL."""
    for start in range(0, len(changed.ids), IDS_PER_NOTICE):
        part = msgspec.structs.replace(changed, ids=changed.ids[start : start + IDS_PER_NOTICE])
        yield _ENCODER.encode(part).decode()
