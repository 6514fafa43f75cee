"""Migrations: from nothing to the head, once, whoever else tries, and never backwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files

import pytest

from prismd.core.native import native_schema
from prismd.core.schema import OBJECT_TYPES, Kind
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


def test_numbers_are_no_keys_after_an_upgrade_until_they_are_used_again(make_database: Callable[[], str]) -> None:
    """Up to schema 0003 fractions had been rounded before they became keys."""
    url = make_database()
    migrate(url, Settings())
    migration = files("prismd.store.migrations.versions").joinpath("0004_numbers_as_keys.sql").read_text()
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute("INSERT INTO team (public_id, created_at) VALUES ('team', now())")
        connection.execute(
            "INSERT INTO property (team_id, object_type, id, slug, type, name, created_at)"
            " VALUES (1, 'contact', gen_random_uuid(), 'score', 'num', '', now()),"
            " (1, 'contact', gen_random_uuid(), 'badge', 'str', '', now())"
        )
        for key in ("email", "score", "badge"):
            connection.execute("INSERT INTO key_property VALUES (1, 'contact', %s)", (key,))
        connection.execute("INSERT INTO key_property VALUES (1, 'organization', 'employee_count')")
        connection.execute(migration.encode())
        kept = connection.execute("SELECT key FROM key_property ORDER BY key").fetchall()
    assert kept == [("badge",), ("email",)]


def test_every_native_number_is_named_in_that_upgrade() -> None:
    migration = files("prismd.store.migrations.versions").joinpath("0004_numbers_as_keys.sql").read_text()
    numbers = {
        prop.slug
        for kind in OBJECT_TYPES
        for prop in native_schema(kind)
        if prop.kind is Kind.NUM and not prop.read_only
    }
    assert not [slug for slug in numbers if f"'{slug}'" not in migration]
