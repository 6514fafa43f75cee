"""Row-level security: with a wrong team, or none, nothing is found and nothing is changed, whatever is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, ValuesView
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

import prismd
from prismd.core.errors import PrismdError
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.core.mapping.document import MappingDocument
from prismd.core.records.writes import RecordBody
from prismd.services.imports import jobs
from prismd.services.imports.control import cancel_job
from prismd.services.lists import require_list
from prismd.services.mappings import mappings
from prismd.services.realtime.tickets import issue_ticket
from prismd.services.records.deleted import NamedRecord, delete_record
from prismd.services.records.reading import get_record
from prismd.services.records.writer import RecordWriter
from prismd.services.records.writes import create_record, duplicate_record, update_record
from prismd.services.runtime import Runtime, system_ids
from prismd.services.session import Session, Transaction
from prismd.services.views import views
from prismd.settings import Settings
from prismd.store import teams
from prismd.store.backups import restoring
from prismd.store.connections import transactions
from prismd.store.connections.postgres import ROLE, Connection, Pool, connect, open_pool
from prismd.store.imports import attempts, chunks
from prismd.store.migrate import migrate
from prismd.store.monitoring import diagnosis, figures, health
from prismd.store.teams import insert_team
from tests.store.test_faults import CALLS, MAPPING, NOW, TABLES, VIEW, World, everything, name_of, world

__all__ = ["world"]  # a fixture, made once for these tests

#: Tables that hold no data of a team, and that requests cannot reach.
OF_NO_TEAM: Final = {"schema_migration"}

_TABLES: Final = """
SELECT c.relname, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'team_id')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
"""
_POLICIES: Final = """
SELECT tablename, qual FROM pg_policies p JOIN pg_class c ON c.relname = p.tablename
WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND p.cmd = 'ALL' AND p.permissive = 'PERMISSIVE'
"""
_PRIVILEGES: Final = f"""
SELECT privilege FROM unnest('{{SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER}}'::text[]) AS privilege
WHERE has_table_privilege({ROLE}, %s::text, privilege)
"""

#: These ask for connections, for statistics or for the time, and two show the team that is set.
OF_NO_OTHER_TEAM: Final = {
    health.count_workers, diagnosis.read_server, diagnosis.read_tables, diagnosis.read_time, figures.database_bytes,
    figures.table_sizes, restoring.has_rows, teams.first_teams, teams.teams_after,
}  # fmt: skip

#: Refused by a policy, or for want of a privilege; and COPY, which row-level security does not have.
REFUSED: Final = (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported)


@pytest.fixture(scope="module")
def bound(world: World) -> Iterator[Pool]:
    """The pool of a server, on a database in which every table has something."""
    with open_pool(world.url, Settings()) as opened:
        yield opened


@pytest.fixture(scope="module", autouse=True)
def an_attempt(world: World) -> None:
    """The one table in which the world has nothing."""
    with connect(world.url, Settings()) as connection:
        attempts.begin_attempt(connection, world.running, now=NOW)


@pytest.fixture(scope="module")
def other_team(world: World) -> int:
    with connect(world.url, Settings()) as connection:
        return insert_team(connection, "others", NOW)


@pytest.fixture
def admin(world: World) -> Iterator[Connection]:
    with connect(world.url, Settings(), autocommit=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def empty(make_database: Callable[[], str]) -> Iterator[Connection]:
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings(), autocommit=True) as opened:
        yield opened


@contextmanager
def _of_none(pool: Pool) -> Iterator[Connection]:
    with pool.connection() as connection, connection.transaction():
        yield connection


Opened = Callable[[], AbstractContextManager[Connection]]


@pytest.fixture(params=["wrong", "none"])
def opened(request: pytest.FixtureRequest, bound: Pool, other_team: int) -> Opened:
    """Opens transactions in which another team is set, or none."""
    if request.param == "wrong":
        return lambda: transactions.of_team(bound, other_team)
    return lambda: _of_none(bound)


def test_every_table_of_team_data_has_a_policy(admin: Connection) -> None:
    tables: dict[str, bool] = dict(admin.execute(_TABLES).fetchall())
    policies: dict[str, str] = dict(admin.execute(_POLICIES).fetchall())
    assert {name for name, has_team in tables.items() if not has_team} == {"team", *OF_NO_TEAM}
    assert policies.keys() == tables.keys() - OF_NO_TEAM
    for name, condition in policies.items():
        column = "id" if name == "team" else "team_id"
        assert re.match(rf"\({column} = \( SELECT .*current_setting\('prismd\.team'::text, true\)", condition), name


def test_the_tests_here_try_every_table(admin: Connection) -> None:
    assert {*TABLES, *OF_NO_TEAM} == dict(admin.execute(_TABLES).fetchall()).keys()


def test_a_table_that_comes_later_is_put_under_it_by_the_next_start(make_database: Callable[[], str]) -> None:
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        connection.execute("CREATE TABLE later (team_id bigint, id bigserial)")
        connection.execute("INSERT INTO team (public_id, created_at) VALUES ('one', now()), ('two', now())")
        connection.execute("INSERT INTO later (team_id) VALUES (1), (2)")
    with open_pool(url, Settings()) as pool:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), transactions.of_team(pool, 1) as connection:
            connection.execute("SELECT FROM later")
        migrate(url, Settings())
        with transactions.of_team(pool, 1) as connection:
            connection.execute("INSERT INTO later (team_id) VALUES (1)")
            assert connection.execute("SELECT team_id FROM later").fetchall() == [(1,), (1,)]


def test_requests_may_do_no_more_than_they_need(admin: Connection) -> None:
    for table in (*TABLES, *OF_NO_TEAM):
        found = {one for (one,) in admin.execute(_PRIVILEGES, (table,))}
        assert found == (
            set()
            if table in OF_NO_TEAM
            else {"SELECT"} if table == "team" else {"SELECT", "INSERT", "UPDATE", "DELETE"}
        ), table  # fmt: skip


@pytest.mark.parametrize("function", [one for one in CALLS if one not in OF_NO_OTHER_TEAM], ids=name_of)
def test_a_function_of_the_store_finds_and_changes_nothing(
    world: World, admin: Connection, empty: Connection, opened: Opened, function: Callable[..., Any]
) -> None:
    """With the right team as its argument: what an empty database would answer, or a refusal."""
    before = everything(admin)
    try:
        with opened() as connection:
            found = _outcome(lambda: CALLS[function](connection, world))
    except REFUSED:
        return
    finally:
        assert everything(admin) == before
    with empty.transaction(force_rollback=True):
        assert found == _outcome(lambda: CALLS[function](empty, world))


def _outcome(call: Callable[[], object]) -> object:
    try:
        found = call()
    except (AssertionError, psycopg.OperationalError) as error:
        return type(error)  # of functions that cannot do without what they look for
    return list(found) if isinstance(found, Iterator | ValuesView) else found


BODY: Final = RecordBody(b'{"default":{"first_name":"Ada"}}', ".body", {})
ROWS: Final = b'{"objects":[{"default":{"email":"new@x.org"}}]}'

Use = Callable[[Connection, Runtime, World], object]

#: Use cases that read, or write to what is there: the right team is their argument, and the wrong one is set.
FINDS_NOTHING: Final[dict[str, Use]] = {
    "a record": lambda c, r, w: get_record(Transaction(Session(r, w.team_id), c), "contact", w.record.id),
    "a job": lambda c, r, w: jobs.get_job(Transaction(Session(r, w.team_id), c), w.ended.id),
    "the cancelling of a job": lambda c, r, w: cancel_job(Transaction(Session(r, w.team_id), c), w.running.id),
    "a list": lambda c, r, w: require_list(Transaction(Session(r, w.team_id), c), w.deals.id, "deal", ".path.list_id"),
    "a view": lambda c, r, w: views.get_view(Transaction(Session(r, w.team_id), c), "contact", VIEW.id),
    "the deleting of a view": lambda c, r, w: views.delete_view(
        Transaction(Session(r, w.team_id), c), "contact", VIEW.id
    ),
    "a saved mapping": lambda c, r, w: mappings.get_mapping(Transaction(Session(r, w.team_id), c), MAPPING.name),
    "the deleting of a mapping": lambda c, r, w: mappings.delete_mapping(
        Transaction(Session(r, w.team_id), c), MAPPING.name
    ),
    "a change of a record": lambda c, r, w: update_record(writer(c, r, w), w.record.id, BODY),
    "the duplicating of a record": lambda c, r, w: duplicate_record(writer(c, r, w), w.record.id),
    "the deleting of a record": lambda c, r, w: delete_record(
        Transaction(Session(r, w.team_id), c), NamedRecord("contact", w.record.id)
    ),
}
#: Use cases that make something.
IS_REFUSED: Final[dict[str, Use]] = {
    "a new record": lambda c, r, w: create_record(writer(c, r, w), BODY),
    "an import": lambda c, r, w: jobs.submit(
        Transaction(Session(r, w.team_id), c), parse_request("contact", ROWS, RequestLimits(rows_max=9))
    ),
    "a ticket": lambda c, r, w: issue_ticket(Transaction(Session(r, w.team_id), c), w.key_id, valid_s=60),
    "a new mapping": lambda c, r, w: mappings.save_mapping(
        Transaction(Session(r, w.team_id), c), "new", MappingDocument(version=1)
    ),
    "a new view": lambda c, r, w: views.create_view(
        Transaction(Session(r, w.team_id), c), "contact", None, {"view_type": "grid", "name": "x"}
    ),
}


USES: Final[dict[str, Use]] = {**FINDS_NOTHING, **IS_REFUSED}


def writer(connection: Connection, runtime: Runtime, world: World) -> RecordWriter:
    return RecordWriter(Transaction(Session(runtime, world.team_id), connection), "contact")


@pytest.fixture
def around(bound: Pool) -> Runtime:
    return Runtime(bound, Settings(), lambda: NOW, system_ids())


@pytest.mark.parametrize("use", FINDS_NOTHING)
def test_a_use_case_finds_nothing(world: World, admin: Connection, opened: Opened, around: Runtime, use: str) -> None:
    before = everything(admin)
    with pytest.raises(PrismdError) as refused, opened() as connection:
        FINDS_NOTHING[use](connection, around, world)
    assert refused.value.code == "not_found"
    assert everything(admin) == before


@pytest.mark.parametrize("use", IS_REFUSED)
def test_a_use_case_makes_nothing(world: World, admin: Connection, opened: Opened, around: Runtime, use: str) -> None:
    before = everything(admin)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), opened() as connection:
        IS_REFUSED[use](connection, around, world)
    assert everything(admin) == before


@pytest.mark.parametrize("use", USES)
def test_the_same_use_case_does_it_for_the_right_team(bound: Pool, world: World, around: Runtime, use: str) -> None:
    with transactions.of_team(bound, world.team_id) as connection:
        USES[use](connection, around, world)
        connection.rollback()


@pytest.mark.parametrize("table", TABLES)
def test_statements_find_and_change_nothing(world: World, admin: Connection, opened: Opened, table: str) -> None:
    before = everything(admin)
    assert before[table]
    name, column = sql.Identifier(table), sql.Identifier("id" if table == "team" else "team_id")
    row = admin.execute(sql.SQL("SELECT to_jsonb(t)::text FROM {} t LIMIT 1").format(name)).fetchone()
    assert row
    foreign = sql.SQL("SELECT FROM {} WHERE {} = %s").format(name, column)
    with opened() as connection:
        assert connection.execute(foreign, (world.team_id,)).rowcount == 0
    if table != "team":
        with opened() as connection:
            assert connection.execute(sql.SQL("SELECT FROM {}").format(name)).rowcount == 0
            assert connection.execute(sql.SQL("UPDATE {0} SET {1} = {1}").format(name, column)).rowcount == 0
            assert connection.execute(sql.SQL("DELETE FROM {}").format(name)).rowcount == 0
    insert = sql.SQL(
        "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::public.{0}, %s)"
    ).format(name)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), opened() as connection:
        connection.execute(insert, row)
    with (
        pytest.raises(REFUSED),
        opened() as connection,
        connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(name)),
    ):
        pass
    assert everything(admin) == before


@pytest.mark.parametrize("table", TABLES)
def test_the_right_team_finds_its_own(bound: Pool, world: World, admin: Connection, table: str) -> None:
    name, column = sql.Identifier(table), sql.Identifier("id" if table == "team" else "team_id")
    count = sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(name, column)
    with transactions.of_team(bound, world.team_id) as connection:
        found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
    assert found == admin.execute(count, (world.team_id,)).fetchone()
    assert found != (0,)


def test_a_row_cannot_be_given_to_another_team(bound: Pool, world: World, other_team: int) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), transactions.of_team(bound, world.team_id) as connection:
        connection.execute("UPDATE record SET team_id = %s", (other_team,))


def test_a_team_is_set_for_one_transaction(world: World) -> None:
    with open_pool(world.url, Settings()) as pool:
        for _ in range(2 * pool.max_size):
            with pool.connection() as connection:
                assert connection.execute("SELECT FROM record").rowcount == 0
            with transactions.of_team(pool, world.team_id) as connection:
                assert connection.execute("SELECT FROM record").rowcount > 0
            with transactions.of_all_teams(pool) as connection:
                assert connection.execute("SELECT FROM record").rowcount > 0


def test_a_transaction_that_is_committed_goes_on_for_the_same_team(bound: Pool, world: World) -> None:
    with transactions.of_team(bound, world.team_id) as connection:
        first = connection.execute("SELECT pg_current_xact_id()").fetchone()
        transactions.commit(connection, world.team_id)
        assert connection.execute("SELECT pg_current_xact_id()").fetchone() != first
        assert connection.execute("SELECT FROM record").rowcount > 0


def _user(connection: Connection) -> str:
    row = connection.execute("SELECT current_user").fetchone()
    assert row
    return str(row[0])


def test_the_import_step_alone_is_beyond_it(bound: Pool, world: World) -> None:
    with transactions.of_team(bound, world.team_id) as connection:
        role = _user(connection)
        with transactions.import_step(connection):
            assert _user(connection) != role
            connection.execute("SELECT FROM record")
            chunks.insert_chunks(connection, world.running, [world.chunk])
        assert _user(connection) == role
        connection.rollback()


def test_an_import_step_that_fails_leaves_the_role_as_it_was(bound: Pool, world: World) -> None:
    with transactions.of_team(bound, world.team_id) as connection:
        role = _user(connection)
        with (
            pytest.raises(psycopg.errors.DivisionByZero),
            connection.transaction(),
            transactions.import_step(connection),
        ):
            connection.execute("SELECT 1 / 0")
        assert _user(connection) == role
        assert connection.execute("SELECT FROM record").rowcount > 0


def test_the_login_of_a_connection_is_kept_where_nobody_is_bound(admin: Connection) -> None:
    with admin.transaction(force_rollback=True):
        user = _user(admin)
        with transactions.import_step(admin):
            assert _user(admin) == user
        assert _user(admin) == user


#: Who goes beyond row-level security, and why.
BEYOND: Final = {
    "pool.connection(": {"store/connections/transactions.py"},  # where transactions begin
    ".of_all_teams(": {
        "services/runtime.py",
        "services/api_keys/api_keys.py",  # the commands for keys, which the operator of all teams gives
        "services/api_keys/authentication.py",  # the key that the operator gives the server
        "services/imports/stepping.py",  # a worker serves all teams
        "services/imports/turns.py",  # the queue of all teams
        "worker/retention.py",  # what has no team
    },
    "do_for_all_teams(": {
        "services/runtime.py",
        "api/authentication/callers.py",  # looks up whose a key is
        "api/authentication/key_watch.py",  # looks whether keys are still good
        "api/realtime/handlers.py",  # looks up whose a ticket is
        "cli/audit.py",  # looks up a team by its name
    },
    "import_step(": {"store/connections/transactions.py", "services/imports/jobs.py"},
}


@pytest.mark.parametrize("call", BEYOND)
def test_nothing_else_goes_beyond_it(call: str) -> None:
    source = Path(prismd.__file__).parent
    found = {str(file.relative_to(source)) for file in source.rglob("*.py") if call in file.read_text()}
    assert found == BEYOND[call]
