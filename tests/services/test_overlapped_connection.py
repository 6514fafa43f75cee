"""While PostgreSQL works, other work goes on, and the exchange with PostgreSQL is the same as without it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from prismd.services.imports.pipeline.overlapped_connection import OverlappedConnection
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect, connect_as

#: PostgreSQL takes a while for it.
SLOW = "SELECT count(*) FROM generate_series(1, 300000)"


@pytest.fixture
def connection(database_url: str) -> Iterator[OverlappedConnection]:
    with connect_as(OverlappedConnection, database_url, Settings(), autocommit=True) as opened:
        yield opened


@pytest.fixture
def other(database_url: str) -> Iterator[Connection]:
    with connect(database_url, Settings(), autocommit=True) as opened:
        yield opened


class Work:
    """So many pieces of work, counted."""

    def __init__(self, pieces: int) -> None:
        self.left, self.done = pieces, 0

    def __call__(self) -> bool:
        if self.left:
            self.left, self.done = self.left - 1, self.done + 1
            return True
        return False


def test_work_is_done_while_a_statement_runs(connection: OverlappedConnection) -> None:
    connection.work = work = Work(3)
    assert connection.execute(SLOW).fetchone() == (300_000,)
    assert work.done == 3


def test_work_is_done_while_rows_are_copied_and_committed(connection: OverlappedConnection) -> None:
    connection.work = work = Work(10**9)
    rows = 50_000
    with connection.transaction():
        connection.execute("CREATE TEMPORARY TABLE taken (number integer PRIMARY KEY, text text)")
        with connection.cursor().copy("COPY taken FROM STDIN") as copy:
            for start in range(0, rows, 100):
                copy.write("".join(f"{number}\t{'x' * 200}\n" for number in range(start, start + 100)))
        before = work.done
    assert connection.execute("SELECT count(*), max(number) FROM taken").fetchone() == (rows, rows - 1)
    assert before > 0


def test_work_that_fails_ends_no_exchange_and_is_not_tried_again(connection: OverlappedConnection) -> None:
    calls = []

    def fail() -> bool:
        calls.append(1)
        raise ValueError

    connection.work = fail
    assert connection.execute(SLOW).fetchone() == (300_000,)
    assert connection.execute(SLOW).fetchone() == (300_000,)
    assert calls == [1]


def test_a_lost_connection_is_noticed_in_the_middle_of_the_work(
    connection: OverlappedConnection, other: Connection
) -> None:
    pid = connection.info.backend_pid

    def end_it() -> bool:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        return True

    connection.work = end_it
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT pg_sleep(600)")
    assert connection.broken


def test_an_error_of_the_statement_comes_through(connection: OverlappedConnection) -> None:
    connection.work = Work(5)
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.execute("SELECT count(*) / 0 FROM generate_series(1, 300000)")
    assert connection.execute("SELECT 1").fetchone() == (1,)
