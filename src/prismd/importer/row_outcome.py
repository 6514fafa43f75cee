"""What became of one row of a file, told as its owner needs it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from prismd.importer.files.rows import FileRow
from prismd.importer.imports import Problem


class Word(enum.Enum):
    """What became of a row, in a word."""

    CREATED = "created"
    #: It matched a record that no earlier row of the file stands for, and changed nothing of it.
    EXISTING = "existing"
    #: It matched such a record and changed it.
    UPDATED = "updated"
    #: It says the same as an earlier row of the file, with the same key.
    REPEATED = "repeated"
    #: It has the key of an earlier row of the file and says something else.
    FOLDED = "folded"
    FAILED = "failed"
    #: It is no row: it is empty or repeats the header.
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What became of one row.

    Args:
        row: The row.
        word: What became of it.
        id: The record made or matched, where the server tells.
        matched_key: The text by which the row matched, if it did.
        duplicate_of: The number of the earlier row of the file that stands for the same record.
        updated: Whether it changed a record that was there.
        keyless: Whether it made a record because it has no value to be told apart by.
        problems: Why it failed.
        contacts: Addresses for which it made contacts.
        remark: What there is to say besides.
    """

    row: FileRow
    word: Word
    id: str | None = None
    matched_key: str | None = None
    duplicate_of: int | None = None
    updated: bool = False
    keyless: bool = False
    problems: tuple[Problem, ...] = ()
    contacts: tuple[str, ...] = ()
    remark: str = ""
