"""Migrations: from nothing to the head, once, whoever else tries, and never backwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from prismd.settings import Settings
from prismd.store import postgres
from prismd.store.migrate import check_schema, migrate
from prismd.store.postgres import DatabaseUnusableError, connect


def test_servers_that_start_at_once_migrate_one_after_the_other(make_database: Callable[[], str]) -> None:
    url = make_database()
    with ThreadPoolExecutor(4) as together:
        assert list(together.map(lambda _: migrate(url, Settings()), range(4))) == [None] * 4
    check_schema(url, Settings())


def test_a_database_without_schema_is_told(make_database: Callable[[], str]) -> None:
    with pytest.raises(DatabaseUnusableError, match=r"the database is empty, .* run `prismd migrate`"):
        check_schema(make_database(), Settings())


def test_a_newer_schema_is_left_alone(make_database: Callable[[], str]) -> None:
    url = make_database()
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for use in (migrate, check_schema):
        with pytest.raises(DatabaseUnusableError, match=r"has schema 9999, .* install a newer prismd"):
            use(url, Settings())


def test_a_migration_that_fails_leaves_nothing(make_database: Callable[[], str]) -> None:
    url = make_database()
    with connect(url, Settings()) as connection:
        connection.execute("CREATE TABLE import_job ()")
    with pytest.raises(DatabaseUnusableError, match='the schema cannot be made: relation "import_job" already exists'):
        migrate(url, Settings())
    with connect(url, Settings()) as connection:
        found = connection.execute("SELECT relname FROM pg_class WHERE relname IN ('team', 'alembic_version')")
        assert found.fetchall() == []


def test_an_old_server_is_told(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # No old PostgreSQL is at hand, so the line is drawn above the one that is.
    monkeypatch.setattr(postgres, "SERVER_VERSION_MIN", 990000)
    with pytest.raises(DatabaseUnusableError, match=r"prismd needs PostgreSQL 15 or newer, this server is \d+\.\d+"):
        connect(database_url, Settings())
