"""Reads the records that an import's rows can match, and writes the records that it makes, by the thousand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from prismd.core.imports.job import Job
from prismd.core.imports.plan import MATCHES_MAX
from prismd.core.json.text import SentTexts, decode_stored, encode
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Properties
from prismd.core.records.reading_budget import ReadingBudget
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array, text_array
from prismd.store.encoding.binary_copy import BIGINT, HEADER, INTEGER, JSONB, TEXT, TIMESTAMPTZ, UUID, BinaryCopy
from prismd.store.records.records import FOUND
from prismd.store.records.values import VALUES, asked, read_few_rows, read_values

_WHOLE: Final = "r.properties::text"
_ONE_VALUE: Final = "(r.properties -> %(key)s::text)::text"
_CANDIDATE: Final = f"""
SELECT r.id::text, r.version, {_WHOLE},
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
FROM ({FOUND}) AS k
CROSS JOIN LATERAL (
    SELECT ctid, * FROM record
    WHERE team_id = %(team)s AND object_type = %(type)s AND id = k.record_id AND deleted_at IS NULL
    OFFSET 0
) AS r
{_FIRST_ROW}
"""

# Since PostgreSQL 17, one pass through an index finds a whole array, in two thirds of the time.
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

# If matches stay unchanged, only their keys are read, because these say which rows they match.
_KEYED: Final = _CANDIDATES.replace(_WHOLE, _ONE_VALUE)
_KEYED_BY_ARRAYS: Final = _CANDIDATES_BY_ARRAYS.replace(_WHOLE, _ONE_VALUE)

# For the few rows of a request. Any number of records can have the same key, so of each key only as many are read as a
# message counts, and in all no more than the budget of the request allows.
_FEW_CANDIDATES: Final = f"""
{_CANDIDATE.replace(_WHOLE, VALUES)}
FROM (
    SELECT DISTINCT one.record_id
    FROM unnest(%(hashes)s::bigint[]) AS wanted (key_hash)
    CROSS JOIN LATERAL (
        SELECT live.id AS record_id FROM (
            SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
            ORDER BY record_id
            OFFSET 0
        ) AS found
        CROSS JOIN LATERAL (
            SELECT id FROM record
            WHERE team_id = %(team)s AND object_type = %(type)s AND id = found.record_id AND deleted_at IS NULL
            OFFSET 0
        ) AS live
        LIMIT %(each_max)s
    ) AS one
) AS k
CROSS JOIN LATERAL (
    SELECT ctid, * FROM record WHERE team_id = %(team)s AND object_type = %(type)s AND id = k.record_id
    OFFSET 0
) AS r
{_FIRST_ROW}
"""

_OWN: Final = f"""
{_CANDIDATE}
FROM (SELECT DISTINCT id FROM unnest(%(ids)s::uuid[]) AS given (id)) AS wanted
CROSS JOIN LATERAL (
    SELECT ctid, * FROM record
    WHERE team_id = %(team)s AND object_type = %(type)s AND id = wanted.id AND deleted_at IS NULL
    OFFSET 0
) AS r
{_FIRST_ROW}
"""
_FEW_OWN: Final = _OWN.replace(_WHOLE, VALUES)

_COPY: Final = BinaryCopy(
    "record",
    {
        "team_id": BIGINT, "object_type": TEXT, "id": UUID, "version": BIGINT, "created_at": TIMESTAMPTZ,
        "updated_at": TIMESTAMPTZ, "import_id": UUID, "import_row": INTEGER, "properties": JSONB,
    },
)  # fmt: skip

_RECORDS_PER_WRITE: Final = 200


def import_candidates(
    connection: Connection,
    team_id: int,
    object_type: str,
    hashes: Iterable[int],
    key: str | None = None,
    *,
    job_id: str,
) -> Iterator[KnownRecord]:
    """Return the records that rows of an import can match, with the import's earlier effects on them.

    All are found at once, but each is decoded only when it is used, because decoding takes as long as finding.

    Args:
        hashes: Hashes of the rows' keys.
        key: The only property to read; None for all.
        job_id: The import.
    """
    wanted = {"team": team_id, "type": object_type, "hashes": int_array(sorted(hashes)), "job": job_id, "key": key}
    by_arrays = connection.info.server_version >= _ARRAYS_SINCE
    if key is None:
        statement = _CANDIDATES_BY_ARRAYS if by_arrays else _CANDIDATES
    else:
        statement = _KEYED_BY_ARRAYS if by_arrays else _KEYED
    found = connection.execute(statement, wanted, binary=True).fetchall()
    return (
        KnownRecord(id_, version, _values(text, key), first_row, made, location)
        for id_, version, text, first_row, made, location in found
    )


def _values(text: str | None, key: str | None) -> Properties:
    if key is None:
        return decode_stored(text or "{}")  # type: ignore[no-any-return] # an object, as it was stored
    return {} if text is None else {key: decode_stored(text)}


def few_import_candidates(
    connection: Connection,
    team_id: int,
    object_type: str,
    hashes: Iterable[int],
    budget: ReadingBudget,
    *,
    job_id: str,
) -> list[KnownRecord]:
    """Return the same records as :func:`import_candidates`, but no more for each key than a message counts.

    Args:
        hashes: Hashes of the rows' keys.
        budget: The request's reading budget.
        job_id: The import.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    each_max, distinct = MATCHES_MAX + 1, sorted(hashes)
    wanted = {
        "team": team_id, "type": object_type, "hashes": int_array(distinct), "job": job_id, "each_max": each_max,
        **asked(budget),
    }  # fmt: skip

    def known(row: tuple[Any, ...]) -> KnownRecord:
        id_, version, text, first_row, made, location = row
        return KnownRecord(id_, version, read_values(budget, text), first_row, made, location)

    rows_max = each_max * len(distinct)
    return read_few_rows(connection, _FEW_CANDIDATES, wanted, known, rows_max=rows_max, text_column=2)


def own_records(
    connection: Connection, job: Job, ids: Sequence[str], budget: ReadingBudget | None
) -> list[KnownRecord]:
    """Return the records whose ids rows of an import give, with the import's earlier effects on them.

    Args:
        job: The import.
        ids: UUID texts, each once.
        budget: The reading budget of a request; None for a job, whose chunks have few enough rows.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up.
    """
    wanted = {"team": job.team_id, "type": job.object_type, "ids": text_array(ids), "job": job.id}
    if budget is None:
        rows = connection.execute(_OWN, wanted, binary=True).fetchall()
        return [KnownRecord(row[0], row[1], decode_stored(row[2]), *row[3:]) for row in rows]

    def known(row: tuple[Any, ...]) -> KnownRecord:
        id_, version, text, first_row, made, location = row
        return KnownRecord(id_, version, read_values(budget, text), first_row, made, location)

    parameters = {**wanted, **asked(budget)}
    return read_few_rows(connection, _FEW_OWN, parameters, known, rows_max=len(ids), text_column=2)


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
        records: The records, each with the row of the import that it comes from.
        job_id: The import.
        now: The time at which they are made.
    """
    if not records:
        return
    same = {"team_id": team_id, "object_type": object_type, "created_at": now, "updated_at": now, "import_id": job_id}
    encoder = _COPY.rows_with(**same)
    with connection.cursor().copy(_COPY.statement) as copy:
        copy.write(HEADER)
        # One slice at a time: PostgreSQL reads one while the next is made.
        for start in range(0, len(records), _RECORDS_PER_WRITE):
            some = records[start : start + _RECORDS_PER_WRITE]
            rows = encoder.rows(
                id=[one.id for one in some],
                version=[one.version for one in some],
                import_row=[one.first_row for one in some],
                properties=[_json(one.properties) for one in some],
            )
            copy.write(rows)


def _json(properties: Properties) -> bytes:
    # If the JSON is still available as it was sent, it is used unchanged.
    return properties.json if type(properties) is SentTexts else encode(properties)
