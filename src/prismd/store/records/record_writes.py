"""Writes records in PostgreSQL: holds them for a change, then inserts, updates, deletes, restores or purges them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

from prismd.core.records.merging import Rewritten
from prismd.core.records.reading_budget import ReadingBudget
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array, text_array
from prismd.store.locations import BEGIN_HERE
from prismd.store.records.records import StoredRecord, json_text
from prismd.store.records.values import VALUES, Wanted, asked, read_few_rows, read_values

# Nobody else writes records of a type while its lock is held, so the rows need no locks of their own.
_HOLD: Final = f"""
SELECT r.id::text, r.version, r.created_at, r.updated_at, {VALUES}, r.deleted_at IS NOT NULL,
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

# The records are held, so their addresses do not change after they are found.
_HELD: Final = """unnest(ARRAY(
    SELECT found.location
    FROM unnest(%(ids)b::text[]::uuid[]) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT ctid AS location FROM {table} WHERE team_id = %(team)s AND object_type = %(type)s AND {id} = wanted.id
        OFFSET 0
    ) AS found
)) WITH ORDINALITY AS held (location, nth)"""
_HELD_RECORDS: Final = _HELD.format(table="record", id="id")

_MARK: Final = f"""
UPDATE record AS r
SET deleted_at = %(deleted_at)s, updated_at = %(now)s, version = r.version + 1
FROM {_HELD_RECORDS}
WHERE r.team_id = %(team)s AND r.ctid = held.location AND {BEGIN_HERE}
"""

_PURGE: Final = f"""
DELETE FROM record AS r
USING {_HELD_RECORDS}
WHERE r.team_id = %(team)s AND r.ctid = held.location AND {BEGIN_HERE}
"""

_PURGE_GRANTS: Final = f"""
DELETE FROM record_grant AS g
USING {_HELD.format(table="record_grant", id="record_id")}
WHERE g.team_id = %(team)s AND g.ctid = held.location AND {BEGIN_HERE}
"""

# Nobody else writes records of the type, so they are still at the addresses where they were found.
_UPDATE: Final = f"""
UPDATE record AS r
SET properties = CASE WHEN changed.whole THEN changed.properties ELSE r.properties || changed.properties END,
    version = changed.version, updated_at = %(now)s
FROM unnest(%(locations)s::tid[], %(versions)s::bigint[], %(whole)s::integer[]::boolean[], %(properties)s::jsonb[])
    WITH ORDINALITY AS changed (location, version, whole, properties, nth)
WHERE r.team_id = %(team)s AND r.ctid = changed.location AND {BEGIN_HERE}
"""


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that nobody else changes until the transaction ends.

    Args:
        deleted: Whether it is marked as deleted.
        location: The record's address in its table (`ctid`).
    """

    record: StoredRecord
    deleted: bool
    location: str


def hold_records(
    connection: Connection,
    team_id: int,
    object_type: str,
    record_ids: Sequence[str],
    budget: ReadingBudget,
    *,
    wanted: Wanted | None = None,
) -> dict[str, HeldRecord]:
    """Return records to change, by id, deleted ones included.

    Args:
        connection: A connection inside a transaction that holds the lock of the type, and with it the records.
        record_ids: UUID texts, in any order.
        budget: The request's reading budget.
        wanted: The values to read of each record; None for all.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    named = {"team": team_id, "type": object_type, "ids": list(record_ids)}

    def held(row: tuple[Any, ...]) -> HeldRecord:
        record_id, version, created_at, updated_at, text, deleted, location = row
        record = StoredRecord(record_id, version, created_at, updated_at, read_values(budget, text))
        return HeldRecord(record, deleted=deleted, location=location)

    parameters = {**named, **asked(budget, wanted)}
    found = read_few_rows(connection, _HOLD, parameters, held, rows_max=len(record_ids), text_column=4)
    return {one.record.id: one for one in found}


def insert_new(
    connection: Connection, team_id: int, object_type: str, made: Sequence[StoredRecord], *, now: datetime
) -> None:
    """Write new records that come from requests other than imports.

    Args:
        made: The records, each in its first version.
        now: The time at which the records are made.
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
        now: The time of the deletion.
    """
    _mark(connection, team_id, object_type, record_ids, deleted_at=now, now=now)


def restore_records(
    connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str], *, now: datetime
) -> None:
    """Remove the mark of deletion from held records.

    Args:
        record_ids: UUID texts.
        now: The time of the restoration.
    """
    _mark(connection, team_id, object_type, record_ids, deleted_at=None, now=now)


def purge_records(connection: Connection, team_id: int, object_type: str, record_ids: Sequence[str]) -> None:
    """Delete held records for good, with their grants.

    Args:
        record_ids: UUID texts.
    """
    named = {"team": team_id, "type": object_type, "ids": list(record_ids)}
    connection.execute(_PURGE_GRANTS, named)
    connection.execute(_PURGE, named)


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
        named = {"team": team_id, "type": object_type, "ids": list(record_ids)}
        connection.execute(_MARK, {**named, "deleted_at": deleted_at, "now": now})


@dataclass(frozen=True, slots=True)
class Updates:
    """Changes to records.

    Args:
        changed: The records with their new values.
        columns: The same, as PostgreSQL's arrays by column.
    """

    changed: Sequence[Rewritten]
    columns: Mapping[str, str]

    @classmethod
    def of(cls, changed: Sequence[Rewritten]) -> Updates:
        """Return the updates for changed records."""
        # Only changed values are sent. If a value is removed, the whole record is sent, because a merge cannot remove
        # one.
        whole = [None in one.after.values() for one in changed]
        texts = [json_text(one.properties if all_ else one.after) for one, all_ in zip(changed, whole, strict=True)]
        columns = {
            "locations": text_array([one.location for one in changed]),
            "versions": int_array(one.version for one in changed),
            "whole": int_array(map(int, whole)),
            "properties": text_array(texts),
        }
        return cls(changed, columns)


def update_records(connection: Connection, team_id: int, updates: Updates, *, now: datetime) -> None:
    """Write changed records, in a transaction that holds the lock of their type.

    Args:
        updates: The changes.
        now: The time of the change.

    Raises:
        psycopg.OperationalError: Somebody wrote one of the records without the lock.
    """
    if not updates.changed:
        return
    updated = connection.execute(_UPDATE, {"team": team_id, "now": now, **updates.columns})
    if updated.rowcount != len(updates.changed):
        # Another program wrote them. Doing all of it again cures that, as for any conflict of transactions.
        raise psycopg.errors.SerializationFailure("records were written without the lock of their type")
