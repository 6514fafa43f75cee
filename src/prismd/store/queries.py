"""Queries in PostgreSQL: pages of what is wanted, totals, and what the references on a page lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import psycopg
from psycopg.sql import SQL

from prismd.core.errors import PrismdError
from prismd.core.json_text import decode_stored
from prismd.core.query.cursors import Place
from prismd.core.query.meaning import QueriedRecord
from prismd.core.query.rows import Target
from prismd.core.query.tree import Query
from prismd.store.arrays import int_array
from prismd.store.faults import PARAMETERS_MAX
from prismd.store.postgres import Connection
from prismd.store.query_sql import QuerySql
from prismd.store.query_values import sort_type

_COLUMNS: Final = "r.id::text, r.object_type, r.properties::text, r.created_at, r.updated_at, r.deleted_at"

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

# The keys narrow, the record decides: containment holds for an array that has the id and for the one id itself.
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
    LIMIT %(most)s
) AS k
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
    *,
    after: Place | None,
    limit: int,
    offset: int = 0,
) -> list[tuple[QueriedRecord, tuple[Any, ...]]]:
    """Return records that a query wants, each with what it is sorted by.

    Args:
        query: The query; references to contacts are ids by now.
        team_id: Whose records.
        hashes: Of keys of which every wanted record has one; None where there are none to go by.
        after: Where the page before ended.
        limit: Most records.
        offset: Records to leave out.

    Raises:
        PrismdError: ``invalid_request`` for a pattern that PostgreSQL cannot read, ``query_timeout``.
    """
    sql = QuerySql(query, team_id, hashes)
    rows = _run(connection, sql.page(_COLUMNS, after=after, limit=limit, offset=offset), sql.parameters)
    width = len(_COLUMNS.split(", "))
    return [(_queried(row[:width]), _read_ranks(query, row[width:])) for row in rows]


def query_total(connection: Connection, query: Query, team_id: int, hashes: Sequence[int] | None) -> int:
    """Return how many records a query wants.

    Raises:
        PrismdError: As :func:`query_page`.
    """
    sql = QuerySql(query, team_id, hashes)
    return int(_run(connection, sql.total(), sql.parameters)[0][0])


def limit_time(connection: Connection, timeout_s: float) -> None:
    """Have PostgreSQL give up on any further statement of the transaction that takes longer."""
    connection.execute(_TIMEOUT, (f"{round(timeout_s * 1000)}ms",))


def records_by_ids(connection: Connection, team_id: int, targets: Iterable[Target]) -> dict[Target, QueriedRecord]:
    """Return those of some records that are not deleted.

    Args:
        targets: Pairs of object type and id.
    """
    wanted = sorted(targets)
    types, ids = [pair[0] for pair in wanted], [pair[1] for pair in wanted]
    rows = connection.execute(_BY_ID, {"team": team_id, "types": types, "ids": ids})
    return {(record.object_type, record.id): record for record in map(_queried, rows)}


def referring_records(
    connection: Connection, team_id: int, object_type: str, key: str, hashes: dict[str, int], *, most: int
) -> dict[str, list[str]]:
    """Return the records of a type that refer to some records, in order, by the id of what they refer to.

    Args:
        object_type: Of the records that refer.
        key: Of their reference.
        hashes: Of the reference to each record, by its id.
        most: Records returned for each.
    """
    wanted = {
        "team": team_id, "type": object_type, "key": key, "most": most,
        "ids": list(hashes), "hashes": list(hashes.values()),
    }  # fmt: skip
    found: dict[str, list[str]] = {}
    for target, record_id in connection.execute(_REFERRING, wanted):
        found.setdefault(target, []).append(record_id)
    return found


def records_with_keys(connection: Connection, team_id: int, hashes: Sequence[int], *, most: int) -> list[str]:
    """Return ids of records that are found under keys; deleted ones and strangers with the same hash too.

    Args:
        most: Ids returned.
    """
    wanted = {"team": team_id, "hashes": int_array(hashes), "most": most}
    return [row[0] for row in connection.execute(_WITH_KEYS, wanted)]


def check_patterns(connection: Connection, patterns: Sequence[str]) -> None:
    """Make sure that PostgreSQL can read regular expressions, also where there is nothing to try them on.

    Raises:
        PrismdError: ``invalid_request``.
    """
    if patterns:
        _run(connection, _TRY_PATTERNS, {"patterns": list(patterns)})


def _run(connection: Connection, statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    if len(parameters) > PARAMETERS_MAX:
        message = f"the query takes {len(parameters):,} parameters, the most is {PARAMETERS_MAX:,}; ask for less"
        raise PrismdError.invalid(".body.query.filter", message, "maxItems")
    try:
        # Written by QuerySql, with every value as a parameter. A plan for each shape of query would fill the session.
        return connection.execute(SQL(cast("Any", statement)), parameters, prepare=False).fetchall()
    except psycopg.errors.InvalidRegularExpression as error:
        message = f"the pattern cannot be read: {error.diag.message_primary}"
        raise PrismdError.invalid(".body.query.filter", message, "pattern") from None
    except psycopg.errors.QueryCanceled:
        message = "the query takes too long; filter by equality on a property, or ask for less"
        raise PrismdError("query_timeout", message) from None


def _queried(row: Sequence[Any]) -> QueriedRecord:
    record_id, object_type, properties, created_at, updated_at, deleted_at = row
    made, changed = _moment(created_at), _moment(updated_at)
    times = {"created_at": made, "updated_at": changed, "last_updated_at": changed}
    deleted = None if deleted_at is None else _moment(deleted_at)
    return QueriedRecord(record_id, object_type, {**decode_stored(properties), **times}, deleted)


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read_ranks(query: Query, texts: Sequence[str | None]) -> tuple[Any, ...]:
    types = ["integer"] * bool(query.pinned) + [sort_type(key) for key in query.sort]
    return tuple(_READERS.get(name, str)(text) if text else text for name, text in zip(types, texts, strict=True))
