"""Where the benchmark runs: its PostgreSQL, the databases that it makes there, and the machine."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import conninfo, sql

from bench import processes
from launch.server import Server, own_server
from prismd.embedded.server import EmbeddedPostgres

#: All that the benchmark writes is below.
PLACE: Final = Path("build/bench")
PAGE: Final = Path("docs/performance.md")

_RECORDS: Final = "TRUNCATE record, record_key, import_touch, import_draft, import_job CASCADE"
_PROPERTIES: Final = "TRUNCATE key_property, property, property_option CASCADE"


@dataclass(slots=True)
class Ground:
    """What the parts of the benchmark stand on.

    Args:
        url: The PostgreSQL that all share.
        directory: For logs.
        stack: Ends what was started.
    """

    url: str
    directory: Path
    stack: ExitStack
    _own: str = ""
    _server: Server | None = None

    @property
    def server(self) -> Server:
        """The server under measurement, on a database of its own; it starts when it is first needed."""
        if self._server is None:
            self._own = self.stack.enter_context(database(self.url, "bench_prismd"))
            self._server = self.stack.enter_context(own_server(self.directory, {"PRISMD_DATABASE_URL": self._own}))
        return self._server

    @property
    def database(self) -> str:
        """The URL of the server's database."""
        assert self.server  # noqa: S101 - it makes the database
        return self._own

    def clear(self, *, properties: bool = False) -> None:
        """Take all records and imports away, as the floor starts from nothing, too.

        Args:
            properties: Whether to forget, too, what the team's own properties and its keys are.
        """
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(_RECORDS)
            if properties:
                connection.execute(_PROPERTIES)
            # What one measurement wrote must not be flushed on the time of the next.
            connection.execute("CHECKPOINT")


@contextmanager
def postgres(url: str | None, directory: Path) -> Iterator[str]:
    """Give the URL of the PostgreSQL that all share: one that is named, else an embedded one in a directory."""
    if url:
        yield url
        return
    embedded = EmbeddedPostgres(directory / "postgres", login_options="CREATEDB IN ROLE pg_checkpoint")
    try:
        yield embedded.start()
    finally:
        embedded.stop()


@contextmanager
def database(url: str, name: str) -> Iterator[str]:
    """Make an empty database of a name while the block runs, and give its URL.

    Args:
        url: Of any database of the same PostgreSQL.
        name: Of the new one; one that was left behind goes.
    """
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name)))
    try:
        yield conninfo.make_conninfo(url, dbname=name)
    finally:
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(drop)


def settle(url: str, *tables: str) -> None:
    """Have PostgreSQL do at once what it would do later: a checkpoint, and vacuum of some tables.

    What one measurement wrote must not be cleaned up on the time of the next.

    Args:
        url: The database.
        tables: To vacuum.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for table in tables:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))
        connection.execute("CHECKPOINT")


def machine(url: str) -> dict[str, Any]:
    """Return what was measured with, by name.

    Args:
        url: Of PostgreSQL.
    """
    with psycopg.connect(url) as connection:
        server = connection.info.parameter_status("server_version")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607 - git of the person who measures
    return {
        "processor": processes.processor(),
        "cores": processes.cores(),
        "memory GiB": processes.memory_gib(),
        "system": platform.platform(),
        "Python": platform.python_version(),
        "PostgreSQL": server,
        "psycopg": version("psycopg"),
        "prismd": f"{version('prismd')} {commit.stdout.strip()}".strip(),
    }
