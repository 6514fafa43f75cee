"""A record in the state in which an import compares rows with it: its values, and the import's own traces."""

from __future__ import annotations

from dataclasses import dataclass

from prismd.core.records.keys import Hashes
from prismd.core.records.merging import Properties


@dataclass(slots=True)
class KnownRecord:
    """A record that rows can match, in its state after the rows judged so far.

    Args:
        id: Id of the record, as UUID text.
        version: The record's version, counted from 1.
        properties: Stored values by key.
        first_row: The first row of this import that created or matched the record; None if none has yet.
        made_by_import: Whether an earlier row of this import created the record.
        location: Physical position of the row in its table, valid while the transaction holds the lock of the type.
        hashes: Hashes of the record's values of the import's key; None if they are not known.
    """

    id: str
    version: int
    properties: Properties
    first_row: int | None = None
    made_by_import: bool = False
    location: str = ""
    hashes: Hashes | None = None
