"""A record as rules compare rows with it: which values it has, and what the import at work has done to it so far."""

from __future__ import annotations

from dataclasses import dataclass

from prismd.core.records.keys import Hashes
from prismd.core.records.merging import Properties


@dataclass(slots=True)
class KnownRecord:
    """A record that rows can match, as it stands while rows are judged.

    Args:
        id: UUID of the record.
        version: Counts the record's changes from 1.
        properties: Stored values by slug.
        first_row: The first row of this import that made or matched it; None if no row has yet.
        made_by_import: Whether an earlier row of this import made it.
        place: Where it lies in its table, as long as the transaction holds the lock of its type.
        hashes: By which it is found by the key of the import, where that is at hand.
    """

    id: str
    version: int
    properties: Properties
    first_row: int | None = None
    made_by_import: bool = False
    place: str = ""
    hashes: Hashes | None = None
