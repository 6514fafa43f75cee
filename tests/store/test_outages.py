"""An error of the database is an outage only if it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import psycopg
import psycopg_pool
import pytest
from psycopg import errors

from prismd.settings import Settings
from prismd.store.connections.faults import Fault, fault_of, passes
from prismd.store.connections.postgres import Connection, connect

#: What each class of errors means by itself, of all that the driver calls operational.
OUTAGES: Final = {
    "08000", "08001", "08003", "08004", "08006", "08007", "08P01", "28000", "28P01", "40000", "40001", "40002", "40003",
    "40P01", "53000", "53100", "53300", "55006", "55P03", "57000", "57P01", "57P02", "57P03", "57P04", "57P05", "58000",
    "58030", "58P01", "58P02", "58P03", "F0000", "F0001",
}  # fmt: skip
TOO_LARGE: Final = {"54000", "54001", "54011", "54023"}
EXPECTED: Final = {
    **dict.fromkeys(OUTAGES, Fault.OUTAGE),
    **dict.fromkeys(TOO_LARGE, Fault.TOO_LARGE),
    "57014": Fault.TOO_LONG,
    "53200": Fault.TOO_COSTLY,
    "53400": Fault.TOO_COSTLY,
    "25006": Fault.OUTAGE,
}
KNOWN: Final = {
    one.sqlstate: one
    for one in vars(errors).values()
    if isinstance(one, type) and issubclass(one, psycopg.Error) and one.sqlstate
}


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, Settings(), autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("state", KNOWN)
def test_every_error_of_postgresql_is_what_it_is(connection: Connection, state: str) -> None:
    raised = f"DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '{state}'; END $$"
    with pytest.raises(KNOWN[state]) as error:
        connection.execute(raised.encode())
    assert fault_of(error.value) is EXPECTED.get(state, Fault.OTHER)
    assert passes(error.value) is (state in OUTAGES or state == "25006")


def too_many_parameters(connection: Connection) -> None:
    numbers = list(range(65_536))
    connection.execute(("SELECT 1 IN (" + ",".join(["%s"] * len(numbers)) + ")").encode(), numbers)


def too_deep(connection: Connection) -> None:
    connection.execute(b"SELECT 1" + b"+1" * 200_000)


def too_many_arguments(connection: Connection) -> None:
    connection.execute(b"SELECT concat(" + b",".join([b"1"] * 200) + b")")


def too_wide(connection: Connection) -> None:
    connection.execute("CREATE TEMP TABLE wide (text text)")
    connection.execute("CREATE INDEX ON wide (text)")
    connection.execute("INSERT INTO wide SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) AS n")


def too_complex(connection: Connection) -> None:
    if connection.info.server_version < 160000:
        pytest.skip("an older PostgreSQL says that such a pattern is wrong")
    connection.execute("SELECT '' ~ '(a{1,200}){1,200}'")


def too_long(connection: Connection) -> None:
    connection.execute("SET statement_timeout = '5ms'")
    connection.execute("SELECT pg_sleep(60)")


def too_roomy(connection: Connection) -> None:
    if connection.info.parameter_status("is_superuser") != "on":
        pytest.skip("only a superuser may set temp_file_limit")
    connection.execute("SET temp_file_limit = '64kB'")
    connection.execute("SET work_mem = '64kB'")
    connection.execute("SELECT * FROM generate_series(1, 200000) AS n ORDER BY md5(n::text)")


def cut(connection: Connection) -> None:
    connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def cut_before(connection: Connection) -> None:
    with pytest.raises(psycopg.OperationalError):
        cut(connection)
    connection.execute("SELECT 1")


def nobody_there(_connection: Connection) -> None:
    psycopg.connect("host=127.0.0.1 port=1 connect_timeout=2")


def none_to_lend(_connection: Connection) -> None:
    pool = psycopg_pool.ConnectionPool("host=127.0.0.1 port=1", open=False, min_size=1, timeout=0.05)
    pool.open(wait=False)
    try:
        pool.getconn()
    finally:
        pool.close()


def ours(connection: Connection) -> None:
    connection.execute("SELECT 1 / 0")


@pytest.mark.parametrize(
    ("fails", "fault"),
    [
        (too_many_parameters, Fault.TOO_LARGE),
        (too_deep, Fault.TOO_LARGE),
        (too_many_arguments, Fault.TOO_LARGE),
        (too_wide, Fault.TOO_LARGE),
        (too_complex, Fault.TOO_LARGE),
        (too_long, Fault.TOO_LONG),
        (too_roomy, Fault.TOO_COSTLY),
        (cut, Fault.OUTAGE),
        (cut_before, Fault.OUTAGE),
        (nobody_there, Fault.OUTAGE),
        (none_to_lend, Fault.OUTAGE),
        (ours, Fault.OTHER),
    ],
)
def test_what_really_fails_is_told_apart(
    connection: Connection, fails: Callable[[Connection], None], fault: Fault
) -> None:
    with pytest.raises(psycopg.Error) as error:
        fails(connection)
    assert fault_of(error.value) is fault
    assert passes(error.value) is (fault is Fault.OUTAGE)


def test_what_is_no_error_of_the_database_is_no_outage() -> None:
    assert fault_of(ValueError("x")) is Fault.OTHER
