"""The loop of a worker process: takes turns at import jobs, purges expired rows, and reconnects to a lost database."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import psycopg
import structlog

from prismd.core.ids import NewId
from prismd.database_errors import DatabaseUnusableError
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.pipeline.overlapped_connection import OverlappedConnection
from prismd.services.imports.stepping import step_next
from prismd.services.imports.turns import OutOfReachError
from prismd.services.runtime import SoleRuntime
from prismd.settings import Settings
from prismd.store.connections.postgres import WORKER, Connection, connect, connect_as
from prismd.store.connections.watched import WatchedConnection
from prismd.store.imports.queue import CHANNEL
from prismd.worker.limits import Watch, limit_memory
from prismd.worker.retention import Retention
from prismd.worker.stop import Stop

_LOG = structlog.get_logger()

_TURNS_PER_COLLECTION: Final = 16
_RECONNECT_FIRST_S: Final = 0.1
_RECONNECT_LAST_S: Final = 2.0
#: After a connection that lasted at least this long, the wait before the next one is short again.
_WELL_S: Final = 1.0
#: These notice the loss of the database's machine within half a minute, even if the network reports nothing.
_KEEPALIVES: Final = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
#: A worker that hangs between two statements of a chunk loses its connection, and so its claim on the job.
_LIMIT: Final = "SELECT set_config(%s, %s, false)"
#: A worker whose chunk takes too long as a whole loses its connection too. PostgreSQL has a limit for transactions only
#: since version 17; for an older one, the same limit applies to each statement.
_TRANSACTION_TIMEOUT_SINCE: Final = 170000
_SILENCES_PER_CHUNK: Final = 10
#: A purge does not wait longer for a locked row, because imports stop while it waits.
_PURGE_LOCK_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The outside world of a worker.

    Args:
        url: The database's connection string.
        settings: The settings in force.
        now: Returns the time, in UTC.
        new_id: Returns a new id.
        stop: Says when the worker must end, after the current chunk.
        orphaned: Says whether the process that started the worker has ended.
    """

    url: str
    settings: Settings
    now: Callable[[], datetime]
    new_id: NewId
    stop: Stop
    orphaned: Callable[[], bool] = lambda: False

    def ends(self) -> bool:
        """Say whether the worker must end."""
        return self.stop.is_set() or self.orphaned()

    def on(self, connection: Connection) -> SoleRuntime:
        """Return the runtime for the worker's work on one of its connections."""
        return SoleRuntime(connection, self.settings, self.now, self.new_id)


@dataclass(frozen=True, slots=True)
class _Worker:
    """A worker while its connections last.

    Args:
        around: The outside world.
        connection: The connection on which it does chunks.
        notes: The connection on which it notes attempts.
        pipeline: The work that it defers and reads ahead; None if the pipeline is switched off.
        watch: Ends the process if it computes for too long.
    """

    around: Surroundings
    connection: Connection
    notes: Connection
    pipeline: ImportPipeline | None
    watch: Watch


def run(around: Surroundings) -> None:
    """Work until the worker must end, and reconnect whenever the database is lost.

    Args:
        around: The outside world.
    """
    _favour_throughput()
    limit_memory(around.settings.worker_memory_mib_max)
    with closing(Retention(partial(_open_retention, around), around.settings, around.now())) as retention:
        _work_on(around, retention)


def _work_on(around: Surroundings, retention: Retention) -> None:
    lost = _work_anew(around, retention, told="")
    wait_s = _RECONNECT_FIRST_S
    while lost and not around.ends():
        _LOG.warning("database lost", error=lost, wait_s=wait_s)
        around.stop.wait(wait_s)
        began = around.now()
        lost = _work_anew(around, retention, told="database back")
        well = around.now() - began > timedelta(seconds=_WELL_S)
        wait_s = _RECONNECT_FIRST_S if well else min(wait_s * 2, _RECONNECT_LAST_S)


def _favour_throughput() -> None:
    # A chunk makes a hundred thousand objects and hardly any cycles; the search for cycles would take a third of its
    # time.
    gc.disable()
    # The objects that exist now live until the end, so the few collections need not examine them.
    gc.freeze()


def _open(around: Surroundings, pipeline: ImportPipeline | None) -> WatchedConnection:
    silence_ms = round(around.settings.step_timeout_s * 1000)
    connection = _connected(around, pipeline, WORKER)
    connection.execute(_LIMIT, ("idle_in_transaction_session_timeout", str(silence_ms)))
    has_transaction_timeout = connection.info.server_version >= _TRANSACTION_TIMEOUT_SINCE
    whole = "transaction_timeout" if has_transaction_timeout else "statement_timeout"
    connection.execute(_LIMIT, (whole, str(silence_ms * _SILENCES_PER_CHUNK)))
    connection.execute(f"LISTEN {CHANNEL}")
    return connection


def _open_notes(around: Surroundings, pipeline: ImportPipeline | None) -> WatchedConnection:
    connection = _connected(around, pipeline, "prismd worker notes")
    # A note can be lost in a crash of PostgreSQL, so its commit does not wait for the disk.
    connection.execute("SET synchronous_commit TO off")
    return connection


def _connected(around: Surroundings, pipeline: ImportPipeline | None, name: str) -> WatchedConnection:
    options = {"autocommit": True, "application_name": name, **_KEEPALIVES}
    if pipeline is None:
        return connect_as(WatchedConnection, around.url, around.settings, **options)
    connection = connect_as(OverlappedConnection, around.url, around.settings, **options)
    connection.work = pipeline.work
    return connection


def _open_retention(around: Surroundings) -> SoleRuntime:
    options = {"autocommit": True, "application_name": "prismd worker retention", **_KEEPALIVES}
    connection = connect(around.url, around.settings, **options)
    connection.execute(_LIMIT, ("lock_timeout", str(_PURGE_LOCK_MS)))
    connection.execute(_LIMIT, ("statement_timeout", str(round(around.settings.step_timeout_s * 1000))))
    return around.on(connection)


def _work_anew(around: Surroundings, retention: Retention, *, told: str) -> str:
    """Work until the worker must end, and return an empty text, or until a connection is lost, and return why."""
    pipeline = ImportPipeline() if around.settings.import_pipeline else None
    try:
        with closing(_open(around, pipeline)) as connection, closing(_open_notes(around, pipeline)) as notes:
            if told:
                _LOG.warning(told)
            with _watched(connection, notes, limit_s=around.settings.step_timeout_s) as watch:
                _take_turns(_Worker(around, connection, notes, pipeline, watch), retention)
    except (DatabaseUnusableError, psycopg.Error) as error:
        # A new connection cures all of these, including PostgreSQL's own time limits.
        return str(error).strip() or type(error).__name__
    return ""


@contextmanager
def _watched(*connections: WatchedConnection, limit_s: float) -> Iterator[Watch]:
    watch = Watch(limit_s)
    for connection in connections:
        connection.on_wait, connection.on_go = watch.rest, watch.go
    try:
        yield watch
    finally:
        watch.rest()


def _take_turns(worker: _Worker, retention: Retention) -> None:
    around = worker.around
    runtime = around.on(worker.connection)
    for turn in itertools.count():
        if around.ends():
            return
        stepped = _took_turn(worker, runtime)
        purged = retention.turn(around.now())
        if not stepped or turn % _TURNS_PER_COLLECTION == 0:
            gc.collect()
        if not stepped and not purged:
            worker.watch.rest()
            _idle(around, worker.connection)


def _took_turn(worker: _Worker, runtime: SoleRuntime) -> bool:
    try:
        return step_next(runtime, pipeline=worker.pipeline, notes=worker.notes) is not None
    except OutOfReachError:
        return True


def _idle(around: Surroundings, connection: Connection) -> None:
    # A notification that arrived during a step is already in the connection's buffer, and select does not see it.
    if not _drained(connection):
        around.stop.wait(around.settings.worker_poll_s, connection.fileno())
        _drained(connection)


def _drained(connection: Connection) -> bool:
    return len(list(connection.notifies(timeout=0))) > 0
