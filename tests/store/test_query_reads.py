"""Queries read no more than they need: equality what is equal, and a page deep in a listing what the first reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.queries.cursors import PageEnd
from prismd.core.queries.parsing import QueryReader
from prismd.core.queries.tree import Deleted
from prismd.core.records.reading_budget import ReadingBudget
from prismd.services.queries.narrowing import _TARGETS_MAX
from prismd.services.queries.pages import query_limits
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.queries.pages import _COLUMNS
from prismd.store.queries.sql import QuerySql
from prismd.store.records.values import asked
from tests.store.million import CITY, EMAIL, JOB, MEMBER, RECORDS, hash_of, id_of
from tests.store.million import FEW as MEMBERS
from tests.store.plans import read_at_once

pytestmark = pytest.mark.xdist_group("million")

LIMIT: Final = 26
#: More than a page needs, and far less than there is: what cannot be had without going through the records.
FEW: Final = 4 * LIMIT
SCHEMAS: Final = {name: native_schema(name) for name in OBJECT_TYPES}
READER: Final = QueryReader(SCHEMAS, "contact", None, query_limits(Settings()), ".body.query")
ORGANIZATIONS: Final = replace(READER, object_type="organization")
DEEP: Final = id_of(RECORDS // 2)


def asked_of(sql: QuerySql) -> dict[str, Any]:
    """Return the parameters of a query, those of what is read of each record among them."""
    return {**sql.parameters, **asked(ReadingBudget(Settings().read_bytes_max))}


def rows_read(
    connection: Connection, raw: dict[str, Any], hashes: list[int] | None, after: PageEnd | None = None
) -> int:
    """Return how many rows a query's plan read, what it threw away counted."""
    sql = QuerySql(READER.read(raw), 1, hashes)
    return read_at_once(connection, sql.page(_COLUMNS, after=after, limit=LIMIT), asked_of(sql)).rows


@pytest.mark.parametrize(
    ("raw", "hashes", "after"),
    [
        ({}, None, None),
        ({}, None, PageEnd(25, DEEP, ())),
        ({"sort": [{"id": "desc"}]}, None, None),
        ({"sort": [{"id": "desc"}]}, None, PageEnd(25, DEEP, (DEEP,))),
        ({"filter": [{"email": {"=": "p7@x.org"}}]}, [EMAIL], None),
        ({"filter": [{"city": {"=": "C1"}}]}, [CITY], None),
        ({"filter": [{"city": {"=": "C1"}}]}, [CITY], PageEnd(25, DEEP, ())),
        ({"filter": [{"city": {"=": "C1"}}], "sort": [{"id": "desc"}]}, [CITY], PageEnd(25, DEEP, (DEEP,))),
        ({"filter": [{"email": {"=": "p7@x.org"}}], "sort": [{"title": "asc"}]}, [EMAIL], None),
    ],
    ids=str,
)
def test_no_more_is_read_than_a_page_needs(
    bound_million: Connection,
    raw: dict[str, Any],
    hashes: list[int] | None,
    after: PageEnd | None,
) -> None:
    assert rows_read(bound_million, raw, hashes, after) <= FEW


def test_deleted_records_are_found_and_counted_without_going_through_the_others(bound_million: Connection) -> None:
    query = ORGANIZATIONS.read({}, deleted=Deleted.ONLY)
    page, total = QuerySql(query, 1, None), QuerySql(query, 1, None)
    assert read_at_once(bound_million, page.page(_COLUMNS, after=None, limit=LIMIT), asked_of(page)).rows <= 2 * MEMBERS
    assert read_at_once(bound_million, total.total(), asked_of(total)).rows <= 2 * MEMBERS
    after = page.page(_COLUMNS, after=PageEnd(25, id_of(10), ()), limit=LIMIT)
    assert read_at_once(bound_million, after, asked_of(page)).rows <= 2 * MEMBERS


def test_the_members_of_a_list_are_counted_without_going_through_the_others(bound_million: Connection) -> None:
    sql = QuerySql(replace(READER, list_id=JOB).read({}), 1, [MEMBER])
    assert read_at_once(bound_million, sql.total(), asked_of(sql)).rows <= 4 * MEMBERS


def test_what_has_one_of_many_keys_is_looked_up_key_by_key(bound_million: Connection) -> None:
    hashes = [hash_of(number) for number in range(1, _TARGETS_MAX + 1)]
    assert rows_read(bound_million, {"filter": [{"title": {"contains": "T"}}]}, hashes) <= 4 * _TARGETS_MAX


def test_what_cannot_be_looked_up_is_searched_for_through_the_index_of_the_type(bound_million: Connection) -> None:
    """The measure itself: it tells a search from a look-up."""
    assert rows_read(bound_million, {"filter": [{"email": {"contains": "nowhere"}}]}, None) > RECORDS / 2
