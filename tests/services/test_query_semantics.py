"""PostgreSQL answers random queries on random records as :mod:`prismd.core.queries.semantics` says, page by page."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prismd.core.json.text import decode, encode
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import LISTS_KEY, OBJECT_TYPES, Kind, Property, property_key
from prismd.core.queries.conditions import operator_names
from prismd.core.queries.paths import Path, Schemas, resolve_path
from prismd.core.queries.semantics import QueriedRecord, answer
from prismd.core.queries.tree import Deleted, Query
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Properties
from prismd.services.queries.pages import PageWanted, query_reader, run_query
from prismd.services.runtime import Runtime, system_clock, system_ids
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store import properties
from prismd.store.connections.postgres import Connection, Pool
from prismd.store.connections.transactions import of_all_teams
from prismd.store.imports import import_records
from prismd.store.teams import insert_team

TEXTS: Final = [
    "",
    " ",
    "a",
    "A",
    "b",
    "Z",
    "zz",
    "ä",
    "é",
    "e\u0301",
    "a_b%c",
    "\\",
    "'\"",
    "😀",
    "ab",
    "10",
    "9",
    "a\x01b",
]
NUMBERS: Final = [0, -1, 9, 10, Decimal("1.5"), Decimal("-0.25"), 10**20, Decimal("1e-9")]
DATES: Final = [
    "2024-05-31", "2024-05-31T00:00:00Z", "2024-05-31T00:00:00.5Z", "2024-05-30T23:59:59.999999Z", "2024-06-01",
    "0001-01-01", "9999-12-31T23:59:59Z",
]  # fmt: skip
#: As clients write them, by the kind of property.
WRITTEN: Final[dict[Kind, list[Any]]] = {
    Kind.NUM: [*NUMBERS, "9", "1.50", 7],
    Kind.DATE: [*DATES, "2026-01-01T00:00:03Z", "2026-01-01", "2024-05-31T02:00:00+02:00"],
    Kind.BOOL: [True, False, "true"],
}
LIST: Final = "00000000-0000-7000-8000-00000000a115"
SCORE: Final = Property(id=LIST, slug="score", type="num", name="Score", list_id=LIST)
START: Final = datetime(2026, 1, 1, tzinfo=UTC)

#: What queries ask for, and whether records can be sorted by it.
PATHS: Final = (
    "first_name", "about", "roles", "seniority", "department", "years_of_experience", "first_degree", "birthday",
    "companies", "next_calendar_event", "created_at", "id", "companies.name", "companies.domains",
    "companies.employee_count", "companies.start_date", "next_calendar_event.name", "next_calendar_event.start",
    "next_calendar_event.all_day", "next_calendar_event.organizer.email", "email_addresses.company.name",
    "next_calendar_event.organizer.company.type", "updated_at", "deleted_at", "last_email.subject",
    "email_addresses.email_address_type", "next_calendar_event.attendees.contact.email", "work_history.start",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """A team with records of several types that refer to each other."""

    team_id: int
    schemas: Schemas
    records: dict[tuple[str, str], QueriedRecord]

    def of(self, object_type: str) -> list[QueriedRecord]:
        return [record for (kind, _), record in self.records.items() if kind == object_type]

    def find(self, object_type: str, record_id: str) -> QueriedRecord | None:
        record = self.records.get((object_type, record_id))
        return None if record is None or record.deleted_at else record


class Maker:
    """Makes a world out of chance."""

    def __init__(self, connection: Connection, runtime: Runtime, team_id: int, seed: int) -> None:
        self.connection = connection
        self.runtime = runtime
        self.team_id = team_id
        self.chance = random.Random(seed)
        self.made: dict[tuple[str, str], QueriedRecord] = {}

    def world(self) -> World:
        self.connection.execute(
            "INSERT INTO list (team_id, id, object_type, template_id, name, created_at)"
            " VALUES (%s, %s, 'identity', 'custom', 'x', now())",
            (self.team_id, LIST),
        )
        properties.insert_property(self.connection, self.team_id, "identity", SCORE, now=START)
        for object_type, slugs, count in (
            ("organization", ("name", "domains", "employee_count", "start_date", "type"), 12),
            ("contact", ("email", "company"), 12),
            ("event", ("name", "start", "all_day", "organizer"), 10),
            ("identity", ("first_name", "about", "roles", "seniority", "department", "years_of_experience",
                          "first_degree", "birthday", "companies", "next_calendar_event", "email_addresses"), 60),
        ):  # fmt: skip
            self.make(object_type, slugs, count)
        schemas = properties.load_schemas(self.connection, self.team_id, OBJECT_TYPES)
        return World(self.team_id, schemas, self.made)

    def make(self, object_type: str, slugs: tuple[str, ...], count: int) -> None:
        schema = native_schema(object_type)
        for number in range(count):
            stored = {
                slug: value
                for slug in slugs
                if self.chance.random() < 0.8 and (value := self.value(schema.properties[slug])) != []
            }
            if object_type == "identity" and self.chance.random() < 0.5:
                stored |= {LISTS_KEY: [LIST], property_key("score", LIST): self.chance.choice(NUMBERS)}
            self.insert(object_type, stored, START + timedelta(seconds=number // 3))

    def insert(self, object_type: str, stored: Properties, now: datetime) -> None:
        record = KnownRecord(self.runtime.new_id(), 1, stored, 0)
        import_records.insert_records(
            self.connection, self.team_id, object_type, [record], job_id=self.runtime.new_id(), now=now
        )
        gone = now + timedelta(seconds=self.chance.randrange(9)) if self.chance.random() < 0.15 else None
        if gone is not None:
            self.connection.execute(
                "UPDATE record SET deleted_at = %s WHERE team_id = %s AND id = %s", (gone, self.team_id, record.id)
            )
        made, deleted_at = _written(now), None if gone is None else _written(gone)
        seen = {**stored, "created_at": made, "updated_at": made, "last_updated_at": made}
        self.made[object_type, record.id] = QueriedRecord(record.id, object_type, seen, deleted_at)

    def value(self, prop: Property) -> Any:
        if prop.holds_many:
            return list(dict.fromkeys(self.one(prop) for _ in range(self.chance.randrange(3))))
        return self.one(prop)

    def one(self, prop: Property) -> Any:
        match prop.kind:
            case Kind.NUM:
                return self.chance.choice(NUMBERS)
            case Kind.DATE:
                return self.chance.choice(DATES)
            case Kind.BOOL:
                return self.chance.choice([True, False])
            case Kind.SELECT | Kind.MULTISELECT:
                return self.chance.choice(prop.options[:4]).id
            case Kind.REF | Kind.MULTIREF:
                return self.chance.choice([record_id for kind, record_id in self.made if kind == prop.target])
            case _:
                return self.chance.choice(TEXTS)


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def worlds(pool: Pool) -> list[World]:
    runtime = Runtime(pool, Settings(), system_clock, system_ids())
    made = []
    for seed in range(3):
        with of_all_teams(pool) as connection:
            team_id = insert_team(connection, f"world {runtime.new_id()}", START)
            made.append(Maker(connection, runtime, team_id, seed).world())
    return made


def value_for(world: World, path: Path) -> st.SearchStrategy[Any]:
    """Return values that a client may compare with."""
    prop = path.leaf
    if prop.slug == "id" or prop.target:
        return st.sampled_from([record.id for record in world.of(prop.target or "identity")])
    if prop.options:
        names = [name for option in prop.options[:5] for name in (option.slug, option.id)]
        return st.sampled_from([*names, "no such option", "", LIST])
    return st.sampled_from(WRITTEN.get(prop.kind, TEXTS))


@st.composite
def conditions(draw: st.DrawFn, world: World, text: str) -> dict[str, Any]:
    path = resolve_path(world.schemas, "identity", text, list_id=LIST, field="")
    operator = draw(st.sampled_from(operator_names(path.leaf)))
    one = value_for(world, path)
    if operator in ("is_null", "is_not_null", "exists", "not_exists"):
        value = draw(st.sampled_from([True, False, "true", "FALSE", "True"]))
    elif operator == "between":
        value = draw(st.lists(one, min_size=2, max_size=2))
    elif operator in ("in", "not_in"):
        value = draw(st.lists(one, min_size=1, max_size=4))
    elif operator in ("contains", "not_contains"):
        value = draw(one | st.lists(one, min_size=1, max_size=4))
    elif operator == "like_regex":
        value = draw(st.sampled_from(["a", "^z", "b$", "[A-Z]", ".b", "é|ä"]))
    else:
        value = draw(one)
    return {text: {operator: value}}


@st.composite
def requests(draw: st.DrawFn, world: World) -> dict[str, Any]:
    in_list = draw(st.booleans())
    paths = (*PATHS, "score") if in_list else PATHS
    sortable = [
        text for text in paths if resolve_path(world.schemas, "identity", text, list_id=LIST, field="").leads_to_one
    ]
    entries = draw(st.lists(st.sampled_from(paths).flatmap(lambda text: conditions(world, text)), max_size=3))
    direction = st.sampled_from(["asc", "desc"])
    sort = draw(st.lists(st.tuples(st.sampled_from(sortable), direction), max_size=3))
    made = st.sampled_from([record.id for record in world.of("identity")])
    return {
        "raw": {
            "filter": entries,
            "sort": [{text: how} for text, how in sort],
            "combinator": draw(st.sampled_from(["AND", "OR", None])),
        },
        "list_id": LIST if in_list else None,
        "ids": tuple(draw(st.lists(made, max_size=5, unique=True))) if draw(st.integers(0, 5)) == 0 else None,
        "pinned": tuple(draw(st.lists(made, max_size=3, unique=True))) if draw(st.integers(0, 3)) == 0 else (),
        "deleted": draw(st.sampled_from(Deleted)),
        "limit": draw(st.integers(3, 50)),
    }


def all_pages(transaction: Transaction, world: World, query: Query, limit: int) -> tuple[list[str], int | None]:
    found: list[str] = []
    cursor = None
    while True:
        wanted = PageWanted(limit, cursor, include_total=True)
        page = run_query(transaction, query, wanted, schemas=world.schemas)
        found += [json.loads(bytes(row))["id"] for row in page.rows]
        assert page.next_cursor is None or len(page.rows) == limit
        cursor = page.next_cursor
        if cursor is None:
            return found, page.total


@settings(max_examples=250)
@given(data=st.data())
def test_postgresql_and_the_reference_give_the_same_records_in_the_same_order(
    data: st.DataObject, worlds: list[World], pool: Pool
) -> None:
    world = data.draw(st.sampled_from(worlds).map(worlds.index).map(worlds.__getitem__), label="world")
    asked = data.draw(requests(world), label="request")
    raw = decode(encode(asked["raw"]))  # as it arrives: numbers exact, nothing shared
    with of_all_teams(pool) as connection:
        runtime = Runtime(pool, Settings(), system_clock, system_ids())
        transaction = Transaction(Session(runtime, world.team_id), connection)
        reader = query_reader(transaction, "identity", list_id=asked["list_id"], field=".body.query")
        query = reader.read(raw, ids=asked["ids"], pinned=asked["pinned"], deleted=asked["deleted"])
        found, total = all_pages(transaction, world, query, asked["limit"])
    expected = [record.id for record in answer(query, world.of("identity"), world.find)]
    assert found == expected
    assert total == len(expected)
