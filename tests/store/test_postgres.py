"""The pool: connections that were cut while nobody used them are not lent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import conninfo

from prismd.settings import Settings
from prismd.store.connections.postgres import Pool, open_pool

CONNECTIONS = 4
CUT = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'a pool to cut'"


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    url = conninfo.make_conninfo(database_url, application_name="a pool to cut")
    with open_pool(url, Settings(database_connections_max=CONNECTIONS)) as opened:
        yield opened


def fill(pool: Pool) -> set[int]:
    """Use as many connections as there may be at once, and return their processes."""
    with ExitStack() as stack:
        opened = [stack.enter_context(pool.connection()) for _ in range(CONNECTIONS)]
        return {one.info.backend_pid for one in opened}


def test_no_connection_that_was_cut_is_lent(pool: Pool, database_url: str) -> None:
    before = fill(pool)
    with psycopg.connect(database_url, autocommit=True) as admin:
        assert all(ended for (ended,) in admin.execute(CUT).fetchall())
    for _ in range(CONNECTIONS):
        with pool.connection() as connection:
            assert connection.execute("SELECT pg_backend_pid()").fetchone() not in {(pid,) for pid in before}


def test_a_connection_that_has_something_to_say_is_lent_again(pool: Pool, database_url: str) -> None:
    with pool.connection() as connection:
        connection.execute("LISTEN news")
        connection.commit()
        listener = connection.info.backend_pid
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("NOTIFY news")
    assert listener in fill(pool)
