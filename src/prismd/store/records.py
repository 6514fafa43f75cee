"""Records in PostgreSQL: reading one or many, and writing what an import planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from struct import Struct
from typing import Any, Final

import psycopg

from prismd.core.imports.plan import KnownRecord
from prismd.core.json_text import SentTexts, decode_stored, encode
from prismd.core.records import Properties, Rewritten
from prismd.store import binary_copy
from prismd.store.arrays import int_array, text_array
from prismd.store.binary_copy import BIGINT, INTEGER, JSONB, UUID
from prismd.store.postgres import Connection


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it is stored.

    Args:
        version: Counts the record's changes from 1.
        properties: Stored values by slug.
    """

    id: str
    version: int
    created_at: datetime
    updated_at: datetime
    properties: Properties


_COLUMNS: Final = "r.id::text, r.version, r.created_at, r.updated_at, r.properties::text"

_GET: Final = f"""
SELECT {_COLUMNS}
FROM record AS r
WHERE r.team_id = %s AND r.object_type = %s AND r.id = %s AND r.deleted_at IS NULL
"""

# Here and below, LATERAL with OFFSET 0 says in which order to go: from the keys to the records, each by its whole
# primary key. Left to choose, a planner whose statistics lag behind a bulk load goes the other way round.
_FOUND: Final = """
    SELECT DISTINCT found.record_id
    FROM unnest(%(hashes)s::bigint[]) AS wanted (key_hash)
    CROSS JOIN LATERAL (
        SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
        OFFSET 0
    ) AS found
"""

# The keys narrow, the record decides: what is deleted has keys still, so that restoring it needs no more than that.
_BY_KEY: Final = f"""
SELECT {_COLUMNS}
FROM ({_FOUND}) AS k
CROSS JOIN LATERAL (
    SELECT * FROM record
    WHERE team_id = %(team)s AND object_type = %(type)s AND id = k.record_id AND deleted_at IS NULL
    OFFSET 0
) AS r
"""

# Who is in a list is found as the records with any other key are.
_COUNT_BY_KEY: Final = f"""
SELECT count(*)
FROM ({_FOUND}) AS k
CROSS JOIN LATERAL (
    SELECT FROM record
    WHERE team_id = %(team)s AND object_type = %(type)s AND id = k.record_id AND deleted_at IS NULL
        AND properties -> %(slug)s ? %(value)s
    OFFSET 0
) AS r
"""

_COUNT: Final = """
SELECT count(*) FROM record WHERE team_id = %s AND object_type = %s AND deleted_at IS NULL
"""

_CANDIDATE: Final = """
SELECT r.id::text, r.version, r.properties::text,
       CASE WHEN r.import_id = %(job)s THEN r.import_row ELSE t.first_row END,
       r.import_id IS NOT DISTINCT FROM %(job)s, r.ctid::text
"""
_FIRST_ROW: Final = """
LEFT JOIN LATERAL (
    SELECT first_row FROM import_touch
    WHERE team_id = %(team)s AND job_id = %(job)s AND record_id = r.id
    OFFSET 0
) AS t ON true
"""

_CANDIDATES: Final = f"""
{_CANDIDATE}
FROM ({_FOUND}) AS k
CROSS JOIN LATERAL (
    SELECT ctid, * FROM record
    WHERE team_id = %(team)s AND object_type = %(type)s AND id = k.record_id AND deleted_at IS NULL
    OFFSET 0
) AS r
{_FIRST_ROW}
"""

# Since PostgreSQL 17 an index is gone through once for a whole array, and in no other way: two thirds of the time.
_CANDIDATES_BY_ARRAYS: Final = f"""
{_CANDIDATE}
FROM (
    SELECT ctid, * FROM record
    WHERE team_id = %(team)s AND object_type = %(type)s AND deleted_at IS NULL AND id = ANY(ARRAY(
        SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = ANY(%(hashes)s::bigint[])
    ))
    OFFSET 0
) AS r
{_FIRST_ROW}
"""
_ARRAYS_SINCE: Final = 170000

_EXISTING: Final = """
SELECT wanted.object_type, wanted.id::text
FROM unnest(%(types)b::text[], %(ids)b::text[]::uuid[]) AS wanted (object_type, id)
CROSS JOIN LATERAL (
    SELECT FROM record
    WHERE team_id = %(team)s AND object_type = wanted.object_type AND id = wanted.id AND deleted_at IS NULL
    OFFSET 0
) AS r
"""

_COPY: Final = """
COPY record (team_id, object_type, id, version, created_at, updated_at, import_id, import_row, properties)
FROM STDIN (FORMAT binary)
"""

# Nobody else writes records of the type, so they lie where they were found. To name the team as well would offer an
# index, by which a planner without statistics reads all of the team's records for each that changes.
_UPDATE: Final = """
UPDATE record AS r
SET properties = CASE WHEN changed.whole THEN changed.properties ELSE r.properties || changed.properties END,
    version = changed.version, updated_at = %(now)s
FROM unnest(%(places)s::tid[], %(versions)s::bigint[], %(whole)s::integer[]::boolean[], %(properties)s::jsonb[])
    AS changed (place, version, whole, properties)
WHERE r.ctid = changed.place
"""

_PAGE: Final = """
SELECT r.id::text, r.properties -> %(slug)s
FROM record AS r
WHERE r.team_id = %(team)s AND r.object_type = %(type)s AND r.id > %(after)s
ORDER BY r.id
LIMIT %(limit)s
"""

_RECORDS_PER_WRITE: Final = 200
_FIRST_ID: Final = "00000000-0000-0000-0000-000000000000"


def get_record(connection: Connection, team_id: int, object_type: str, record_id: str) -> StoredRecord | None:
    """Return a record that is not deleted, or None.

    Args:
        record_id: UUID text.
    """
    row = connection.execute(_GET, (team_id, object_type, record_id)).fetchone()
    return _stored(row) if row else None


def records_by_key(connection: Connection, team_id: int, object_type: str, hashes: Iterable[int]) -> list[StoredRecord]:
    """Return the records that are found under key hashes; the caller compares their real values.

    Args:
        hashes: Of :meth:`KeyRule.hashes <prismd.core.keys.KeyRule.hashes>`.
    """
    wanted = {"team": team_id, "type": object_type, "hashes": int_array(hashes)}
    return [_stored(row) for row in connection.execute(_BY_KEY, wanted)]


def count_records(connection: Connection, team_id: int, object_type: str) -> int:
    """Return how many records of a type there are, without the deleted ones."""
    row = connection.execute(_COUNT, (team_id, object_type)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return int(row[0])


def count_by_key(
    connection: Connection, team_id: int, object_type: str, hashes: Iterable[int], *, key: str, value: str
) -> int:
    """Return how many records, deleted ones apart, have a value among those of a property that holds many.

    Args:
        hashes: Of the value.
        key: Of the property, whose values are kept as keys.
        value: As stored.
    """
    wanted = {"team": team_id, "type": object_type, "hashes": int_array(hashes), "slug": key, "value": value}
    row = connection.execute(_COUNT_BY_KEY, wanted).fetchone()
    assert row is not None  # noqa: S101 - an aggregate always answers
    return int(row[0])


def import_candidates(
    connection: Connection, team_id: int, object_type: str, hashes: Iterable[int], *, job_id: str
) -> Iterator[KnownRecord]:
    """Return the records that rows of an import may match, with what the import did to them before.

    They are found at once, and read as they are asked for, as that takes as long.

    Args:
        hashes: Of the rows' keys.
        job_id: The import.
    """
    wanted = {"team": team_id, "type": object_type, "hashes": int_array(sorted(hashes)), "job": job_id}
    statement = _CANDIDATES_BY_ARRAYS if connection.info.server_version >= _ARRAYS_SINCE else _CANDIDATES
    found = connection.execute(statement, wanted, binary=True).fetchall()
    return (
        KnownRecord(id_, version, decode_stored(text), first_row, made, place)
        for id_, version, text, first_row, made, place in found
    )


def existing_records(connection: Connection, team_id: int, wanted: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of some records exist.

    Args:
        wanted: Pairs of object type and id.
    """
    types, ids = [pair[0] for pair in wanted], [pair[1] for pair in wanted]
    return set(connection.execute(_EXISTING, {"team": team_id, "types": types, "ids": ids}).fetchall())


def insert_records(
    connection: Connection,
    team_id: int,
    object_type: str,
    records: Sequence[KnownRecord],
    *,
    job_id: str,
    now: datetime,
) -> None:
    """Write the records that an import makes.

    Args:
        records: With the row of the import that each comes from.
        job_id: The import.
        now: When they are made.
    """
    if not records:
        return
    begin = binary_copy.row_of(9) + binary_copy.bigint(team_id) + binary_copy.text(object_type)
    middle = binary_copy.timestamptz(now) * 2 + binary_copy.uuid(job_id)
    head = Struct(f">{len(begin)}s i16s iq {len(middle)}s ii iB").pack
    with connection.cursor().copy(_COPY) as copy:
        copy.write(binary_copy.BEGIN)
        # A slice at a time: PostgreSQL takes one in while the next is made.
        for start in range(0, len(records), _RECORDS_PER_WRITE):
            some = records[start : start + _RECORDS_PER_WRITE]
            texts = [json_bytes(record.properties) for record in some]
            heads = [
                head(begin, UUID, id_, BIGINT, one.version, middle, INTEGER, one.first_row, len(text) + 1, JSONB)
                for one, id_, text in zip(some, binary_copy.uuids([one.id for one in some]), texts, strict=True)
            ]
            copy.write(b"".join([piece for line in zip(heads, texts, strict=True) for piece in line]))


@dataclass(frozen=True, slots=True)
class Updates:
    """Records that have changed.

    Args:
        changed: What of them is another from now on.
        columns: The same as PostgreSQL takes it.
    """

    changed: Sequence[Rewritten]
    columns: Mapping[str, str]

    @classmethod
    def of(cls, changed: Sequence[Rewritten]) -> Updates:
        """Return updates of records."""
        # Only what has changed is sent, unless a value goes, which takes the others to say.
        whole = [None in one.after.values() for one in changed]
        texts = [json_text(one.properties if all_ else one.after) for one, all_ in zip(changed, whole, strict=True)]
        columns = {
            "places": text_array([one.place for one in changed]),
            "versions": int_array(one.version for one in changed),
            "whole": int_array(map(int, whole)),
            "properties": text_array(texts),
        }
        return cls(changed, columns)


def update_records(connection: Connection, updates: Updates, *, now: datetime) -> None:
    """Write records that have changed, in a transaction that holds the lock of their type.

    Args:
        updates: Of the records.
        now: When they changed.

    Raises:
        psycopg.OperationalError: Somebody has written one of them without the lock.
    """
    if not updates.changed:
        return
    updated = connection.execute(_UPDATE, {"now": now, **updates.columns})
    if updated.rowcount != len(updates.changed):
        # Somebody who is not prismd; to do it all again is the cure, as for any conflict of transactions.
        raise psycopg.errors.SerializationFailure("records were written without the lock of their type")


def scan_values(
    connection: Connection, team_id: int, object_type: str, slug: str, *, page: int
) -> Iterator[list[tuple[str, object]]]:
    """Return the values of a property in all records of a type, deleted ones included, a page at a time.

    Args:
        slug: The property.
        page: Records read at once.
    """
    after = _FIRST_ID
    while True:
        wanted = {"team": team_id, "type": object_type, "slug": slug, "after": after, "limit": page}
        rows = connection.execute(_PAGE, wanted).fetchall()
        if not rows:
            return
        yield [(row[0], row[1]) for row in rows if row[1] is not None]
        after = rows[-1][0]


def json_text(properties: Properties) -> str:
    """Return properties as the text that a jsonb parameter takes, on one line."""
    return encode(properties).decode()


def json_bytes(properties: Properties) -> bytes:
    """Return properties as JSON, just as it was sent where it is at hand."""
    return properties.json if type(properties) is SentTexts else encode(properties)


def _stored(row: Sequence[Any]) -> StoredRecord:
    return StoredRecord(row[0], row[1], row[2], row[3], decode_stored(row[4]))
