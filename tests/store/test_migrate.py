"""Migrations: from nothing to the head, once, whoever else tries, and never backwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

import pytest

from prismd.core.api_keys.scopes import Scope
from prismd.core.properties.native import native_schema
from prismd.core.properties.schema import LISTS, OBJECT_TYPES, Kind
from prismd.core.records.keys import KeyRule
from prismd.database_errors import DatabaseUnusableError
from prismd.services.api_keys.api_keys import digest_of
from prismd.services.api_keys.authentication import authenticate
from prismd.services.records.keys import ensure_key, find_by_key
from prismd.settings import Settings
from prismd.store.connections import postgres
from prismd.store.connections.postgres import connect
from prismd.store.migrate import _upgrade, check_schema, migrate
from prismd.store.properties import load_schema
from prismd.store.records.record_keys import keys_in_use

DEALS, PEOPLE = "01920000-0000-7000-8000-00000000dea1", "01920000-0000-7000-8000-000000009e09"


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


def test_lists_and_views_of_before_get_what_they_would_start_with_now(make_database: Callable[[], str]) -> None:
    """Up to schema 0004 a list took one type and had no view of its own, and a view was of any kind."""
    url = make_database()
    migrate(url, Settings())
    migration = files("prismd.store.migrations.versions").joinpath("0005_what_lists_start_with.sql").read_text()
    old = [("Board", '{"a":1.50,"b":1E+400}'), ("Grid", "{}"), ("kanban", "{}"), ("list", "[]"), ("calendar", "{}")]
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute("INSERT INTO team (public_id, created_at) VALUES ('team', now())")
        for list_id, object_type in ((DEALS, "deal"), (PEOPLE, "identity")):
            connection.execute(
                "INSERT INTO list (team_id, id, object_type, template_id, name, created_at)"
                " VALUES (1, %s, %s, 'custom', 'x', now())",
                (list_id, object_type),
            )
            stage = connection.execute(
                "INSERT INTO property (team_id, object_type, id, slug, type, name, list_id, alias, created_at) VALUES"
                " (1, %s, gen_random_uuid(), 'app_stage', 'select_str', 'Phase', %s, 'app_stage', now()) RETURNING id",
                (object_type, list_id),
            ).fetchone()
            assert stage is not None
            connection.execute(
                "INSERT INTO property_option (team_id, object_type, property_id, id, slug, value, sort_index)"
                " SELECT 1, %s, %s, gen_random_uuid(), slug, upper(slug), place"
                " FROM unnest('{lead,won}'::text[]) WITH ORDINALITY AS given (slug, place)",
                (object_type, stage[0]),
            )
        for kind, layout in old:
            definition = f'{{"view_type":"{kind}","name":"x","column_layout":{layout}}}'
            connection.execute(
                "INSERT INTO view (team_id, id, object_type, definition, created_at, updated_at)"
                " VALUES (1, gen_random_uuid(), 'deal', %s, now(), now())",
                (definition,),
            )
        connection.execute(
            "INSERT INTO view (team_id, id, object_type, list_id, definition, created_at, updated_at)"
            """ VALUES (1, gen_random_uuid(), 'identity', %s, '{"view_type":"grid"}', now(), now())""",
            (PEOPLE,),
        )
        connection.execute(migration.encode())
        views = connection.execute(
            "SELECT definition ->> 'view_type', definition #>> '{column_layout}' FROM view WHERE list_id IS NULL"
        ).fetchall()
        assert sorted(views) == sorted(
            zip(["kanban", "grid", "kanban", "list", "grid"], [layout for _, layout in old], strict=True)
        )
        lists = connection.execute(
            "SELECT object_type, definition ->> 'name', definition ->> 'group_by' FROM view WHERE list_id IS NOT NULL"
            " ORDER BY object_type, created_at"
        ).fetchall()
        assert lists == [("deal", "Table", None), ("deal", "Board", "app_stage"), ("identity", None, None)]
        in_deals, in_people = (
            {
                object_type: [
                    (prop.name, prop.alias, [(option.slug, option.value) for option in prop.options])
                    for prop in load_schema(connection, 1, object_type)
                    if prop.list_id == list_id
                ]
                for object_type in OBJECT_TYPES
            }
            for list_id in (DEALS, PEOPLE)
        )
        stage_now = [("Phase", "app_stage", [("lead", "LEAD"), ("won", "WON")])]
        assert {kind for kind, found in in_deals.items() if found == stage_now} == {"deal", "identity", "organization"}
        assert [kind for kind, found in in_people.items() if found == stage_now] == ["identity"]
        keys = connection.execute("SELECT object_type FROM key_property WHERE key = '/lists' ORDER BY 1").fetchall()
        assert keys == [("deal",), ("identity",), ("organization",)]


def test_each_migration_has_a_number_of_its_own() -> None:
    """Two with one number would be two heads, and no server would start."""
    versions = files("prismd.store.migrations.versions")
    numbers = sorted(file.name.split("_", 1)[0] for file in versions.iterdir() if file.name.endswith(".sql"))
    assert numbers == [f"{1 + place:04}" for place in range(len(numbers))]


_DATED: Final = """
INSERT INTO team (public_id, created_at) VALUES ('team', now());
INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties) VALUES
    (1, 'contact', gen_random_uuid(), 1, now(), now(),
     '{"last_interaction_date": "2024-05-31T00:00:00Z", "email": "a@b.c\\u200b", "/lists": ["one", "two"]}'),
    (1, 'contact', gen_random_uuid(), 1, now(), now(), '{"last_interaction_date": "2024-05-31", "/lists": ["two"]}');
INSERT INTO key_property VALUES
    (1, 'contact', 'email'), (1, 'contact', 'last_interaction_date'), (1, 'contact', '/lists');
INSERT INTO record_key SELECT 1, hashtextextended(id::text, 0), id FROM record;
"""


def test_keys_are_made_anew_at_their_next_use_and_those_of_lists_at_once(make_database: Callable[[], str]) -> None:
    """Up to schema 0009 a day and its midnight were two keys, and so were texts that end with what nobody sees."""
    url = make_database()
    with connect(url, Settings()) as connection:
        _upgrade(connection, "0004")
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute(_DATED)
    migrate(url, Settings())
    schema = native_schema("contact")
    with connect(url, Settings()) as connection:
        assert list(keys_in_use(connection, 1, "contact")) == [LISTS.key]
        hashes = [KeyRule("contact", LISTS, fold_case=True).hashes([one])[0] for one in ("one", "two", "two")]
        found = connection.execute("SELECT key_hash FROM record_key ORDER BY key_hash").fetchall()
        assert found == [(one,) for one in sorted(hashes)]
        for slug, value, count in (("last_interaction_date", "2024-05-31", 2), ("email", "A@B.C", 1)):
            prop = schema.properties[slug]
            ensure_key(connection, 1, "contact", prop)
            rule = KeyRule("contact", prop, fold_case=True)
            assert len(find_by_key(connection, 1, rule, "contact", value)) == count


def test_keys_of_before_go_on_being_good_for_everything(make_database: Callable[[], str]) -> None:
    """Up to schema 0012 keys had no scopes and no end."""
    url = make_database()
    with connect(url, Settings()) as connection:
        _upgrade(connection, "0012")
    with connect(url, Settings(), autocommit=True) as connection:
        connection.execute("INSERT INTO team (public_id, created_at) VALUES ('team', now())")
        connection.execute(
            "INSERT INTO api_key (id, team_id, name, digest, hint, created_at) VALUES (%s, 1, 'old', %s, '', now())",
            (DEALS, digest_of("prismd_old")),
        )
    migrate(url, Settings())
    with connect(url, Settings()) as connection:
        caller = authenticate(connection, "prismd_old", "team", now=datetime(9999, 1, 1, tzinfo=UTC))
        assert caller.scopes.texts() == list(Scope)
