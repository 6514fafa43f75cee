"""Row-level security on a PostgreSQL that an operator gives: with few rights, with all, and with the wrong ones."""

from __future__ import annotations

import os
import pwd
import re
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, sql

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.as_owner import Owner
from prismd.embedded.programs import programs_for
from prismd.settings import Settings
from prismd.store.connections.postgres import connect, open_pool
from prismd.store.connections.row_security import is_superuser
from prismd.store.connections.transactions import of_team
from prismd.store.migrate import check_schema, migrate
from prismd.store.teams import insert_team
from tests.processes import PATIENCE_S, eventually

DEPLOY = Path(__file__).parents[2] / "deploy"
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def operators() -> Iterator[str]:
    """A PostgreSQL of an operator's, who is its superuser and lets everybody log in."""
    runner = _runner()
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        os.chown(made, runner.uid, runner.gid)
        programs, data = programs_for(runner), f"{made}/data"
        initdb = [f"{programs}/initdb", "-D", data, "--username=operator", "--auth=trust", "--encoding=UTF8"]
        subprocess.run(initdb, check=True, capture_output=True, cwd="/", **runner.process())
        postgres = [f"{programs}/postgres", "-D", data, "-c", "listen_addresses=", "-k", made]
        url = conninfo.make_conninfo(host=made, user="operator", dbname="postgres")
        with subprocess.Popen(postgres, stderr=subprocess.DEVNULL, cwd="/", **runner.process()) as process:
            eventually(lambda: _answers(url))
            yield url
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)


def _runner() -> Owner:
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid())
    user = pwd.getpwnam(Settings().postgres_user)
    return Owner(user.pw_uid, user.pw_gid, borrowed=True, name=user.pw_name)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture
def operator(operators: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(operators, autocommit=True) as opened:
        yield opened


Given = Callable[[str], str]


@pytest.fixture
def give(operators: str, operator: psycopg.Connection) -> Given:
    """Make a login with some options, and a database that it owns; return its URL."""

    def make(options: str) -> str:
        name = f"login_{secrets.token_hex(4)}"
        operator.execute(f"CREATE ROLE {name} LOGIN {options}".encode())
        operator.execute(f"CREATE DATABASE {name} OWNER {name} ENCODING 'UTF8' TEMPLATE template0".encode())
        return conninfo.make_conninfo(operators, user=name, dbname=name)

    return make


def login_of(url: str) -> str:
    return str(conninfo.conninfo_to_dict(url)["user"])


def holds(url: str) -> None:
    """See that one team does not find what another one has."""
    with connect(url, Settings()) as connection:
        teams = [insert_team(connection, secrets.token_hex(4), NOW) for _ in range(2)]
    with open_pool(url, Settings()) as pool:
        for team in teams:
            with of_team(pool, team) as connection:
                assert connection.execute("SELECT id FROM team").fetchall() == [(team,)]
                row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
                assert row == (False,)
        with pool.connection() as connection:
            assert connection.execute("SELECT id FROM team").fetchall() == []


@pytest.mark.parametrize("options", ["CREATEROLE", "SUPERUSER"])
def test_a_login_that_may_make_roles_is_enough(give: Given, options: str) -> None:
    url = give(options)
    migrate(url, Settings())
    check_schema(url, Settings())
    holds(url)


def test_the_login_that_the_compose_file_makes_is_enough(operators: str, operator: psycopg.Connection) -> None:
    host = str(conninfo.conninfo_to_dict(operators)["host"])
    operator.execute("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'secret'")
    operator.execute("CREATE DATABASE prismd ENCODING 'UTF8' TEMPLATE template0")
    psql = [f"{programs_for(_runner())}/psql", "--host", host, "--set=ON_ERROR_STOP=1", "--no-psqlrc", "--quiet"]
    environment = {**os.environ, "POSTGRES_PASSWORD": "it's secret"}
    file = str(DEPLOY / "login.sql")
    subprocess.run([*psql, "--username=postgres", "--dbname=prismd", f"--file={file}"], check=True, env=environment)
    found = operator.execute("SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL").fetchall()
    assert found == [("prismd",)]
    url = conninfo.make_conninfo(operators, user="prismd", dbname="prismd")
    migrate(url, Settings())
    holds(url)
    with connect(url, Settings()) as connection:
        assert not is_superuser(connection)


def test_a_login_that_may_not_is_told_what_to_run_which_is_enough(give: Given, operator: psycopg.Connection) -> None:
    url = give("")
    for _ in range(2):
        with pytest.raises(DatabaseUnusableError) as refused:
            migrate(url, Settings())
        with pytest.raises(DatabaseUnusableError, match="the database is empty"):
            check_schema(url, Settings())
    asked = re.search(
        r'run, as a superuser, (CREATE ROLE "\w+_team" NOLOGIN; GRANT "\w+_team" TO "\w+";)', str(refused.value)
    )
    assert asked, refused.value
    operator.execute(asked[1].encode())
    migrate(url, Settings())
    check_schema(url, Settings())
    holds(url)


def test_a_role_that_the_login_may_not_take_is_told(give: Given, operator: psycopg.Connection) -> None:
    url = give("")
    operator.execute(f"CREATE ROLE {login_of(url)}_team NOLOGIN".encode())
    with pytest.raises(DatabaseUnusableError, match=r'run, as a superuser, CREATE ROLE .*; GRANT "\w+_team" TO'):
        migrate(url, Settings())


@pytest.mark.parametrize("option", ["SUPERUSER", "BYPASSRLS"])
def test_a_role_that_it_does_not_bind_is_refused(give: Given, operator: psycopg.Connection, option: str) -> None:
    url = give("CREATEROLE")
    migrate(url, Settings())
    operator.execute(f"ALTER ROLE {login_of(url)}_team {option}".encode())
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match=r"row-level security does not bind the role .* NOBYPASSRLS"):
            use(url, Settings())


def test_a_role_that_owns_the_tables_is_refused(give: Given) -> None:
    url = give("CREATEROLE")
    migrate(url, Settings())
    login = login_of(url)
    with psycopg.connect(url, user="operator") as connection:
        connection.execute(f"GRANT SELECT ON team TO {login}; ALTER TABLE team OWNER TO {login}_team".encode())
    with pytest.raises(DatabaseUnusableError, match=r'does not bind the role .* on the table "team"'):
        migrate(url, Settings())


def test_a_login_that_it_binds_is_refused_and_one_that_is_a_member_of_the_owner_is_not(
    give: Given, operator: psycopg.Connection
) -> None:
    """The first would find no import to work at, and never say so."""
    url = give("CREATEROLE")
    migrate(url, Settings())
    owner, other = login_of(url), f"login_{secrets.token_hex(4)}"
    operator.execute(f"CREATE ROLE {other} LOGIN; CREATE ROLE {other}_team; GRANT {other}_team TO {other}".encode())
    with psycopg.connect(url, user="operator") as connection:
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {other}".encode())
    theirs = conninfo.make_conninfo(url, user=other)
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match=rf'binds the login "{other}" on the table "api_key"'):
            use(theirs, Settings())
    operator.execute(f"GRANT {owner} TO {other}".encode())
    migrate(theirs, Settings())
    check_schema(theirs, Settings())
    holds(theirs)
    holds(url)


def test_an_owner_that_it_is_forced_on_is_refused(give: Given) -> None:
    url = give("CREATEROLE")
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        connection.execute("ALTER TABLE import_job FORCE ROW LEVEL SECURITY")
    with pytest.raises(DatabaseUnusableError, match=r'binds the login .* on the table "import_job".*FORCE'):
        migrate(url, Settings())


def test_two_databases_of_one_postgresql_do_not_see_each_other(give: Given) -> None:
    """The role of one is no role of the other: else its login could take it there, and name any team."""
    ours, theirs = give("CREATEROLE"), give("CREATEROLE")
    for url in (ours, theirs):
        migrate(url, Settings())
    intruder = conninfo.make_conninfo(theirs, user=login_of(ours))
    with connect(intruder, Settings(), autocommit=True) as connection:
        for role in (f"{login_of(ours)}_team", login_of(ours)):
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT FROM team")


def test_another_schema_is_put_under_it_too(give: Given, operator: psycopg.Connection) -> None:
    url = give("CREATEROLE")
    login = login_of(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA ours")
    operator.execute(f"ALTER ROLE {login} SET search_path = ours".encode())
    migrate(url, Settings())
    holds(url)


def test_an_upgrade_is_refused_before_it_changes_anything(give: Given) -> None:
    url = give("")
    with pytest.raises(DatabaseUnusableError, match="run, as a superuser"):
        migrate(url, Settings())
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        assert found.fetchone() == (0,)
