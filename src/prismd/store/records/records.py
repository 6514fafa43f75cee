"""Reads records in PostgreSQL: one or many, by id and by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from prismd.core.json.text import decode_stored, encode
from prismd.core.records.merging import Properties
from prismd.core.records.reading_budget import ReadingBudget
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array
from prismd.store.records.values import VALUES, Wanted, asked, read_rows, read_values


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A stored record.

    Args:
        version: The record's version, counted from 1.
        properties: The stored values, by the property's slug.
    """

    id: str
    version: int
    created_at: datetime
    updated_at: datetime
    properties: Properties


_GET: Final = f"""
SELECT r.id::text, r.version, r.created_at, r.updated_at, {VALUES}
FROM record AS r
WHERE r.team_id = %(team)s AND r.object_type = %(type)s AND r.id = %(id)s AND r.deleted_at IS NULL
"""

#: Finds the records of key hashes.
# Here and below, LATERAL with OFFSET 0 fixes the order: from the keys to the records, each found by its whole primary
# key. With a free choice, a planner whose statistics lag behind a bulk load goes the other way.
FOUND: Final = """
    SELECT DISTINCT found.record_id
    FROM unnest(%(hashes)s::bigint[]) AS wanted (key_hash)
    CROSS JOIN LATERAL (
        SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
        OFFSET 0
    ) AS found
"""

# Keys narrow the search, the record decides. Deleted records keep their keys, so restoring one needs no new keys.
_WITH_KEY: Final = """
SELECT holder.*
FROM unnest(%(hashes)s::bigint[]) AS wanted (key_hash)
CROSS JOIN LATERAL (
    SELECT r.* FROM (
        SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
        ORDER BY record_id
        OFFSET 0
    ) AS found
    CROSS JOIN LATERAL (
        SELECT id::text, (properties -> %(key)s::text)::text FROM record
        WHERE team_id = %(team)s AND object_type = %(type)s AND id = found.record_id AND deleted_at IS NULL
        OFFSET 0
    ) AS r
    LIMIT %(each_max)s
) AS holder
LIMIT %(most)s
"""

# A few holders of a key are enough to know that the key is taken.
_HOLDERS: Final = f"""
SELECT holder.*
FROM unnest(%(hashes)s::bigint[]) AS wanted (key_hash)
CROSS JOIN LATERAL (
    SELECT r.* FROM (
        SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
        OFFSET 0
    ) AS found
    CROSS JOIN LATERAL (
        SELECT r.id::text, r.version, r.created_at, r.updated_at, {VALUES} FROM record AS r
        WHERE r.team_id = %(team)s AND r.object_type = %(type)s AND r.id = found.record_id AND r.deleted_at IS NULL
            AND r.updated_at >= %(since)s::timestamptz
        OFFSET 0
    ) AS r
    LIMIT 3
) AS holder
"""

_EXISTING: Final = """
SELECT wanted.object_type, wanted.id::text
FROM unnest(%(types)b::text[], %(ids)b::text[]::uuid[]) AS wanted (object_type, id)
CROSS JOIN LATERAL (
    SELECT FROM record
    WHERE team_id = %(team)s AND object_type = wanted.object_type AND id = wanted.id AND deleted_at IS NULL
    OFFSET 0
) AS r
"""

_PAGE: Final = """
SELECT r.id::text, (r.properties -> %(slug)s)::text
FROM record AS r
WHERE r.team_id = %(team)s AND r.object_type = %(type)s AND r.id > %(after)s
ORDER BY r.id
LIMIT %(limit)s
"""

_FIRST_ID: Final = "00000000-0000-0000-0000-000000000000"


def get_record(
    connection: Connection,
    team_id: int,
    object_type: str,
    record_id: str,
    budget: ReadingBudget,
    *,
    wanted: Wanted | None = None,
) -> StoredRecord | None:
    """Return a record; None if it does not exist or is deleted.

    Args:
        record_id: UUID text.
        budget: The request's reading budget.
        wanted: The values to read of the record; None for all.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    named = {"team": team_id, "type": object_type, "id": record_id}
    row = connection.execute(_GET, {**named, **asked(budget, wanted)}).fetchone()
    return _stored(row, budget) if row else None


def values_by_key(
    connection: Connection,
    team_id: int,
    object_type: str,
    key: str,
    hashes: Iterable[int],
    *,
    each_max: int,
    most: int | None = None,
) -> list[tuple[str, Any]]:
    """Return the ids of records that have given key hashes, with the values of one property.

    Args:
        key: The key of the property, whose values the caller compares.
        hashes: Hashes from :meth:`KeyRule.hashes <prismd.core.records.keys.KeyRule.hashes>`.
        each_max: The most records returned for each hash.
        most: The most records returned in all; None for no limit.
    """
    wanted = {
        "team": team_id, "type": object_type, "key": key, "hashes": int_array(hashes), "each_max": each_max,
        "most": most,
    }  # fmt: skip
    found: dict[str, str | None] = dict(connection.execute(_WITH_KEY, wanted).fetchall())
    return [(id_, decode_stored(text or "null")) for id_, text in found.items()]


def holders_of_keys(
    connection: Connection,
    team_id: int,
    object_type: str,
    hashes: Iterable[int],
    budget: ReadingBudget,
    *,
    wanted: Wanted | None = None,
    since: datetime | None = None,
) -> list[StoredRecord]:
    """Return up to three records for each key hash; the caller compares real values.

    Args:
        hashes: Hashes from :meth:`KeyRule.hashes <prismd.core.records.keys.KeyRule.hashes>`.
        budget: The request's reading budget.
        wanted: The values to read of each record; None for all.
        since: Only records made or changed at this time or later.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    named = {"team": team_id, "type": object_type, "hashes": int_array(hashes), "since": since or "-infinity"}
    return read_rows(connection, _HOLDERS, {**named, **asked(budget, wanted)}, lambda row: _stored(row, budget))


def existing_records(connection: Connection, team_id: int, wanted: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of the records that exist and are not deleted.

    Args:
        wanted: Pairs of object type and id.
    """
    types, ids = [pair[0] for pair in wanted], [pair[1] for pair in wanted]
    return set(connection.execute(_EXISTING, {"team": team_id, "types": types, "ids": ids}).fetchall())


def scan_values(
    connection: Connection, team_id: int, object_type: str, slug: str, *, page: int
) -> Iterator[list[tuple[str, object]]]:
    """Yield a property's values in all records of a type, a page at a time; with deleted records, and numbers exact.

    Args:
        slug: The property's slug.
        page: Number of records read at once.
    """
    after = _FIRST_ID
    while True:
        wanted = {"team": team_id, "type": object_type, "slug": slug, "after": after, "limit": page}
        rows = connection.execute(_PAGE, wanted).fetchall()
        if not rows:
            return
        yield [(record_id, decode_stored(text)) for record_id, text in rows if text is not None]
        after, _ = rows[-1]


def json_text(properties: Properties) -> str:
    """Return properties as text for a jsonb parameter, on one line."""
    return encode(properties).decode()


def _stored(row: Sequence[Any], budget: ReadingBudget) -> StoredRecord:
    # Pages and batches have hundreds of records: building them by position is twice as fast as by name.
    record_id, version, created_at, updated_at, text = row
    return StoredRecord(record_id, version, created_at, updated_at, read_values(budget, text))
