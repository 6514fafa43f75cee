"""Hot statements go through an index, whatever the planner believes: asked with no statistics and with stale ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from prismd.settings import Settings
from prismd.store import (
    drafts,
    grants,
    imports,
    lists,
    properties,
    record_keys,
    record_writes,
    records,
    tickets,
    verdicts,
    views,
)
from prismd.store.migrate import migrate
from prismd.store.postgres import Connection, connect

ID: Final = "00000000-0000-7000-8000-000000000000"
NAMED: Final[dict[str, Any]] = {
    "team": 1,
    "type": "contact",
    "job": ID,
    "hashes": list(range(2_000)),
    "ids": [ID] * 2_000,
    "types": ["contact"] * 9,
    "versions": [1] * 2_000,
    "properties": ["{}"] * 2_000,
    "now": "2026-01-01T00:00:00Z",
    "slug": "email",
    "after": ID,
    "limit": 10,
    "state": "complete",
    "before": ID,
    "outcome": "failed",
}

#: Statement, parameters, and the indexes that must serve it.
HOT: Final[dict[str, tuple[str, Any, set[str]]]] = {
    "candidates to skip": (
        records._CANDIDATES_TO_SKIP, NAMED, {"record_key_in_order", "record_pkey", "import_touch_pkey"}
    ),
    "candidates to change": (
        records._CANDIDATES_TO_CHANGE, NAMED, {"record_key_in_order", "record_pkey", "import_touch_pkey"}
    ),
    "records by key": (records._BY_KEY, NAMED, {"record_key_in_order", "record_pkey"}),
    "members of a list": (
        records._COUNT_BY_KEY, {**NAMED, "hashes": [1], "value": ID}, {"record_key_in_order", "record_pkey"}
    ),
    "held records": (record_writes._HOLD, NAMED, {"record_pkey"}),
    "marked records": (record_writes._MARK, {**NAMED, "deleted_at": None}, {"record_pkey"}),
    "existing records": (records._EXISTING, {**NAMED, "ids": [ID] * 9}, {"record_pkey"}),
    "one record": (records._GET, (1, "contact", ID), {"record_pkey"}),
    "updated records": (records._UPDATE, NAMED, {"record_pkey"}),
    "page of values": (records._PAGE, NAMED, {"record_pkey"}),
    "deleted keys": (record_keys._DELETE, NAMED, {"record_key_in_order"}),
    "a grant": (grants._GET, {**NAMED, "id": ID}, {"record_pkey", "record_grant_pkey"}),
    "one view": (views._GET, (1, ID, "contact"), {"view_listing"}),
    "list of views": (views._LIST, {**NAMED, "list": None, "offset": 0}, {"view_listing"}),
    "number of views": (views._COUNT, (1, "contact"), {"view_listing"}),
    "lists of a team": (lists._LIST, (1,), {"list_pkey"}),
    "views of lists": (lists._VIEWS, {**NAMED, "object_types": ["deal"], "ids": [ID] * 9}, {"view_listing"}),
    "a value that a record lacks": (
        properties._LACKED, {"team_id": 1, "object_type": "contact", "key": "email"}, {"record_pkey"}
    ),
    "a value that a member of a list lacks": (
        properties._LACKED_IN_LIST,
        {"team_id": 1, "object_type": "contact", "key": "email", "list_id": ID, "hashes": [1]},
        {"record_key_in_order", "record_pkey"},
    ),
    "drafts": (drafts._FIND, NAMED, {"import_draft_lookup", "import_draft_pkey"}),
    "next turn": (imports._CLAIM, {**NAMED, "running_max": 10}, {"import_job_queue", "import_job_active"}),
    "jobs under way": (imports._ACTIVE, (1,), {"import_job_active"}),
    "hold of a job": (imports._LOCK, (1, ID), {"import_job_listing"}),
    "status of a job": (imports._GET, (1, ID), {"import_job_listing"}),
    "list of jobs": (imports._LIST, NAMED, {"import_job_listing"}),
    "verdicts of a chunk": (verdicts._VERDICTS_OF_CHUNK, (1, ID, 0), {"import_result_pkey"}),
    "page of verdicts": (verdicts._VERDICTS, {**NAMED, "after": 0}, {"import_result_pkey"}),
    "ticket": (tickets._TAKE, (b"",), {"realtime_ticket_pkey", "team_pkey"}),
    "rows of a chunk": (imports._CHUNK, (1, ID, 0), {"import_chunk_pkey"}),
}  # fmt: skip

FILL: Final = """
INSERT INTO team (public_id, created_at) SELECT 'plans ' || n, now() FROM generate_series(1, 20) AS n;
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties)
SELECT 1, 'contact', gen_random_uuid(), 1, now(), now(), '{}' FROM generate_series(1, 20000);
INSERT INTO record_key SELECT team_id, hashtextextended(id::text, 0), id FROM record;
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, created_at, updated_at,
                        expires_at, not_before)
SELECT n % 20 + 1, CASE WHEN n = 20 THEN '00000000-0000-7000-8000-000000000000' ELSE gen_random_uuid() END,
       'contact', false, 'queued', '{}', 1, 1, now(), now(), now(), now()
FROM generate_series(1, 2000) AS n;
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, created_at, updated_at,
                        expires_at, not_before)
SELECT 2, gen_random_uuid(), 'contact', true, 'complete', '{}', 0, 0, now(), now(), now(), now()
FROM generate_series(1, 20000);
INSERT INTO import_draft
SELECT 1, '00000000-0000-7000-8000-000000000000', id, hashtextextended(id::text, 0), 1, 1, true, '{}' FROM record;
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
            "import_chunk",
            "import_result",
            "import_touch",
            "import_draft",
        ):
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        connection.execute(FILL)
        yield connection


@pytest.mark.parametrize("statistics", ["none", "fresh"])
@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_is_served_by_its_index(planned: Connection, name: str, statistics: str) -> None:
    if statistics == "fresh":
        planned.execute("ANALYZE")
    statement, parameters, indexes = HOT[name]
    plan = "\n".join(row[0] for row in planned.execute(f"EXPLAIN {statement}", parameters))
    assert "Seq Scan" not in plan, plan
    assert used(plan) >= indexes, plan


@pytest.mark.parametrize(
    "name",
    [
        "candidates to skip",
        "candidates to change",
        "records by key",
        "updated records",
        "held records",
        "marked records",
    ],
)
def test_records_are_reached_by_their_whole_key(planned: Connection, name: str) -> None:
    statement, parameters, _ = HOT[name]
    plan = "\n".join(row[0] for row in planned.execute(f"EXPLAIN {statement}", parameters))
    conditions = re.findall(r"using record_pkey on record.*\n\s+Index Cond: (.*)", plan)
    assert conditions, plan
    assert all("id = " in condition.replace("team_id = ", "") for condition in conditions), plan


def used(plan: str) -> set[str]:
    return {one or other for one, other in re.findall(r"using (\w+)|Index Scan on (\w+)", plan)}
