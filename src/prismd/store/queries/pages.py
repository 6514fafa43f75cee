"""Queries in PostgreSQL: pages, totals, and the records that a page refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from prismd.core.queries.cursors import PageEnd
from prismd.core.queries.rows import Target
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.queries.tree import Query
from prismd.core.records.reading_budget import ReadingBudget
from prismd.store.connections.postgres import Connection
from prismd.store.encoding.arrays import int_array
from prismd.store.queries.sql import QuerySql
from prismd.store.queries.values import sort_type
from prismd.store.records.values import VALUES, Wanted, asked, read_few_rows, read_rows, read_values

_COLUMNS: Final = f"r.id::text, r.object_type, {VALUES}, r.created_at, r.updated_at, r.deleted_at"
_WIDTH: Final = 6

_READERS: Final[dict[str, Callable[[str], Any]]] = {"integer": int, "boolean": "true".__eq__}

_TIMEOUT: Final = "SELECT set_config('statement_timeout', %s, true)"

_BY_ID: Final = f"""
SELECT {_COLUMNS}
FROM unnest(%(types)b::text[], %(ids)b::text[]::uuid[]) AS wanted (object_type, id)
CROSS JOIN LATERAL (
    SELECT * FROM record
    WHERE team_id = %(team)s AND object_type = wanted.object_type AND id = wanted.id AND deleted_at IS NULL
    OFFSET 0
) AS r
"""

# Keys only narrow the search; the record decides. Containment is true of an array with the id, and of the id itself.
_REFERRING: Final = """
SELECT given.id, k.record_id::text
FROM unnest(%(ids)b::text[], %(hashes)b::bigint[]) AS given (id, key_hash)
CROSS JOIN LATERAL (
    SELECT found.record_id
    FROM (
        SELECT record_id FROM record_key
        WHERE team_id = %(team)s AND key_hash = given.key_hash
        ORDER BY record_id
        OFFSET 0
    ) AS found
    CROSS JOIN LATERAL (
        SELECT FROM record
        WHERE team_id = %(team)s AND object_type = %(type)s AND id = found.record_id AND deleted_at IS NULL
            AND properties -> %(key)s::text @> to_jsonb(given.id)
        OFFSET 0
    ) AS r
    ORDER BY found.record_id
    LIMIT %(each_max)s
) AS k
LIMIT %(most)s
"""

_TRY_PATTERNS: Final = "SELECT '' ~ ANY(%(patterns)s::text[])"

_WITH_KEYS: Final = """
SELECT DISTINCT found.record_id::text
FROM unnest(%(hashes)s::bigint[]) AS wanted (key_hash)
CROSS JOIN LATERAL (
    SELECT record_id FROM record_key WHERE team_id = %(team)s AND key_hash = wanted.key_hash
    ORDER BY record_id
    LIMIT %(most)s
) AS found
LIMIT %(most)s
"""


def query_page(
    connection: Connection,
    query: Query,
    team_id: int,
    hashes: Sequence[int] | None,
    budget: ReadingBudget,
    *,
    after: PageEnd | None,
    limit: int,
    offset: int = 0,
    wanted: Wanted | None = None,
) -> list[tuple[QueriedRecord, tuple[Any, ...]]]:
    """Return one page of the records that a query finds, each with the values that it is sorted by.

    Args:
        query: The query; ids have replaced its references to contacts.
        team_id: The team whose records are searched.
        hashes: Key hashes, of which every wanted record has one; None to search all records of the type.
        budget: The request's reading budget.
        after: The end of the page before.
        limit: The largest number of records.
        offset: Number of records to skip.
        wanted: The values to read of each record; None for all.

    Raises:
        PrismdError: ``invalid_request`` for a pattern that PostgreSQL cannot read, and if the budget is used up;
            ``query_timeout``.
    """
    sql = QuerySql(query, team_id, hashes)
    statement = sql.page(_COLUMNS, after=after, limit=limit, offset=offset)
    return read_rows(
        connection,
        statement,
        {**sql.parameters, **asked(budget, wanted)},
        lambda row: (_queried(row[:_WIDTH], budget), _read_ranks(query, row[_WIDTH:])),
    )


def query_total(connection: Connection, query: Query, team_id: int, hashes: Sequence[int] | None) -> int:
    """Return the number of records that a query finds.

    Raises:
        PrismdError: The same errors as of :func:`query_page`.
    """
    sql = QuerySql(query, team_id, hashes)
    [(total,)] = read_rows(connection, sql.total(), sql.parameters, tuple)
    return int(total)


def limit_time(connection: Connection, timeout_s: float) -> None:
    """Limit the time of each later statement of the transaction."""
    connection.execute(_TIMEOUT, (f"{round(timeout_s * 1000)}ms",))


def records_by_ids(
    connection: Connection,
    team_id: int,
    targets: Iterable[Target],
    budget: ReadingBudget,
    wanted: Wanted | None = None,
) -> dict[Target, QueriedRecord]:
    """Return records by their ids, without the deleted ones.

    Args:
        targets: Pairs of object type and id.
        budget: The request's reading budget.
        wanted: The values to read of each record; None for all.

    Raises:
        PrismdError: ``invalid_request``: the budget is used up; ``query_timeout``.
    """
    given = sorted(targets)
    types, ids = [pair[0] for pair in given], [pair[1] for pair in given]
    parameters = {"team": team_id, "types": types, "ids": ids, **asked(budget, wanted)}
    load, most = partial(_queried, budget=budget), len(given)
    found = read_few_rows(connection, _BY_ID, parameters, load, rows_max=most, text_column=2)
    return {(record.object_type, record.id): record for record in found}


def referring_records(
    connection: Connection,
    team_id: int,
    object_type: str,
    key: str,
    hashes: dict[str, int],
    *,
    each_max: int,
    most: int,
) -> dict[str, list[str]]:
    """Return the ids of a type's records that refer to given records, in order, by the id of the record they refer to.

    Args:
        object_type: The type of the records that refer.
        key: The key of the property by which they refer.
        hashes: Key hashes of the ids that they refer to, by id.
        each_max: The most records returned for each of these ids.
        most: The most records returned in all.

    Raises:
        PrismdError: ``query_timeout``.
    """
    wanted = {
        "team": team_id, "type": object_type, "key": key, "each_max": each_max, "most": most,
        "ids": list(hashes), "hashes": list(hashes.values()),
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    for target, record_id in read_rows(connection, _REFERRING, wanted, tuple):
        found.setdefault(target, []).append(record_id)
    return found


def records_with_keys(connection: Connection, team_id: int, hashes: Sequence[int], *, most: int) -> list[str]:
    """Return ids of records by key hash, with deleted records and records whose other keys have the same hash.

    Args:
        hashes: Hashes of the keys.
        most: The most ids returned.
    """
    wanted = {"team": team_id, "hashes": int_array(hashes), "most": most}
    return [record_id for (record_id,) in connection.execute(_WITH_KEYS, wanted)]


def check_patterns(connection: Connection, patterns: Sequence[str]) -> None:
    """Check that PostgreSQL can read regular expressions, even if no record is compared with them.

    Raises:
        PrismdError: ``invalid_request``.
    """
    if patterns:
        read_rows(connection, _TRY_PATTERNS, {"patterns": list(patterns)}, tuple)


def _queried(row: Sequence[Any], budget: ReadingBudget) -> QueriedRecord:
    record_id, object_type, values, created_at, updated_at, deleted_at = row
    made, changed = _moment(created_at), _moment(updated_at)
    times = {"created_at": made, "updated_at": changed, "last_updated_at": changed}
    deleted = None if deleted_at is None else _moment(deleted_at)
    return QueriedRecord(record_id, object_type, {**read_values(budget, values), **times}, deleted)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_ranks(query: Query, texts: Sequence[str | None]) -> tuple[Any, ...]:
    types = ["integer"] * bool(query.pinned) + [sort_type(key) for key in query.sort]
    return tuple(_READERS.get(name, str)(text) if text else text for name, text in zip(types, texts, strict=True))
