"""Dumps and databases: what is taken over, what is refused, and that a restore is all or nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from prismd.database_errors import DatabaseUnusableError
from prismd.embedded.programs import installed_programs
from prismd.services.backups import RestoreRefusedError, back_up, restore
from prismd.settings import Settings
from prismd.store import migrate as migrations
from prismd.store.backups.client_programs import dumping_program, environment_for, reading_program
from prismd.store.backups.dumps import BadDumpError
from prismd.store.backups.whole_file import existing_file, whole_file
from prismd.store.connections.postgres import connect
from prismd.store.migrate import check_schema, known_versions, migrate
from tests.store.earlier_schema import make_earlier

SETTINGS = Settings()
TEXTS = ["plain", "", "\\.", "\\N", "tab\tand\nline\r\n", "quote \"'", "\u2028 ünï 🎉", "\\\\.\n\\."]


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    """A database with two teams, and texts in it that dumps have to protect."""
    url = make_database()
    migrate(url, SETTINGS)
    with connect(url, SETTINGS) as connection:
        fill(connection)
    return url


def fill(connection: psycopg.Connection[Any]) -> None:
    connection.execute(
        "INSERT INTO team (public_id, created_at) VALUES ('gone', now()), ('one', now()), ('two', now())"
    )
    connection.execute("DELETE FROM team WHERE public_id = 'gone'")
    for number, text in enumerate(TEXTS):
        values = (number, Jsonb({"full_name": text}))
        connection.execute(
            "INSERT INTO record (team_id, object_type, id, version, created_at, updated_at, properties) "
            "SELECT id, 'contact', lpad(%s::text, 32, '0')::uuid, 1, now(), now(), %s FROM team",
            values,
        )
        claim = (text + str(number), Jsonb({"a": text}), text.encode() + b"\0\\\n")
        connection.execute(
            "INSERT INTO idempotency_claim (team_id, key, fingerprint, status, headers, body, created_at) "
            "SELECT id, %s, '\\x00ff0a5c', 200, %s, %s, now() FROM team",
            claim,
        )
    connection.execute("SELECT nextval('import_turn') FROM generate_series(1, 41)")


#: One has ended, one runs and waits after a failure, one has not begun.
EARLIER_JOBS = """
INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, cursor, created, turn,
                        not_before, created_at, updated_at, expires_at)
SELECT (SELECT min(id) FROM team), lpad(n::text, 32, '0')::uuid, 'contact', false, state, '{}', 2, 2, 0, 0, 10 + n,
       CASE n WHEN 2 THEN '2026-01-03'::timestamptz ELSE '-infinity' END, '2026-01-01', '2026-01-02', 'infinity'
FROM unnest(ARRAY['cancelled', 'running', 'queued']) WITH ORDINALITY AS job (state, n)
"""
#: Their entries in the queue of today.
QUEUE = """
SELECT right(job_id::text, 1), running, turn, not_before = '2026-01-03', created_at = '2026-01-01',
       moved_at = '2026-01-02'
FROM import_queue ORDER BY turn
"""


def content(url: str) -> dict[str, list[Any]]:
    """All rows of all tables, but for when migrations were applied, and where all sequences stand."""
    with connect(url, SETTINGS) as connection:
        names = connection.execute(
            "SELECT relname, relkind FROM pg_class "
            "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')"
        ).fetchall()
        found = {}
        for name, kind in names:
            asked = "SELECT last_value, is_called FROM {0}" if kind in ("S", b"S") else "SELECT t::text FROM {0} AS t"
            if name == "schema_migration":
                asked = "SELECT version FROM {0}"
            found[name] = sorted(connection.execute(sql.SQL(asked).format(sql.Identifier(name))).fetchall())
        return found


def kept(url: str, file: Path) -> Path:
    with whole_file(file) as opened:
        back_up(url, SETTINGS, opened)
    return file


def restored(file: Path, url: str, *, replace: bool = False) -> Any:
    with existing_file(file) as opened:
        return restore(url, SETTINGS, opened, replace=replace)


@contextmanager
def unchanged(url: str) -> Iterator[None]:
    before = content(url)
    yield
    assert content(url) == before


def test_every_row_and_every_sequence_is_as_it_was(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    target = make_database()
    made = restored(kept(database, tmp_path / "b"), target)
    assert (made.rows["team"], made.rows["record"], made.left_out) == (2, 2 * len(TEXTS), [])
    assert content(target) == content(database)
    check_schema(target, SETTINGS)
    with connect(target, SETTINGS) as connection:
        connection.execute("INSERT INTO team (public_id, created_at) VALUES ('three', now())")
        assert connection.execute("SELECT id FROM team WHERE public_id = 'three'").fetchone() == (4,)
        assert connection.execute("SELECT nextval('import_turn')").fetchone() == (42,)


def test_a_database_with_the_schema_alone_is_empty(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    target = make_database()
    migrate(target, SETTINGS)
    restored(kept(database, tmp_path / "b"), target)
    assert content(target) == content(database)


#: A migration behind all that there are, and before the one that no prismd knows.
LATER = "9998"


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have a further migration known, as a newer prismd does, which changes rows that are there."""
    files: dict[str, Any] = dict(migrations._files())
    files[LATER] = tmp_path / f"{LATER}_later.sql"
    files[LATER].write_text("ALTER TABLE team ADD COLUMN later text; UPDATE team SET later = public_id || ' later'")
    return lambda: monkeypatch.setattr(migrations, "_files", lambda: files)


def test_a_backup_of_an_older_schema_is_brought_to_this_one(
    tmp_path: Path, database: str, make_database: Callable[[], str], later: Callable[[], None]
) -> None:
    file, target, head = kept(database, tmp_path / "b"), make_database(), known_versions()[-1]
    later()
    made = restored(file, target)
    assert (made.schema, made.head) == (head, LATER)
    check_schema(target, SETTINGS)
    migrate(database, SETTINGS)
    assert content(target) == content(database)
    assert "one later" in str(content(target)["team"])


def begin(rows: list[Any], texts: list[str]) -> bool:
    """Whether rows begin as those of before, whose tables had fewer columns."""
    return len(rows) == len(texts) and all(row.startswith(text) for (row,), text in zip(rows, texts, strict=True))


def added(found: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return the tables that later migrations made; a restore of earlier rows leaves them empty."""
    return {name: [] for name in found.keys() - before.keys()}


def test_the_rows_of_the_last_schema_before_the_first_migration_are_taken_over(
    tmp_path: Path, make_database: Callable[[], str]
) -> None:
    old, target = make_database(), make_database()
    make_earlier(old, "0016")
    with connect(old, SETTINGS) as connection:
        fill(connection)
        connection.execute(EARLIER_JOBS)
    file = kept(old, tmp_path / "b")
    before = content(old)
    jobs = before.pop("import_job")
    made = restored(file, target)
    assert (made.schema, made.head, made.left_out) == ("0016", known_versions()[-1], [])
    check_schema(target, SETTINGS)
    restored(file, old, replace=True)
    check_schema(old, SETTINGS)
    for url in (target, old):
        found = content(url)
        assert found.pop("schema_migration")
        narrowed = [row.rsplit(",", 2)[0] for (row,) in jobs]
        assert begin(found.pop("import_job"), narrowed)
        results = before["import_result"]
        assert begin(found.pop("import_result"), [row.removesuffix(")") for (row,) in results])
        assert found.pop("import_queue")
        with connect(url, SETTINGS) as connection:
            entries = connection.execute(QUEUE).fetchall()
        assert entries == [("2", True, 12, True, True, True), ("3", False, 13, False, True, True)]
        gone = {"alembic_version", "import_result"}
        assert found == {name: rows for name, rows in before.items() if name not in gone} | added(found, before)


def test_a_backup_of_a_still_earlier_schema_is_refused(tmp_path: Path, make_database: Callable[[], str]) -> None:
    old, target = make_database(), make_database()
    make_earlier(old, "0009")
    file = kept(old, tmp_path / "b")
    with pytest.raises(RestoreRefusedError, match=r"has schema 0009, which is older .* that has schema 0016, then"):
        restored(file, target)
    assert content(target) == {}


def test_tables_that_are_not_prismds_are_left_out_and_named(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    with connect(database, SETTINGS) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS text")
    target = make_database()
    made = restored(kept(database, tmp_path / "b"), target)
    assert made.left_out == ["notes"]
    assert "notes" not in content(target)


def test_nothing_of_others_in_a_dump_is_run(tmp_path: Path, database: str, make_database: Callable[[], str]) -> None:
    """A dump may come from anywhere: its rows are taken, and no function, rule, role or trigger."""
    with connect(database, SETTINGS) as connection:
        connection.execute(
            "CREATE FUNCTION evil() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN CREATE TABLE evil (); RETURN NEW; END $$;"
            "CREATE TRIGGER evil BEFORE INSERT ON record FOR EACH ROW EXECUTE FUNCTION evil();"
            "CREATE RULE evil AS ON INSERT TO view DO ALSO DELETE FROM team"
        )
    target = make_database()
    restored(kept(database, tmp_path / "b"), target)
    with connect(target, SETTINGS) as connection:
        found = connection.execute("SELECT FROM pg_proc WHERE proname = 'evil'").fetchall()
        assert found + connection.execute("SELECT FROM pg_class WHERE relname = 'evil'").fetchall() == []


def test_a_database_that_holds_something_is_left_alone_unless_asked(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    target = make_database()
    migrate(target, SETTINGS)
    with connect(target, SETTINGS) as connection:
        connection.execute("INSERT INTO team (public_id, created_at) VALUES ('old', now())")
    file = kept(database, tmp_path / "b")
    with unchanged(target), pytest.raises(RestoreRefusedError, match=r"not empty \(team hold rows\).* --replace"):
        restored(file, target)
    restored(file, target, replace=True)
    assert content(target) == content(database)


def test_an_upgraded_database_goes_back_to_the_backup_from_before(
    tmp_path: Path, database: str, later: Callable[[], None]
) -> None:
    url, file = database, kept(database, tmp_path / "b")
    later()
    migrate(url, SETTINGS)
    with connect(url, SETTINGS) as connection:
        connection.execute("DELETE FROM record")
    restored(file, url, replace=True)
    assert len(content(url)["record"]) == 2 * len(TEXTS)


def test_a_database_in_use_is_left_alone(tmp_path: Path, database: str) -> None:
    file = kept(database, tmp_path / "b")
    with unchanged(database), connect(database, SETTINGS), pytest.raises(RestoreRefusedError, match="1 other"):
        restored(file, database, replace=True)


def test_tables_of_another_program_are_left_alone(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    target, file = make_database(), kept(database, tmp_path / "b")
    with connect(target, SETTINGS) as connection:
        connection.execute("CREATE TABLE record AS SELECT 1 AS x")
    with unchanged(target), pytest.raises(RestoreRefusedError, match=r"not prismd's \(record\)"):
        restored(file, target, replace=True)


@pytest.mark.parametrize("version", ["9999", "0005x", "'; DROP TABLE team; --"])
def test_a_backup_of_an_unknown_schema_is_refused(
    tmp_path: Path, database: str, make_database: Callable[[], str], version: str
) -> None:
    with connect(database, SETTINGS) as connection:
        connection.execute("DELETE FROM schema_migration")
        connection.execute("INSERT INTO schema_migration VALUES (%s, now())", (version,))
    target, file = make_database(), kept(database, tmp_path / "b")
    with pytest.raises(RestoreRefusedError, match="install the prismd that made it, or a newer one"):
        restored(file, target)
    assert content(target) == {}


def test_a_newer_database_is_not_replaced(tmp_path: Path, database: str, make_database: Callable[[], str]) -> None:
    target, file = make_database(), kept(database, tmp_path / "b")
    migrate(target, SETTINGS)
    with connect(target, SETTINGS) as connection:
        connection.execute("INSERT INTO schema_migration VALUES ('9999', now())")
    with unchanged(target), pytest.raises(RestoreRefusedError, match="which this prismd does not know"):
        restored(file, target, replace=True)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8, 0.9, 0.97, 0.999])
def test_a_backup_that_was_cut_off_changes_nothing(tmp_path: Path, database: str, share: float) -> None:
    whole = kept(database, tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: int(len(whole) * share)])
    with unchanged(database), pytest.raises(BadDumpError):
        restored(tmp_path / "cut", database, replace=True)


def test_damage_in_the_middle_changes_nothing_or_is_no_damage(tmp_path: Path, database: str) -> None:
    whole = kept(database, tmp_path / "b").read_bytes()
    before = content(database)
    refused = 0
    for place in range(len(whole) // 2, len(whole), max(1, len(whole) // 60)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            restored(tmp_path / "damaged", database, replace=True)
        except DatabaseUnusableError:
            refused += 1
        assert content(database) == before
    assert refused


def test_rows_that_the_schema_does_not_take_are_the_backups_fault(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    with connect(database, SETTINGS) as connection:
        connection.execute("ALTER TABLE team ADD COLUMN more text")
    target, file = make_database(), kept(database, tmp_path / "b")
    with pytest.raises(BadDumpError, match=r"do not fit the schema that it names: column \"more\""):
        restored(file, target)
    assert content(target) == {}


def test_a_dump_of_another_program_is_told(tmp_path: Path, make_database: Callable[[], str]) -> None:
    url = make_database()
    with connect(url, SETTINGS) as connection:
        connection.execute("CREATE TABLE notes AS SELECT 'mine' AS text")
    environment, rest = environment_for(url)
    with (tmp_path / "b").open("wb") as file:
        subprocess.run(
            [dumping_program(150_000).path, "-Fc", f"--dbname={rest}"], env=environment, stdout=file, check=True
        )
    with pytest.raises(BadDumpError, match="something else than one database of prismd"):
        restored(tmp_path / "b", make_database())


def test_a_schema_of_another_name_takes_the_backup(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    target = make_database()
    with connect(target, SETTINGS, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA prism")
        database_name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET search_path = prism").format(database_name))
    restored(kept(database, tmp_path / "b"), target)
    again = make_database()
    restored(kept(target, tmp_path / "c"), again)
    assert content(again) == content(database)


def test_a_dump_waits_for_whoever_writes_and_sees_what_is_committed(
    tmp_path: Path, database: str, make_database: Callable[[], str]
) -> None:
    with connect(database, SETTINGS) as writer:
        writer.execute("INSERT INTO team (public_id, created_at) VALUES ('not committed', now())")
        file = kept(database, tmp_path / "b")
    assert restored(file, make_database()).rows["team"] == 2


def test_the_programs_are_those_that_come_along_where_they_fit() -> None:
    ours = installed_programs()
    assert ours is not None
    assert dumping_program(180_004).path == ours / "pg_dump"
    assert reading_program().path == ours / "pg_restore"


def test_a_newer_server_takes_a_newer_program_from_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(DatabaseUnusableError, match=r"PostgreSQL 99 .*of version 18.*install the client programs"):
        dumping_program(990_001)
    newer = tmp_path / "pg_dump"
    newer.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 99.1'\n")
    newer.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert dumping_program(990_001).path == newer


def test_secrets_stand_on_no_command_line() -> None:
    url = "postgresql://ada:s%3Acret@db.internal:5433/prism?sslmode=require&keepalives_idle=7"
    environment, rest = environment_for(url)
    assert environment["PGPASSWORD"] == "s:cret"
    assert (environment["PGHOST"], environment["PGPORT"], environment["PGSSLMODE"]) == (
        "db.internal",
        "5433",
        "require",
    )
    assert rest == "keepalives_idle=7"
    with pytest.raises(DatabaseUnusableError, match="sslpassword"):
        environment_for(url + "&sslpassword=secret")


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    class CutOffError(Exception):
        pass

    with pytest.raises(CutOffError), whole_file(tmp_path / "b") as opened:  # noqa: PT012 - the block is what is cut off
        os.write(opened, b"half")
        assert not (tmp_path / "b").exists()
        raise CutOffError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(FileExistsError), whole_file(tmp_path / "b") as opened:
        (tmp_path / "b").write_text("somebody was quicker")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("b", "somebody was quicker")]
