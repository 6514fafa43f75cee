"""What is said of a database that has something wrong with it, and that what is advised mends it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from prismd.core.findings import Finding, Level, worst
from prismd.services.monitoring.diagnosis import (
    CHECKS,
    MIB,
    ClockReading,
    examine,
    judge_bloat,
    judge_clock,
    judge_schema,
    judge_server,
    judge_transactions,
)
from prismd.services.monitoring.disk import judge_disk
from prismd.settings import Settings
from prismd.store.connections.postgres import WORKER, Connection, connect
from prismd.store.migrate import SchemaState, migrate
from prismd.store.monitoring.diagnosis import OpenTransaction, Table, read_server
from reference.indexes import INDEXES_FILE, indexes_file
from tests.conftest import database_in

NOW = datetime(2026, 1, 5, tzinfo=UTC)
SETTINGS = Settings()


@pytest.fixture
def url(make_database: Callable[[], str]) -> str:
    made = make_database()
    migrate(made, SETTINGS)
    return made


@pytest.fixture
def own(url: str) -> Iterator[Connection]:
    with connect(url, SETTINGS, autocommit=True) as opened:
        yield opened


def found(connection: Connection, now: datetime = NOW) -> dict[str, Finding]:
    return {one.check: one for one in examine(connection, SETTINGS, now)}


def statements(advice: str) -> list[str]:
    return re.findall(r"((?:CREATE|REINDEX|DROP) [^;]*);", advice)


def configure(connection: Connection, setting: str) -> None:
    name = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("ALTER DATABASE {} SET ").format(name) + sql.SQL(setting))


def make_job(connection: Connection, state: str, at: datetime, *, expires: datetime) -> None:
    connection.execute("INSERT INTO team (public_id, created_at) VALUES ('t', now())")
    connection.execute(
        """
        INSERT INTO import_job (team_id, id, object_type, synchronous, state, options, total, chunks, cursor,
                                created_at, updated_at, expires_at)
        SELECT id, gen_random_uuid(), 'contact', false, %s, '{}', 0, 0, 0, %s, %s, %s FROM team
        """,
        (state, at, at, expires),
    )
    connection.execute(
        "INSERT INTO import_queue (team_id, job_id, created_at, moved_at) "
        "SELECT team_id, id, created_at, updated_at FROM import_job WHERE state = 'queued'"
    )


def test_the_indexes_on_file_are_those_that_migrations_make(own: Connection) -> None:
    assert INDEXES_FILE.read_text(encoding="utf-8") == indexes_file(own), "run `make docs`"


def test_all_is_well_with_a_new_database_that_has_a_worker(url: str, own: Connection) -> None:
    with connect(url, SETTINGS, application_name=WORKER):
        findings = found(own)
    assert set(findings) == set(CHECKS) - {"clock"}
    assert {one.level for one in findings.values()} == {Level.OK}
    assert not any(one.advice for one in findings.values())


def test_a_missing_index_is_told_and_the_advice_makes_it_again(own: Connection) -> None:
    own.execute("DROP INDEX import_job_expiry; ALTER TABLE view DROP CONSTRAINT view_pkey")
    finding = found(own)["indexes"]
    assert finding.level is Level.ERROR
    assert "import_job_expiry is missing" in finding.found
    assert "view_pkey is missing" in finding.found
    for statement in statements(finding.advice):
        own.execute(statement.encode())
    assert found(own)["indexes"].level is Level.OK


def leave_invalid(own: Connection, url: str) -> None:
    """Give up making an index in the middle, as an operator may: PostgreSQL leaves it behind, invalid."""
    (definition,) = own.execute("SELECT pg_get_indexdef('view_listing'::regclass)").fetchone() or ("",)
    own.execute("DROP INDEX view_listing")
    with connect(url, SETTINGS) as other:
        other.execute("LOCK TABLE view IN ROW EXCLUSIVE MODE")
        own.execute("SET lock_timeout TO '100ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            own.execute(definition.replace("INDEX", "INDEX CONCURRENTLY", 1).encode())
        own.execute("RESET lock_timeout")


def test_an_invalid_index_is_told_and_the_advice_mends_it(own: Connection, url: str) -> None:
    leave_invalid(own, url)
    finding = found(own)["indexes"]
    assert (finding.level, "view_listing is invalid" in finding.found) == (Level.ERROR, True)
    [statement] = statements(finding.advice)
    own.execute(statement.encode())
    assert found(own)["indexes"].level is Level.OK


def test_an_index_of_the_same_name_over_other_columns_is_told(own: Connection) -> None:
    own.execute("DROP INDEX view_listing; CREATE INDEX view_listing ON view (id)")
    finding = found(own)["indexes"]
    assert finding.level is Level.ERROR
    assert "view_listing is another one" in finding.found


def test_what_a_failed_attempt_to_make_an_index_left_is_told(own: Connection) -> None:
    own.execute("INSERT INTO record_key SELECT 1, 1, gen_random_uuid() FROM generate_series(1, 2)")
    with pytest.raises(psycopg.errors.UniqueViolation):
        own.execute("CREATE UNIQUE INDEX CONCURRENTLY mine ON record_key (key_hash)")
    finding = found(own)["indexes"]
    assert (finding.level, finding.found) == (Level.WARNING, "left half made: mine")
    [statement] = statements(finding.advice)
    own.execute(statement.encode())
    assert found(own)["indexes"].level is Level.OK


def test_an_index_of_the_operator_is_no_fault(own: Connection) -> None:
    own.execute("CREATE INDEX mine ON record (updated_at)")
    made = INDEXES_FILE.read_text(encoding="utf-8").count(" INDEX ")
    assert found(own)["indexes"] == Finding("indexes", Level.OK, f"all {made}, and 1 that prismd did not make")


@pytest.mark.parametrize(
    ("setting", "level", "told"),
    [
        ("synchronous_commit = off", Level.ERROR, "synchronous_commit is off: a crash can lose writes"),
        (
            "default_transaction_isolation = 'serializable'",
            Level.ERROR,
            "default_transaction_isolation is serializable",
        ),
        ("default_transaction_read_only = on", Level.ERROR, "nothing can be written"),
        ("statement_timeout = '1s'", Level.WARNING, "statement_timeout is 1000 ms"),
        ("idle_session_timeout = '30s'", Level.WARNING, "idle_session_timeout is 30000 ms"),
    ],
)
def test_a_setting_that_breaks_promises_is_told(
    url: str, own: Connection, setting: str, level: Level, told: str
) -> None:
    configure(own, setting)
    with connect(url, SETTINGS, autocommit=True) as later:
        later.execute("SET statement_timeout = '30s'")  # one's own limits are no fault
        finding = found(later)["database settings"]
    assert finding.level is level
    assert told in finding.found
    assert setting.partition(" ")[0] in finding.advice


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "autovacuum", "track_counts"])
def test_a_server_that_can_lose_the_database_is_told(own: Connection, name: str) -> None:
    server = read_server(own)
    changed = replace(server, settings={**server.settings, name: "off"})
    assert [one.level for one in judge_server(server, SETTINGS)] == [Level.OK, Level.OK]
    assert [one.level for one in judge_server(changed, SETTINGS)] == [Level.OK, Level.ERROR]


def test_several_settings_are_told_at_once(own: Connection) -> None:
    server = read_server(own)
    changed = replace(server, settings={**server.settings, "max_wal_size": "100", "max_connections": "10"})
    finding = list(judge_server(changed, SETTINGS))[1]
    assert finding.level is Level.WARNING
    usable = 10 - int(server.settings["superuser_reserved_connections"])
    assert f"max_connections leaves {usable}, one server and its workers want 23" in finding.found
    assert "max_wal_size is 100 MiB" in finding.found


def test_a_standby_an_old_freeze_and_new_rules_of_sorting_are_told(own: Connection) -> None:
    server = read_server(own)
    for change, level in (
        ({"in_recovery": True}, Level.ERROR),
        ({"age": 1_500_000_000}, Level.ERROR),
        ({"sorts_otherwise": True}, Level.WARNING),
    ):
        first = next(judge_server(replace(server, **change), SETTINGS))
        assert (first.level, bool(first.advice)) == (level, True)


def test_another_encoding_is_told(postgres_url: str) -> None:
    name = f"prismd_test_{secrets.token_hex(8)}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        make = "CREATE DATABASE {} ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
        admin.execute(sql.SQL(make).format(sql.Identifier(name)))
        try:
            url = database_in(postgres_url, name)
            with connect(url, SETTINGS, autocommit=True, client_encoding="UTF8") as connection:
                finding = found(connection)["database"]
        finally:
            admin.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    assert (finding.level, "SQL_ASCII" in finding.found) == (Level.ERROR, True)


def test_a_newer_schema_is_told_and_what_depends_on_it_is_not_looked_at(own: Connection) -> None:
    own.execute("INSERT INTO schema_migration VALUES ('9999', now())")
    findings = found(own)
    assert findings["migrations"].level is Level.ERROR
    assert "install the prismd that this database was brought to" in findings["migrations"].advice
    assert {findings[check].level for check in ("indexes", "queue", "retention")} == {Level.SKIPPED}


def test_a_schema_that_can_be_brought_up_is_told_with_the_way() -> None:
    finding = judge_schema(SchemaState("0001", "0002", is_newer=False))
    assert finding.level is Level.ERROR
    assert "then `prismd migrate`" in finding.advice


def test_an_empty_database_is_told(make_database: Callable[[], str]) -> None:
    with connect(make_database(), SETTINGS, autocommit=True) as connection:
        findings = found(connection)
    assert (findings["migrations"].level, findings["migrations"].found) == (Level.ERROR, "the database is empty")


def test_rows_that_nobody_sees_any_more_are_told(own: Connection) -> None:
    assert judge_bloat([Table("record", 1_000_000, 300_000, 1, 1)]).level is Level.OK
    assert judge_bloat([Table("record", 10, 40_000, 1, 1)]).level is Level.OK
    finding = judge_bloat([Table("record", 100_000, 60_000, 1, 1)])
    assert (finding.level, "VACUUM (ANALYZE) record;" in finding.advice) == (Level.WARNING, True)
    assert own.execute("VACUUM (ANALYZE) record").statusmessage == "VACUUM"


def test_a_key_table_that_takes_far_too_much_room_is_told(own: Connection) -> None:
    """The room of a row, and that of its entry in the index, are measured: what was just made is no bloat."""
    own.execute("INSERT INTO record_key SELECT 1, hashint8(n), gen_random_uuid() FROM generate_series(1, 100000) AS n")
    [(rows, index)] = own.execute("SELECT pg_table_size('record_key'), pg_indexes_size('record_key')").fetchall()
    assert 0.5 < (rows + index) / (100_000 * 140) < 1.3
    million = Table("record_key", 10_000_000, 0, rows * 100, index * 100)
    assert judge_bloat([million]).level is Level.OK
    finding = judge_bloat([replace(million, live=2_000_000)])
    assert (finding.level, "REINDEX INDEX CONCURRENTLY record_key_pkey" in finding.advice) == (Level.WARNING, True)
    assert judge_bloat([Table("record_key", 0, 0, 200 * MIB, 0)]).level is Level.OK  # too little to be worth a word


def test_a_transaction_that_stays_open_is_told(url: str, own: Connection) -> None:
    with connect(url, SETTINGS, application_name="pgAdmin") as forgetful:
        forgetful.execute("SELECT 1")
        assert found(own)["transactions"].level is Level.OK
    finding = judge_transactions(OpenTransaction(17, "pgAdmin", timedelta(hours=3)))
    assert (finding.level, finding.found.startswith("pgAdmin (process 17)")) == (Level.WARNING, True)


def test_missing_workers_are_told(own: Connection) -> None:
    assert found(own)["workers"].level is Level.ERROR


def test_a_queue_that_stands_still_is_told(own: Connection) -> None:
    make_job(own, "queued", NOW, expires=NOW + timedelta(days=7))
    assert found(own, NOW + timedelta(seconds=300))["queue"].level is Level.OK
    finding = found(own, NOW + timedelta(seconds=301))["queue"]
    assert (finding.level, "has not moved for 301 s" in finding.found) == (Level.ERROR, True)


def test_what_nobody_deletes_is_told(own: Connection) -> None:
    make_job(own, "complete", NOW, expires=NOW)
    assert found(own, NOW + timedelta(minutes=59))["retention"].level is Level.OK
    assert found(own, NOW + timedelta(hours=3))["retention"].level is Level.WARNING


@pytest.mark.parametrize(
    ("apart_s", "level"), [(0, Level.OK), (0.9, Level.OK), (-3, Level.WARNING), (3, Level.WARNING), (-60, Level.ERROR)]
)
def test_clocks_that_differ_are_told(apart_s: float, level: Level) -> None:
    theirs = NOW + timedelta(seconds=apart_s)
    assert judge_clock(ClockReading(NOW, theirs, NOW + timedelta(milliseconds=5))).level is level


@pytest.mark.parametrize(
    ("free_gib", "total_gib", "level"),
    [(50, 100, Level.OK), (10, 100, Level.OK), (9, 100, Level.WARNING), (0.9, 100, Level.ERROR), (0.9, 1, Level.ERROR)],
)
def test_a_disk_that_fills_is_told(free_gib: float, total_gib: float, level: Level) -> None:
    finding = judge_disk("data", int(free_gib * 1024 * MIB), int(total_gib * 1024 * MIB))
    assert (finding.level, bool(finding.advice)) == (level, level is not Level.OK)


def test_the_worst_finding_counts() -> None:
    levels = [Level.SKIPPED, Level.OK, Level.WARNING, Level.ERROR]
    assert [worst(Finding("", level, "") for level in levels[: n + 1]) for n in range(4)] == [
        Level.OK, Level.OK, Level.WARNING, Level.ERROR,
    ]  # fmt: skip
