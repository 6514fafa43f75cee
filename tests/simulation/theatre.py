"""Where simulations take place: one migrated database, which refuses some records and some commits, for many runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from prismd.settings import Settings
from prismd.store.connections.postgres import connect, prepare_session
from prismd.store.migrate import migrate
from tests.simulation.expectation import POISON
from tests.simulation.faults import PREPARE_CONFLICTS, SimulatedConnection
from tests.simulation.simulation import Connections, Report, Simulation

_POISON = f"ALTER TABLE record ADD CONSTRAINT poison CHECK (properties ->> 'country' IS DISTINCT FROM '{POISON}')"

#: No operating system is going to crash, so nothing need wait for a disk.
_FAST = "SET synchronous_commit = off"


class Theatre:
    """Runs simulations, one after the other.

    Args:
        url: Of an empty database.
    """

    def __init__(self, url: str) -> None:
        migrate(url, Settings())
        self._url = url
        self._watcher = connect(url, Settings(), autocommit=True)
        self._watcher.execute(_FAST)
        self._watcher.execute(_POISON)
        self._watcher.execute(PREPARE_CONFLICTS.encode())
        self._connections = Connections(self._open)

    def run(self, seed: int) -> Report:
        """Run the simulation of a seed."""
        return Simulation(seed, self._connections, self._watcher).run()

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()
        self._watcher.close()

    def _open(self) -> SimulatedConnection:
        connection = SimulatedConnection.connect(self._url, autocommit=True)
        connection.execute(_FAST)
        prepare_session(connection)
        return connection


@contextmanager
def silence() -> Iterator[None]:
    """Keep what the code under test logs of faults that are made on purpose to itself."""
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)
    kept = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**kept)
        logging.getLogger("psycopg").setLevel(logging.NOTSET)


def _drop(*_event: object) -> str:
    raise structlog.DropEvent


def told(report: Report) -> str:
    """Return what is to be said of a run that found something."""
    lines = "\n".join(f"  {line}" for line in report.log)
    again = f"make simulate SEED={report.seed}"
    return f"seed {report.seed}: {report.violation}\n{lines}\nrun it again with: {again}"
