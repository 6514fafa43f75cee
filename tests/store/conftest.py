"""The database of a million records, made once, and measured before and after PostgreSQL took statistics of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from prismd.settings import Settings
from prismd.store.postgres import Connection, connect
from tests.store.million import make_million

_STATISTICS: Final = "SELECT EXISTS (SELECT FROM pg_stats WHERE schemaname = 'public')"


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
