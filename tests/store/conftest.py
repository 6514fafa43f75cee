"""What tests of the store stand on: the embedded PostgreSQL, and a database of a million records, made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from prismd.embedded.server import EmbeddedPostgres
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, bind_session, connect
from prismd.store.connections.row_security import SETTING
from tests.store.million import make_million

_STATISTICS: Final = "SELECT EXISTS (SELECT FROM pg_stats WHERE schemaname = 'public')"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def embedded(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(data_dir)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def million_url(make_database: Callable[[], str]) -> str:
    url = make_database()
    make_million(url)
    return url


@pytest.fixture(scope="session", params=["never analysed", "analysed"])
def million(request: pytest.FixtureRequest, million_url: str) -> Iterator[Connection]:
    """A connection of prismd's to the million; all tests of one state of statistics run before those of the next."""
    with connect(million_url, Settings(), autocommit=True) as connection:
        analysed = request.param == "analysed"
        if analysed:
            connection.execute("ANALYZE")
        assert connection.execute(_STATISTICS).fetchone() == (analysed,)
        yield connection


@pytest.fixture(scope="session")
def bound_million(million: Connection, million_url: str) -> Iterator[Connection]:
    """A connection to the million as requests of team 1 have it: bound by row-level security."""
    assert not million.closed
    with connect(million_url, Settings(), autocommit=True) as connection:
        bind_session(connection)
        connection.execute(f"SET {SETTING} = 1".encode())
        yield connection
