"""Queries read no more than they need: equality what is equal, and a page deep in a listing what the first reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from prismd.core.keys import KeyRule
from prismd.core.native import native_schema
from prismd.core.query.cursors import Place
from prismd.core.query.parse import QueryReader
from prismd.core.schema import OBJECT_TYPES
from prismd.services.queries import query_limits
from prismd.settings import Settings
from prismd.store.migrate import migrate
from prismd.store.postgres import Connection, connect
from prismd.store.queries import _COLUMNS
from prismd.store.query_sql import QuerySql

RECORDS: Final = 20_000
LIMIT: Final = 26
#: More than a page needs, and far less than there is: what cannot be had without going through the records.
FEW: Final = 4 * LIMIT
SCHEMAS: Final = {name: native_schema(name) for name in OBJECT_TYPES}
READER: Final = QueryReader(SCHEMAS, "contact", None, query_limits(Settings()), ".body.query")
DEEP: Final = f"00000000-0000-7000-8000-{RECORDS // 2:012x}"
CITY: Final = KeyRule("contact", SCHEMAS["contact"].properties["city"], fold_case=True).hashes("C1")[0]
EMAIL: Final = KeyRule("contact", SCHEMAS["contact"].properties["email"], fold_case=True).hashes("p7@x.org")[0]

FILL: Final = f"""
INSERT INTO team (public_id, created_at) VALUES ('big', now());
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT 1, type, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, now(), now(),
       jsonb_build_object('email', 'p' || n || '@x.org', 'city', 'C' || n % 2, 'title', 'T' || n % 1000)
FROM generate_series(1, {RECORDS}) AS n, unnest(ARRAY['contact', 'organization']) AS type;
INSERT INTO record_key
SELECT 1, {EMAIL}, id FROM record WHERE object_type = 'contact' AND properties ->> 'email' = 'p7@x.org';
INSERT INTO record_key
SELECT 1, {CITY}, id FROM record WHERE object_type = 'contact' AND properties ->> 'city' = 'C1';
INSERT INTO record_key SELECT 1, hashtextextended(id::text, 0), id FROM record;
"""


@pytest.fixture(scope="module")
def big(make_database: Callable[[], str]) -> Iterator[Connection]:
    """A connection to a database with many records of one team."""
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute("ALTER TABLE record SET (autovacuum_enabled = off)")
        connection.execute("ALTER TABLE record_key SET (autovacuum_enabled = off)")
        connection.execute(FILL)
        yield connection


def rows_read(connection: Connection, raw: dict[str, Any], hashes: list[int] | None, after: Place | None = None) -> int:
    """Return the most rows that any step of a query's plan read, what it threw away counted."""
    sql = QuerySql(READER.read(raw), 1, hashes)
    statement = sql.page(_COLUMNS, after=after, limit=LIMIT)
    [(plan,)] = connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", sql.parameters).fetchall()
    return round(max(_read(plan[0]["Plan"])))


def _read(node: dict[str, Any]) -> Iterator[float]:
    assert node["Node Type"] != "Seq Scan", json.dumps(node)
    dropped = sum(node.get(f"Rows Removed by {what}", 0) for what in ("Filter", "Index Recheck", "Join Filter"))
    yield (node["Actual Rows"] + dropped) * node["Actual Loops"]
    for child in node.get("Plans", ()):
        yield from _read(child)


@pytest.mark.parametrize("statistics", ["none", "fresh"])
@pytest.mark.parametrize(
    ("raw", "hashes", "after"),
    [
        ({}, None, None),
        ({}, None, Place(25, DEEP, ())),
        ({"sort": [{"id": "desc"}]}, None, None),
        ({"sort": [{"id": "desc"}]}, None, Place(25, DEEP, (DEEP,))),
        ({"filter": [{"email": {"=": "p7@x.org"}}]}, [EMAIL], None),
        ({"filter": [{"city": {"=": "C1"}}]}, [CITY], None),
        ({"filter": [{"city": {"=": "C1"}}]}, [CITY], Place(25, DEEP, ())),
        ({"filter": [{"city": {"=": "C1"}}], "sort": [{"id": "desc"}]}, [CITY], Place(25, DEEP, (DEEP,))),
        ({"filter": [{"email": {"=": "p7@x.org"}}], "sort": [{"title": "asc"}]}, [EMAIL], None),
    ],
    ids=str,
)
def test_no_more_is_read_than_a_page_needs(
    big: Connection, raw: dict[str, Any], hashes: list[int] | None, after: Place | None, statistics: str
) -> None:
    if statistics == "fresh":
        big.execute("ANALYZE")
    assert rows_read(big, raw, hashes, after) <= FEW


def test_what_cannot_be_looked_up_is_searched_for_through_the_index_of_the_type(big: Connection) -> None:
    """The measure itself: it tells a search from a look-up."""
    assert rows_read(big, {"filter": [{"email": {"contains": "nowhere"}}]}, None) >= RECORDS
