"""Pages of records that are sorted by options, while options are added, deleted, renamed and put into another order."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from prismd.core.errors import PrismdError
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import OBJECT_TYPES, Option, Property
from prismd.core.queries.cursors import read_query_cursor
from prismd.core.queries.opaque_tokens import write_token
from prismd.core.queries.parsing import QueryReader
from prismd.core.queries.semantics import QueriedRecord, answer
from prismd.core.records.known_records import KnownRecord
from prismd.services.queries.pages import PageWanted, query_limits, run_query
from prismd.services.runtime import Runtime, system_clock, system_ids
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store import properties
from prismd.store.connections.postgres import Connection, Pool
from prismd.store.connections.transactions import of_all_teams
from prismd.store.imports import import_records
from prismd.store.teams import insert_team

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
NEW_ID: Final = system_ids()
#: Slugs are random enough to change the order of options without a place of their own.
NUMBERS: Final = itertools.count()


@dataclass
class Board:
    """A team with records that have options of two select properties."""

    connection: Connection
    team_id: int
    records: list[QueriedRecord]

    def schemas(self) -> dict[str, Any]:
        return properties.load_schemas(self.connection, self.team_id, OBJECT_TYPES)

    def prop(self, slug: str) -> Property:
        found: Property = self.schemas()["deal"].properties[slug]
        return found

    def change(self, slug: str, how: str, which: int, place: int | None) -> None:
        prop = self.prop(slug)
        option = prop.options[which % len(prop.options)]
        number = next(NUMBERS)
        if how == "add":
            new = Option(NEW_ID(), f"{'amz'[which % 3]}{number}", f"New {number}", sort_index=place)
            properties.add_options(self.connection, self.team_id, "deal", prop.id, [new])
        elif how == "delete":
            if all(record.properties.get(slug) != option.id for record in self.records) and len(prop.options) > 1:
                properties.delete_option(self.connection, self.team_id, "deal", prop.id, option.id)
        else:
            slug_now = f"{'amz'[which % 3]}{number}" if how == "rename" else option.slug
            moved = replace(option, sort_index=place if how == "move" else option.sort_index, slug=slug_now)
            properties.update_option(self.connection, self.team_id, "deal", prop.id, moved)


def made(connection: Connection, held: list[tuple[int | None, int | None]]) -> Board:
    team_id = insert_team(connection, f"board {NEW_ID()}", START)
    for slug in ("first", "second"):
        options = tuple(Option(NEW_ID(), f"o{index}", f"O{index}", sort_index=index) for index in range(4))
        prop = Property(NEW_ID(), slug, "select_str", slug, options=options)
        properties.insert_property(connection, team_id, "deal", prop, now=START)
    board = Board(connection, team_id, [])
    props = {slug: board.prop(slug) for slug in ("first", "second")}
    for pair in held:
        stored = {
            slug: props[slug].options[index].id for slug, index in zip(props, pair, strict=True) if index is not None
        }
        record = KnownRecord(NEW_ID(), 1, stored, 0)
        import_records.insert_records(connection, team_id, "deal", [record], job_id=NEW_ID(), now=START)
        board.records.append(QueriedRecord(record.id, "deal", stored))
    return board


OPTION = st.none() | st.integers(0, 3)
CHANGE = st.tuples(
    st.sampled_from(["first", "second"]),
    st.sampled_from(["add", "delete", "move", "rename"]),
    st.integers(0, 7),
    st.none() | st.integers(0, 9),
)
SORTS = [
    [{slug: way} for slug, way in zip(slugs, ways, strict=False)]
    for slugs in (("first",), ("second", "first"))
    for ways in itertools.product(("asc", "desc"), repeat=len(slugs))
]


@settings(max_examples=60, deadline=None)
@given(
    held=st.lists(st.tuples(OPTION, OPTION), min_size=1, max_size=12),
    sort=st.sampled_from(SORTS),
    limit=st.integers(1, 4),
    changes=st.lists(st.lists(CHANGE, max_size=4), min_size=1, max_size=8),
)
# The first option is moved behind the last, so that one that had been shown follows again, and one is left out.
@example(
    held=[(0, None), (1, None), (1, None), (2, None), (3, None)],
    sort=[{"first": "asc"}],
    limit=2,
    changes=[[("first", "move", 0, 9)], [("first", "move", 2, 0)]],
)
# A new option comes first: every rank is one more.
@example(held=[(0, None), (1, None), (2, None)], sort=[{"first": "asc"}], limit=1, changes=[[("first", "add", 0, 0)]])
# An option that nothing has goes: every rank is one less.
@example(
    held=[(1, None), (2, None), (3, None)], sort=[{"first": "asc"}], limit=1, changes=[[("first", "delete", 0, None)]]
)
def test_no_record_is_left_out_and_none_comes_twice(
    held: list[tuple[int | None, int | None]],
    sort: list[dict[str, str]],
    limit: int,
    changes: list[list[tuple[str, str, int, int | None]]],
    pool: Pool,
) -> None:
    with of_all_teams(pool) as connection:
        board = made(connection, held)
        transaction = Transaction(
            Session(Runtime(pool, Settings(), system_clock, system_ids()), board.team_id), connection
        )
        untouched = True
        expected = [record.id for record in board.records]
        seen: list[str] = []
        cursor = None
        for number in itertools.count():
            schemas = board.schemas()
            reader = QueryReader(schemas, "deal", None, query_limits(Settings()), ".body.query")
            query = reader.read({"select": [], "sort": sort})
            resumed = query
            if cursor is not None:
                resumed, _ = read_query_cursor(cursor, query, board.team_id, limit_max=50, field="")
            in_order = [record.id for record in answer(resumed, board.records, lambda *_: None)]
            wanted = PageWanted(limit, cursor)
            page = run_query(transaction, query, wanted, schemas=schemas)
            found = [json.loads(bytes(row))["id"] for row in page.rows]
            assert found == [record_id for record_id in in_order if record_id not in seen][:limit]
            seen += found
            if untouched:
                assert seen == [record.id for record in answer(query, board.records, lambda *_: None)][: len(seen)]
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
            for change in changes[number] if number < len(changes) else ():
                untouched = False
                board.change(*change)
        assert sorted(seen) == sorted(expected)
        connection.rollback()


@pytest.mark.parametrize(
    "value", [1, "1", True, ["x", 0, b""], [NEW_ID(), 256, b""], [NEW_ID(), 0, b"abc"], [NEW_ID()]]
)
def test_a_cursor_of_before_or_made_up_is_refused(value: Any) -> None:
    query = QueryReader(
        {name: native_schema(name) for name in OBJECT_TYPES}, "deal", None, query_limits(Settings()), ""
    ).read({"sort": [{"status": "asc"}]})
    scope = f"query 1 {query.identity()}"
    for write in (msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(PrismdError, match=r"\.query\.cursor: it is not a cursor of this query"):
            read_query_cursor(
                write_token(write([1, NEW_ID(), [value]]), scope), query, 1, limit_max=50, field=".query.cursor"
            )


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_a_cursor_holds_as_many_options_as_there_can_be(pool: Pool, way: str) -> None:
    most = Settings().options_per_property_max
    with of_all_teams(pool) as connection:
        board = made(connection, [(0, None), (3, None)])
        transaction = Transaction(
            Session(Runtime(pool, Settings(), system_clock, system_ids()), board.team_id), connection
        )
        prop = board.prop("first")
        more = [Option(NEW_ID(), f"m{index}", f"M{index}", sort_index=2) for index in range(most - 4)]
        properties.add_options(connection, board.team_id, "deal", prop.id, more)
        schemas = board.schemas()
        query = QueryReader(schemas, "deal", None, query_limits(Settings()), "").read({"sort": [{"first": way}]})
        cursor, seen = None, []
        for _ in board.records:
            page = run_query(transaction, query, PageWanted(1, cursor), schemas=schemas)
            seen += [json.loads(bytes(row))["id"] for row in page.rows]
            cursor = page.next_cursor or cursor
        assert sorted(seen) == [record.id for record in board.records]
        assert len(cursor or "") < 30_000
        connection.rollback()
