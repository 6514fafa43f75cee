"""Purging: what has expired goes, wholly and in batches, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from prismd.core.imports.request import RequestLimits, parse_request
from prismd.services.imports.jobs import submit
from prismd.services.imports.stepping import step_next
from prismd.services.realtime.tickets import issue_ticket
from prismd.services.runtime import Runtime, SoleRuntime, system_ids
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store import retention
from prismd.store.api_keys import NewStoredKey, insert_key
from prismd.store.connections.postgres import Connection, connect, open_pool
from prismd.store.migrate import migrate
from prismd.store.teams import insert_team
from prismd.worker import retention as purging
from prismd.worker.retention import Purge
from tests import pipeline_switch
from tests.conftest import sole

SETTINGS = replace(pipeline_switch.SETTINGS, rows_per_chunk=10, sync_rows_max=5)
TABLES = ("import_job", "import_chunk", "import_result", "import_touch", "idempotency_claim", "realtime_ticket")


class Store:
    """A database of its own, as a purge works on all teams at once."""

    def __init__(self, url: str, connection: Connection, runtime: Runtime) -> None:
        self.url, self.connection, self.runtime = url, connection, runtime
        self.alone = sole(runtime, connection)
        self.team_id = insert_team(connection, runtime.new_id(), runtime.now())

    def import_rows(self, count: int, *, to_the_end: bool = True) -> None:
        rows = [{"default": {"email": f"p{number}@x.org"}} for number in range(count)]
        body = json.dumps({"objects": rows, "options": {"dedupe_by": "email"}}).encode()
        request = parse_request("contact", body, RequestLimits(rows_max=count))
        with self.connection.transaction():
            submit(Transaction(Session(self.runtime, self.team_id), self.connection), request)
        while to_the_end and step_next(self.alone):
            pass

    def claim(self) -> None:
        self.connection.execute(
            "INSERT INTO idempotency_claim (team_id, key, fingerprint, status, headers, body, created_at)"
            " VALUES (%s, %s, '', 200, '{}', '', %s)",
            (self.team_id, self.runtime.new_id(), self.runtime.now()),
        )

    def make_key(self) -> str:
        key_id = self.runtime.new_id()
        made = NewStoredKey(
            id=key_id,
            team_id=self.team_id,
            name="",
            digest=b"1",
            hint="",
            scopes=["read"],
            created_at=self.runtime.now(),
        )
        insert_key(self.connection, made)
        return key_id

    def counts(self) -> dict[str, int]:
        found = {table: self.connection.execute(f"SELECT FROM {table}".encode()).rowcount for table in TABLES}
        return {table: count for table, count in found.items() if count}

    def purge_all(self) -> int:
        batches, purge = 0, Purge()
        while purge.step(self.alone):
            batches += 1
        return batches


@pytest.fixture
def store(make_database: Callable[[], str], clock: Any) -> Any:
    url = make_database()
    migrate(url, Settings())
    with open_pool(url, Settings()) as pool, connect(url, Settings(), autocommit=True) as connection:
        yield Store(url, connection, Runtime(pool, SETTINGS, clock.now, system_ids()))


def test_a_finished_job_goes_with_all_its_rows_when_it_expires_and_its_records_stay(store: Store, clock: Any) -> None:
    store.import_rows(20)
    store.import_rows(20)
    store.import_rows(3)
    assert store.counts() == {"import_job": 3, "import_chunk": 4, "import_result": 5, "import_touch": 23}
    clock.advance(days=7, seconds=-1)
    assert store.purge_all() == 0
    clock.advance(seconds=1)
    assert store.purge_all() > 0
    assert store.counts() == {}
    assert store.connection.execute("SELECT FROM record").rowcount == 20


def test_a_job_under_way_is_left_alone_and_goes_once_it_has_ended(store: Store, clock: Any) -> None:
    store.import_rows(20, to_the_end=False)
    clock.advance(days=8)
    assert store.purge_all() == 0
    assert store.counts() == {"import_job": 1, "import_chunk": 2}
    store.import_rows(1)
    assert store.purge_all() > 0


def test_a_large_job_goes_in_batches_that_each_leave_less(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PARTS", (("import_touch", 7), ("import_result", 2), ("import_chunk", 2)))
    store.import_rows(30)
    store.import_rows(30)
    clock.advance(days=8)
    left = [sum(store.counts().values())]
    purge = Purge()
    while purge.step(store.alone):
        left.append(sum(store.counts().values()))
    assert left == sorted(set(left), reverse=True)
    assert len(left) > 5
    assert store.counts() == {}


def test_a_job_that_somebody_holds_is_skipped_and_not_waited_for(store: Store, clock: Any) -> None:
    store.import_rows(20)
    clock.advance(days=8)
    with store.runtime.of_all_teams() as holder:
        holder.execute("SELECT FROM import_job FOR UPDATE")
        assert store.purge_all() == 0
    assert store.purge_all() > 0


def test_claims_go_when_they_are_no_longer_even_stale(store: Store, clock: Any) -> None:
    store.claim()
    clock.advance(hours=1)
    store.claim()
    clock.time += timedelta(days=8, hours=-1, seconds=-1)
    assert store.purge_all() == 0
    clock.advance(seconds=1)
    assert store.purge_all() == 1
    assert store.counts() == {"idempotency_claim": 1}


def test_tickets_go_when_they_have_expired(store: Store, clock: Any) -> None:
    key = store.make_key()
    for _ in range(3):
        issue_ticket(Transaction(Session(store.runtime, store.team_id), store.connection), key, valid_s=60)
        clock.advance(seconds=1)
    clock.advance(seconds=56)
    assert store.purge_all() == 0
    clock.advance(seconds=2)
    assert store.purge_all() == 1
    assert store.counts() == {"realtime_ticket": 1}


def test_each_batch_is_of_one_team_and_all_teams_have_their_turn(store: Store, clock: Any) -> None:
    teams = [store.team_id, *(insert_team(store.connection, store.runtime.new_id(), clock.now()) for _ in range(50))]
    for store.team_id in teams:
        store.claim()
        store.claim()
    clock.advance(days=30)
    left = [set(teams)]
    purge = Purge()
    while purge.step(store.alone):
        left.append({team for (team,) in store.connection.execute("SELECT team_id FROM idempotency_claim")})
    gone = [before - after for before, after in pairwise(left)]
    assert [team for taken in gone for team in taken] == teams
    assert max(map(len, gone)) == 1


@pytest.mark.parametrize("error", [psycopg.OperationalError("gone"), ValueError("a fault of prismd's")])
def test_a_purge_that_fails_goes_on_behind_the_team_that_it_failed_at(
    store: Store, clock: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    store.claim()
    first, store.team_id = store.team_id, insert_team(store.connection, store.runtime.new_id(), clock.now())
    store.claim()
    clock.advance(days=30)
    purge_claims = retention.purge_claims

    def failing(connection: Connection, team_id: int, *, before: datetime) -> bool:
        if team_id == first:
            raise error
        return purge_claims(connection, team_id, before=before)

    monkeypatch.setattr(purging, "purge_claims", failing)
    opened: list[Connection] = []

    def opening() -> SoleRuntime:
        opened.append(connect(store.url, Settings(), autocommit=True))
        return sole(store.runtime, opened[-1])

    turns = purging.Retention(opening, SETTINGS, clock.now())
    assert not turns.turn(clock.now())
    assert [one.closed for one in opened] == [True]
    # Not before it is time again, so that what fails takes no time of imports.
    assert not turns.turn(clock.now())
    assert len(opened) == 1
    clock.advance(seconds=SETTINGS.retention_interval_s)
    assert turns.turn(clock.now())
    assert store.connection.execute("SELECT team_id FROM idempotency_claim").fetchall() == [(first,)]
    assert not turns.turn(clock.now())
    assert [one.closed for one in opened] == [True, True]
