"""What a worker process does: take turns at import jobs, purge what has expired, and outlive the database's pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
import structlog

from prismd.core.ids import NewId
from prismd.services.stepping import step_next
from prismd.settings import Settings
from prismd.store.postgres import Connection, DatabaseUnusableError, connect
from prismd.worker.stop import Stop
from prismd.worker.upkeep import purge

_LOG = structlog.get_logger()

_RECONNECT_FIRST_S: Final = 0.1
_RECONNECT_LAST_S: Final = 5.0
#: A lost machine is noticed within half a minute, also where the network swallows its end.
_KEEPALIVES: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_LISTEN: Final = "LISTEN prismd_jobs"
#: A worker that stands still inside a chunk loses its connection, and with it its claim on the job.
_SILENCE: Final = "SELECT set_config('idle_in_transaction_session_timeout', %s, false)"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a worker needs from the outside world.

    Args:
        url: Connection string of PostgreSQL.
        settings: The settings in force.
        now: Returns the time, in UTC.
        new_id: Returns a new id.
        stop: Asks the worker to end after the chunk under way.
        orphaned: Says whether the process for which the worker works is gone.
    """

    url: str
    settings: Settings
    now: Callable[[], datetime]
    new_id: NewId
    stop: Stop
    orphaned: Callable[[], bool] = lambda: False

    def ends(self) -> bool:
        """Say whether the worker shall end."""
        return self.stop.is_set() or self.orphaned()


def run(around: Surroundings) -> None:
    """Work until asked to stop; while the database is away, wait for it.

    Args:
        around: The outside world.

    Raises:
        DatabaseUnusableError: The database cannot be used at the start.
    """
    connection = _open(around)
    while not around.ends():
        try:
            _work(connection, around)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            _LOG.warning("database lost", error=str(error).strip())
            connection.close()
            connection = _open_again(around) or connection
    connection.close()


def _open(around: Surroundings) -> Connection:
    settings = around.settings
    connection = connect(around.url, settings, autocommit=True, application_name="prismd worker", **_KEEPALIVES)
    connection.execute(_SILENCE, (f"{settings.step_timeout_s * 1000:.0f}",))
    connection.execute(_LISTEN)
    return connection


def _open_again(around: Surroundings) -> Connection | None:
    wait_s = _RECONNECT_FIRST_S
    while not around.ends():
        try:
            connection = _open(around)
        except (DatabaseUnusableError, psycopg.Error) as error:
            _LOG.warning("database away", error=str(error), wait_s=wait_s)
            around.stop.wait(wait_s)
            wait_s = min(wait_s * 2, _RECONNECT_LAST_S)
        else:
            _LOG.warning("database back")
            return connection
    return None


def _work(connection: Connection, around: Surroundings) -> None:
    next_upkeep = around.now()
    while not around.ends():
        stepped = step_next(connection, now=around.now(), new_id=around.new_id, settings=around.settings)
        purged = around.now() >= next_upkeep and purge(connection, now=around.now(), settings=around.settings)
        if not purged and around.now() >= next_upkeep:
            next_upkeep = around.now() + timedelta(seconds=around.settings.upkeep_interval_s)
        if stepped is None and not purged:
            _idle(connection, around)


def _idle(connection: Connection, around: Surroundings) -> None:
    # Word of a job that came while a step ran is in the connection already, where select would not see it.
    if not _drained(connection):
        around.stop.wait(around.settings.worker_poll_s, connection.fileno())
        _drained(connection)


def _drained(connection: Connection) -> bool:
    return len(list(connection.notifies(timeout=0))) > 0
