"""Single records in PostgreSQL: held while they are changed, made one at a time, deleted and restored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prismd.core.json_text import decode_stored
from prismd.store.postgres import Connection
from prismd.store.records import StoredRecord, json_text

# Nobody else writes records of a type while its lock is held, so the rows need none of their own.
_HOLD: Final = """
SELECT r.id::text, r.version, r.created_at, r.updated_at, r.properties::text, r.deleted_at IS NOT NULL,
       r.ctid::text
FROM (SELECT DISTINCT id FROM unnest(%(ids)b::text[]::uuid[]) AS given (id)) AS wanted
CROSS JOIN LATERAL (
    SELECT ctid, * FROM record WHERE team_id = %(team)s AND object_type = %(type)s AND id = wanted.id
    OFFSET 0
) AS r
"""

_INSERT: Final = """
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT %(team)s, %(type)s, made.id, 1, %(now)s, %(now)s, made.properties
FROM unnest(%(ids)b::text[]::uuid[], %(properties)b::text[]::jsonb[]) AS made (id, properties)
"""

# They are held, so the places where they are found are the places where they stay.
_MARK: Final = """
UPDATE record AS r
SET deleted_at = %(deleted_at)s, updated_at = %(now)s, version = r.version + 1
WHERE r.ctid = ANY(ARRAY(
    SELECT found.place
    FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT ctid AS place FROM record WHERE team_id = %(team)s AND object_type = %(type)s AND id = wanted.id
        OFFSET 0
    ) AS found
))
"""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that nobody else changes until the transaction ends.

    Args:
        deleted: Whether it is marked as deleted.
        place: Where it lies in its table.
    """

    record: StoredRecord
    deleted: bool
    place: str


def hold_records(
    connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str]
) -> dict[str, HeldRecord]:
    """Return records that are to be changed, deleted ones included, by id.

    Args:
        connection: Inside a transaction that holds the lock of the type, and with it the records.
        record_ids: UUID texts, in any order.
    """
    rows = connection.execute(_HOLD, {"team": team_id, "type": object_type, "ids": list(record_ids)})
    return {
        row[0]: HeldRecord(StoredRecord(row[0], row[1], row[2], row[3], decode_stored(row[4])), row[5], row[6])
        for row in rows
    }


def insert_new(
    connection: Connection, team_id: int, object_type: str, made: Sequence[StoredRecord], *, now: datetime
) -> None:
    """Write records that no import made.

    Args:
        made: Each in its first version.
        now: When they are made.
    """
    if made:
        ids, texts = [record.id for record in made], [json_text(record.properties) for record in made]
        connection.execute(_INSERT, {"team": team_id, "type": object_type, "now": now, "ids": ids, "properties": texts})


def delete_records(
    connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str], *, now: datetime
) -> None:
    """Mark held records as deleted.

    Args:
        record_ids: UUID texts.
        now: When they are deleted.
    """
    _mark(connection, team_id, object_type, record_ids, deleted_at=now, now=now)


def restore_records(
    connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str], *, now: datetime
) -> None:
    """Take the mark of deletion from held records.

    Args:
        record_ids: UUID texts.
        now: When they are restored.
    """
    _mark(connection, team_id, object_type, record_ids, deleted_at=None, now=now)


def _mark(
    connection: Connection,
    team_id: int,
    object_type: str,
    record_ids: Sequence[str],
    *,
    deleted_at: datetime | None,
    now: datetime,
) -> None:
    if record_ids:
        place = {"team": team_id, "type": object_type, "ids": list(record_ids)}
        connection.execute(_MARK, {**place, "deleted_at": deleted_at, "now": now})
