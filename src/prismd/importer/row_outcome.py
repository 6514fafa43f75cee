"""The outcome of one row of a file, for the person who imports it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from prismd.files.rows import FileRow
from prismd.importer.imports import Problem


class OutcomeKind(enum.Enum):
    """The kinds of outcomes."""

    CREATED = "created"
    #: The row matched a record that no earlier row of the file has, and did not change it.
    EXISTING = "existing"
    #: The row matched a record that no earlier row of the file has, and changed it.
    UPDATED = "updated"
    #: The row has the key and the values of an earlier row of the file.
    REPEATED = "repeated"
    #: The row has the key of an earlier row of the file and other values.
    FOLDED = "folded"
    FAILED = "failed"
    #: The line is not a row: it is empty or repeats the header.
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of one row.

    Args:
        row: The row.
        kind: The kind of the outcome.
        id: Id of the created or matched record, if the server names it.
        matched_key: The key by which the row matched a record, if it matched one.
        duplicate_of: Number of the earlier row of the file with the same record.
        updated: Whether the row changed an existing record.
        keyless: Whether the row created a record because it has no value for the de-duplication property.
        problems: The reasons of the failure.
        contacts: Addresses for which the row made contacts.
        remark: A further sentence for people.
    """

    row: FileRow
    kind: OutcomeKind
    id: str | None = None
    matched_key: str | None = None
    duplicate_of: int | None = None
    updated: bool = False
    keyless: bool = False
    problems: tuple[Problem, ...] = ()
    contacts: tuple[str, ...] = ()
    remark: str = ""
