"""Hot statements go through an index, whatever the planner believes: asked with no statistics and with stale ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect
from prismd.store.locations import BEGIN_HERE
from prismd.store.migrate import migrate
from tests.naming_teams import TEAM_TABLES
from tests.store.hot_statements import HOT

#: What a chunk of an import asks for at once.
COUNT: Final = 2_000

#: The indexes that must serve a hot statement.
INDEXES: Final[dict[str, set[str]]] = {
    "candidates": {"record_key_pkey", "record_pkey", "import_touch_pkey"},
    "candidates that stay": {"record_key_pkey", "record_pkey", "import_touch_pkey"},
    "candidates by arrays": {"record_key_pkey", "record_pkey", "import_touch_pkey"},
    "candidates that stay, by arrays": {"record_key_pkey", "record_pkey", "import_touch_pkey"},
    "values by key": {"record_key_pkey", "record_pkey"},
    "held records": {"record_pkey"},
    "marked records": {"record_pkey"},
    "existing records": {"record_pkey"},
    "one record": {"record_pkey"},
    "updated records": set(),
    "touches of records": {"import_touch_pkey"},
    "page of values": {"record_pkey"},
    "deleted keys": {"record_key_pkey"},
    "a grant": {"record_pkey", "record_grant_pkey"},
    "one view": {"view_listing"},
    "list of views": {"view_of_none"},
    "number of views": {"view_listing"},
    "lists of a team": {"list_pkey"},
    "views of lists": {"view_listing"},
    "a value that a record lacks": {"record_pkey"},
    "a value that a member of a list lacks": {"record_key_pkey", "record_pkey"},
    "drafts": {"import_draft_lookup", "import_draft_pkey"},
    "next turn": {"import_queue_turn", "import_queue_running", "import_queue_pkey"},
    "jobs under way": {"import_job_active"},
    "hold of a job": {"import_job_listing"},
    "status of a job": {"import_job_listing"},
    "list of jobs": {"import_job_listing"},
    "the next verdicts": {"import_result_pkey"},
    "where a verdict is": {"import_result_pkey"},
    "a part of verdicts": {"import_result_pkey"},
    "the keys of streams": {"api_key_pkey"},
    "the audit": {"audit_entry_pkey"},
    "the audit of an action": {"audit_entry_of_action"},
    "the audit of a key": {"audit_entry_of_key"},
    "the audit of an object": {"audit_object_pkey"},
    "a ticket": {"realtime_ticket_pkey", "team_pkey", "api_key_pkey"},
    "rows of a chunk": {"import_chunk_pkey"},
}

#: Indexes that serve a statement just as well, which an older PostgreSQL takes where the table has next to nothing.
OR_ELSE: Final[dict[str, set[str]]] = {"views of lists": {"view_of_list"}}

FILL: Final = """
INSERT INTO team (public_id, created_at) SELECT 'plans ' || n, now() FROM generate_series(1, 20) AS n;
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT 1, 'contact', gen_random_uuid(), 1, now(), now(), '{}' FROM generate_series(1, 20000);
INSERT INTO record_key SELECT team_id, hashtextextended(id::text, 0), id FROM record WHERE team_id = 1;
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, created_at, updated_at,
                        expires_at)
SELECT n % 20 + 1, CASE WHEN n = 20 THEN '00000000-0000-7000-8000-000000000000' ELSE gen_random_uuid() END,
       'contact', false, 'queued', '{}', 1, 1, now(), now(), now()
FROM generate_series(1, 2000) AS n;
INSERT INTO import_queue (team_id, job_id, created_at, moved_at)
SELECT team_id, id, created_at, updated_at FROM import_job;
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, created_at, updated_at,
                        expires_at)
SELECT 2, gen_random_uuid(), 'contact', true, 'complete', '{}', 0, 0, now(), now(), now()
FROM generate_series(1, 20000);
INSERT INTO import_draft
SELECT 1, '00000000-0000-7000-8000-000000000000', id, hashtextextended(id::text, 0), 1, 1, true, '{}' FROM record
WHERE team_id = 1;
"""


#: Rows of another team, in tables in which team 1 has none.
BEFORE: Final = """
INSERT INTO team (public_id, created_at) VALUES ('first', now()), ('second', now());
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT 2, 'contact', gen_random_uuid(), 1, now(), now(), '{}' FROM generate_series(1, 20000);
INSERT INTO record_key SELECT team_id, hashtextextended(id::text, 0), id FROM record;
INSERT INTO record_grant SELECT team_id, object_type, id, '{}' FROM record;
INSERT INTO import_touch (team_id, job_id, record_id, first_row) SELECT team_id, id, id, 1 FROM record;
INSERT INTO import_draft SELECT team_id, id, id, 1, 1, 1, true, '{}' FROM record;
INSERT INTO idempotency_claim SELECT team_id, id::text, '', 200, '{}', '', now() FROM record;
INSERT INTO attempt_answer SELECT team_id, id::text::bytea, 200, '{}', '', now() FROM record;
INSERT INTO audit_entry (team_id, at, action, total, object_ids, details)
SELECT team_id, now(), 'record.created', 1, ARRAY[id], '{}' FROM record;
INSERT INTO audit_object SELECT team_id, object_ids[1], at, id FROM audit_entry;
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, created_at, updated_at,
                        expires_at)
SELECT team_id, id, 'contact', true, 'complete', '{}', 0, 0, now(), now(), now() FROM record;
INSERT INTO import_chunk SELECT team_id, id, 0, 0, 1, '[]' FROM record;
INSERT INTO import_result SELECT team_id, id, 0, 0, 1, 1, 0, 0, 0, '' FROM record;
"""


@pytest.fixture(scope="module")
def planned(make_database: Callable[[], str]) -> Iterator[Connection]:
    """A connection of prismd's to a database with many records of which PostgreSQL has no statistics."""
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings(), autocommit=True) as connection:
        for table in (
            "record",
            "record_key",
            "import_job",
            "import_queue",
            "import_chunk",
            "import_result",
            "import_touch",
            "import_draft",
        ):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        connection.execute(FILL)
        yield connection


@pytest.mark.parametrize("statistics", ["none", "fresh"])
@pytest.mark.parametrize("name", INDEXES)
def test_a_hot_statement_is_served_by_its_index(planned: Connection, name: str, statistics: str) -> None:
    if statistics == "fresh":
        planned.execute("ANALYZE")
    plan = plan_of(planned, name)
    assert "Seq Scan" not in plan, plan
    assert used(plan) >= INDEXES[name] or used(plan) == OR_ELSE.get(name), plan


@pytest.mark.parametrize(
    "name",
    [
        "candidates",
        "candidates by arrays",
        "values by key",
        "held records",
        "marked records",
    ],
)
def test_records_are_reached_by_their_whole_key(planned: Connection, name: str) -> None:
    plan = plan_of(planned, name)
    conditions = re.findall(r"using record_pkey on record.*\n\s+Index Cond: (.*)", plan)
    assert conditions, plan
    assert all("id = " in condition.replace("team_id = ", "") for condition in conditions), plan


#: Statements that find rows, and then go to where they lie.
BY_PLACE: Final = [name for name, hot in HOT.items() if BEGIN_HERE in hot.statement]


@pytest.fixture(scope="module")
def behind(make_database: Callable[[], str]) -> Iterator[Connection]:
    """A connection of prismd's to a database whose statistics are from before a team came that has much."""
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings(), autocommit=True) as connection:
        for table in TEAM_TABLES:
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)".encode())
        connection.execute(BEFORE)
        connection.execute("ANALYZE")
        connection.execute(FILL)
        yield connection


@pytest.mark.parametrize("statistics", ["none", "of before a bulk load"])
@pytest.mark.parametrize("name", BY_PLACE)
def test_rows_are_reached_by_their_place_from_those_that_were_found(
    request: pytest.FixtureRequest, name: str, statistics: str
) -> None:
    """The team stands beside the place, and offers an index by which all that it has would be read."""
    connection = request.getfixturevalue("planned" if statistics == "none" else "behind")
    plan = plan_of(connection, name)
    assert plan.count("Tid Scan") == HOT[name].statement.count(BEGIN_HERE), plan


def plan_of(connection: Connection, name: str) -> str:
    hot = HOT[name]
    if connection.info.server_version < hot.since:
        pytest.skip(f"not used before PostgreSQL {hot.since // 10_000}")
    return "\n".join(row[0] for row in connection.execute(f"EXPLAIN {hot.statement}", hot.parameters(COUNT)))


def used(plan: str) -> set[str]:
    return {one or other for one, other in re.findall(r"using (\w+)|Index Scan on (\w+)", plan)}
