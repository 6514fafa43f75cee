"""Change sets: one act of one author, and what it changed of each record."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from prismd.core.records.merging import Properties


class Kind(enum.StrEnum):
    """What made a change set."""

    IMPORT = "import"
    UNDO = "undo"
    WRITE = "write"
    DELETE = "delete"
    RESTORE = "restore"


class Moved(enum.StrEnum):
    """How a change moved a record into or out of view, apart from its values."""

    CREATED = "created"
    DELETED = "deleted"
    RESTORED = "restored"


class RecordChange(NamedTuple):
    """What one change set changed of one record.

    Args:
        record_id: Id of the record.
        version_before: Version before the change; 0 for a new record.
        version_after: Version after the change.
        before: The changed values before, by key; None for no value. Empty for a record that only moved.
        after: The changed values after, by key; None for no value.
        moved: How the record moved; None if only its values changed. A new record has no copy of its values here.
    """

    record_id: str
    version_before: int
    version_after: int
    before: Properties
    after: Properties
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class ChangesMade:
    """The changes of one act on records of one type.

    Args:
        id: Id of the change set.
        kind: What made it.
        changes: What it changed.
    """

    id: str
    kind: Kind
    changes: Sequence[RecordChange]

    @property
    def record_ids(self) -> list[str]:
        """Ids of the changed records."""
        return [change.record_id for change in self.changes]


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """The head of a change set: who changed records, when, and why.

    Args:
        id: Id of the change set; for an import or an undo, the id of its job.
        kind: What made it.
        at: The time.
        key_id: Id of the API key; None for the server itself, and for a person on its command line.
        undoes: Id of the change set that it takes back; None if it takes back none.
    """

    id: str
    kind: Kind
    at: datetime
    key_id: str | None = None
    undoes: str | None = None


class LaterChange(NamedTuple):
    """What is known of a change of a record after the one that is to be taken back.

    Args:
        made_by: The change set.
        version: The record's version after it.
        keys: Keys of the values that it changed.
        moved: How it moved the record; None if only values changed.
    """

    made_by: ChangeSet
    version: int
    keys: Sequence[str]
    moved: Moved | None = None
