"""What tests share: a real PostgreSQL, teams of their own, a clock that they turn, and a running server."""

from __future__ import annotations

import contextlib
import gc
import os
import secrets
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import conninfo, sql

from prismd.embedded.server import EmbeddedPostgres
from prismd.services.runtime import Runtime, SoleRuntime, system_ids
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, Pool, connect, open_pool
from prismd.store.connections.transactions import of_all_teams
from prismd.store.migrate import migrate
from prismd.store.teams import insert_team
from tests import sent_statements
from tests.pipeline_switch import SETTINGS
from tests.processes import PATIENCE_S, RunningServer, none_left, obey_signals, start_prismd, url_of

# A busy machine is no reason to fail: how fast things are is measured by the bench, not by tests.
hypothesis.settings.register_profile("prismd", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("prismd")

obey_signals()


#: Tests make databases, and wait for what PostgreSQL would write later.
LOGIN_OPTIONS = "CREATEDB IN ROLE pg_checkpoint"

#: Real files beside the project, which are not ours to commit.
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@dataclass
class Clock:
    """A clock that stands until a test turns it."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.time

    def advance(self, **time: float) -> None:
        """Turn the clock on, by ``days=…``, ``hours=…``, ``seconds=…``."""
        self.time += timedelta(**time)


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """End the processes that a test leaves, and look now for files that it leaves open, so that no later test fails."""
    open_before = _open_files()
    with none_left():
        yield
    if _open_files() - open_before:
        # A failure that is kept for a debugger holds all that its test held.
        for name in ("last_exc", "last_value", "last_traceback"):
            vars(sys).pop(name, None)
        gc.collect()


@pytest.fixture(scope="session")
def sent() -> Iterator[sent_statements.SentStatements]:
    """What prismd's own code sends to PostgreSQL in this process."""
    with sent_statements.watched() as watched:
        yield watched


@pytest.fixture(autouse=True)
def every_statement_names_its_team(sent: sent_statements.SentStatements) -> Iterator[None]:
    """Fail the test that has a statement sent which reaches data of teams without naming one."""
    yield
    assert sent.taken() == []


def _open_files() -> set[tuple[str, str]]:
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.add((entry.name, str(entry.readlink())))
    return found


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the project; where it is, its files must be there, too."""
    if not SHARED_DATA.is_dir():
        pytest.skip("tries real files from ../shared/data, which is not beside this clone")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL in which tests may make databases."""
    external = os.environ.get("PRISMD_TEST_DATABASE_URL")
    if external:
        yield external
        return
    # Small: whatever drops or empties a table looks through all of it.
    embedded = EmbeddedPostgres(
        tmp_path_factory.mktemp("postgres") / "data", buffers_mib=128, login_options=LOGIN_OPTIONS
    )
    try:
        yield embedded.start()
    finally:
        embedded.stop()


@pytest.fixture(scope="session")
def make_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """Make an empty database and return its URL; it goes with the session."""
    made: list[str] = []

    def make() -> str:
        name = f"prismd_test_{secrets.token_hex(8)}"
        with psycopg.connect(postgres_url, autocommit=True) as admin:
            # From template0: always empty, and never busy with another connection.
            admin.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name)))
        made.append(name)
        return database_in(postgres_url, name)

    yield make
    if "PRISMD_TEST_DATABASE_URL" not in os.environ:
        return  # all of PostgreSQL goes
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        for name in made:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_in(url: str, name: str) -> str:
    """Return the connection string of another database of the same PostgreSQL."""
    return conninfo.make_conninfo(url, dbname=name)


@pytest.fixture(scope="session")
def database_url(make_database: Callable[[], str]) -> str:
    """A migrated database of this test process."""
    url = make_database()
    migrate(url, Settings())
    return url


@pytest.fixture
def url(make_database: Callable[[], str]) -> str:
    """A migrated database of one test."""
    made = make_database()
    migrate(made, Settings())
    return made


@pytest.fixture(scope="session")
def pool(database_url: str) -> Iterator[Pool]:
    with open_pool(database_url, Settings()) as opened:
        yield opened


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    with connect(database_url, Settings()) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def runtime(pool: Pool, clock: Clock) -> Runtime:
    return Runtime(pool, SETTINGS, clock.now, system_ids())


def sole(runtime: Runtime, connection: Connection) -> SoleRuntime:
    """Return the outside world of a worker that shares settings, clock and ids with the processes of a test."""
    return SoleRuntime(connection, runtime.settings, runtime.now, runtime.new_id)


@pytest.fixture
def make_team(pool: Pool) -> Callable[[], int]:
    """Make a team and return its internal id; each test works in teams of its own, so none has to clean up."""

    def make() -> int:
        with of_all_teams(pool) as opened:
            return insert_team(opened, f"team {secrets.token_hex(8)}", datetime.now(UTC))

    return make


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, make_database: Callable[[], str]) -> Iterator[RunningServer]:
    """A real server on a free port, with a database of its own and a known team and key."""
    key, team = f"test-{secrets.token_urlsafe(24)}", "2b9d1c7e-3f0a-4c55-9f5e-6a1d2c3b4a59"
    database_url = make_database()
    environment = {"MICRO_API_KEY": key, "MICRO_TEAM_ID": team, "PRISMD_DATABASE_URL": database_url}
    with none_left():
        process = start_prismd(["serve", "--port", "0"], environment, tmp_path_factory.mktemp("server"))
        yield RunningServer(url_of(process), key, team, database_url, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
