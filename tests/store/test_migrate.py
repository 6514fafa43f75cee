"""Migrations: from nothing to the head, once, whoever else tries, and never backwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest

from prismd.database_errors import DatabaseUnusableError
from prismd.settings import Settings
from prismd.store import migrate as migrations
from prismd.store.connections import postgres, row_security
from prismd.store.connections.postgres import connect
from prismd.store.migrate import check_schema, known_versions, migrate, schema_state
from tests.processes import eventually
from tests.store.earlier_schema import make_earlier

Known = Callable[..., None]

#: The number of the first migration that a test adds.
LATER: Final = 9001
PRESENT: Final = known_versions()


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    """Have further migrations known, behind those that there are."""
    first = migrations._files()

    def know(*statements: str) -> None:
        files: dict[str, Any] = dict(first)
        for number, statement in enumerate(statements, LATER):
            file = tmp_path / f"{number:04}_later.sql"
            file.write_text(statement)
            files[f"{number:04}"] = file
        monkeypatch.setattr(migrations, "_files", lambda: files)

    return know


def applied(url: str) -> list[str]:
    with connect(url, Settings()) as connection:
        return [row[0] for row in connection.execute("SELECT version FROM schema_migration ORDER BY version")]


def tables(url: str) -> set[str]:
    with connect(url, Settings()) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in found}


def test_servers_that_start_at_once_migrate_one_after_the_other(make_database: Callable[[], str], known: Known) -> None:
    known("CREATE TABLE second ()", "CREATE TABLE third ()")
    url = make_database()
    with ThreadPoolExecutor(4) as together:
        assert list(together.map(lambda _: migrate(url, Settings()), range(4))) == [None] * 4
    assert applied(url) == [*PRESENT, "9001", "9002"]
    check_schema(url, Settings())


def test_what_another_server_made_while_this_one_waited_is_noticed(make_database: Callable[[], str]) -> None:
    url = make_database()
    with connect(url, Settings()) as first, connect(url, Settings()) as second, ThreadPoolExecutor(1) as thread:
        schema_state(second)
        second.commit()
        with migrations.upgrading(first):
            found = thread.submit(state_behind_the_lock, second)
            eventually(lambda: waiting_for_the_lock(url))
            first.execute("CREATE TABLE schema_migration (version text, applied_at timestamptz)")
            first.execute(migrations._NOTE, ("0001",))
        assert found.result() == "0001"


def state_behind_the_lock(connection: postgres.Connection) -> str | None:
    with migrations.upgrading(connection):
        return schema_state(connection).current


def waiting_for_the_lock(url: str) -> bool:
    with connect(url, Settings(), autocommit=True) as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
    return bool(count)


def test_a_database_without_schema_is_told(make_database: Callable[[], str]) -> None:
    with pytest.raises(DatabaseUnusableError, match=r"the database is empty, .* run `prismd migrate`"):
        check_schema(make_database(), Settings())


def test_a_database_that_is_behind_is_told_and_brought_up(make_database: Callable[[], str], known: Known) -> None:
    url = make_database()
    migrate(url, Settings())
    known("ALTER TABLE team ADD COLUMN later text")
    with pytest.raises(DatabaseUnusableError, match=f"has schema {PRESENT[-1]}, .* needs 9001: run `prismd migrate`"):
        check_schema(url, Settings())
    migrate(url, Settings())
    check_schema(url, Settings())


def test_a_newer_schema_is_left_alone(make_database: Callable[[], str]) -> None:
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        connection.execute("INSERT INTO schema_migration VALUES ('9999', now())")
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match=r"has schema 9999, .* install a newer prismd"):
            use(url, Settings())


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        ("0016", "run `prismd backup FILE`, then `prismd restore FILE` into a new database"),
        ("0009", "run `prismd migrate` of the last prismd that has schema 0016, then"),
    ],
)
def test_a_schema_from_before_the_first_migration_is_left_alone(
    make_database: Callable[[], str], version: str, advice: str
) -> None:
    url = make_database()
    make_earlier(url, version)
    before = tables(url)
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match=f"has schema {version}, which is older than .*: {advice}"):
            use(url, Settings())
    assert tables(url) == before


def test_the_history_of_another_program_is_not_taken_for_an_earlier_one(make_database: Callable[[], str]) -> None:
    url = make_database()
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version AS SELECT 'ae1027a6acf'::text AS version_num")
        assert not schema_state(connection).is_earlier
    with pytest.raises(DatabaseUnusableError, match="has schema ae1027a6acf, this prismd knows up to"):
        migrate(url, Settings())
    assert tables(url) == {"alembic_version"}


def test_a_migration_that_fails_leaves_nothing(make_database: Callable[[], str]) -> None:
    url = make_database()
    with connect(url, Settings()) as connection:
        connection.execute("CREATE TABLE import_job ()")
    with pytest.raises(DatabaseUnusableError, match='the schema cannot be made: relation "import_job" already exists'):
        migrate(url, Settings())
    assert tables(url) == {"import_job"}


def test_a_migration_that_fails_leaves_those_before_it(make_database: Callable[[], str], known: Known) -> None:
    url = make_database()
    known("CREATE TABLE second ()", "CREATE TABLE third (); CREATE TABLE second ()")
    with pytest.raises(DatabaseUnusableError, match='the schema cannot be made: relation "second" already exists'):
        migrate(url, Settings())
    assert applied(url) == [*PRESENT, "9001"]
    assert {"second", "third"} & tables(url) == {"second"}
    known("CREATE TABLE second ()", "CREATE TABLE third ()")
    migrate(url, Settings())
    assert applied(url) == [*PRESENT, "9001", "9002"]


def test_a_table_of_a_later_migration_comes_under_row_level_security_with_it(
    make_database: Callable[[], str], known: Known
) -> None:
    url = make_database()
    migrate(url, Settings())
    known("CREATE TABLE second (team_id bigint, id bigint, PRIMARY KEY (team_id, id))", "SELECT 1 / 0")
    with pytest.raises(DatabaseUnusableError, match="division by zero"):
        migrate(url, Settings())
    with connect(url, Settings()) as connection:
        assert row_security.is_set_up(connection)
        policies = connection.execute("SELECT polname FROM pg_policy WHERE polrelid = 'second'::regclass").fetchall()
    assert policies == [("of_team",)]


def test_an_old_server_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # No old PostgreSQL is at hand, so the line is drawn above the one that is.
    monkeypatch.setattr(postgres, "SERVER_VERSION_MIN", 990000)
    with pytest.raises(DatabaseUnusableError, match=r"prismd needs PostgreSQL 15 or newer, this server is \d+\.\d+"):
        connect(database_url, Settings())


def test_each_migration_has_a_number_of_its_own() -> None:
    """Of two with one number, one would never be applied."""
    folder = Path(migrations.__file__).parent / "migrations" / "versions"
    numbers = sorted(file.name.split("_", 1)[0] for file in folder.iterdir())
    assert numbers == known_versions() == sorted(set(numbers))
    assert all(len(number) == len("0001") and number.isdecimal() for number in numbers)
