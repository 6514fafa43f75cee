"""Connections to PostgreSQL: opening and pooling them, and what they require of the server."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

from prismd.database_errors import DatabaseAwayError, DatabaseUnusableError
from prismd.settings import Settings
from prismd.telemetry.traces import group

#: The connection type of every store function. Rows are tuples unless a row factory makes objects of them.
Connection = psycopg.Connection[TupleRow]
Pool = ConnectionPool[Connection]
_Kind = TypeVar("_Kind", bound=Connection)

#: The role of requests, which row-level security binds; see :mod:`prismd.store.connections.row_security`.
ROLE: Final = "left(session_user, 58) || '_team'"

#: The name of workers in PostgreSQL's list of connections.
WORKER: Final = "prismd worker"
SERVER_VERSION_MIN: Final = 150000
#: Beyond its pool, an API process has one connection for notifications and one for its health. A worker has one for
#: imports, one for notes about them, and one for retention.
_BESIDE_POOL: Final = 2
_OF_WORKER: Final = 3
_POOL_MIN: Final = 2

# Every statement of prismd uses an index. If the statistics lag behind a bulk load, the planner would read whole
# tables, and keep that plan for as long as a prepared statement lives. So those plans are switched off.
PLANNER_OFF: Final = (
    "enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin", "enable_memoize", "jit",
)  # fmt: skip
_SESSION: Final = f"SELECT set_config(name, 'off', false) FROM unnest('{{{','.join(PLANNER_OFF)}}}'::text[]) AS name"
_TAKE_ROLE: Final = f"SELECT set_config('role', {ROLE}, false)"

_ALLOWED: Final = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
"""


def connect(url: str, settings: Settings, **options: Any) -> Connection:  # noqa: ANN401 - psycopg's own options
    """Open one connection; see :func:`connect_as`."""
    return connect_as(Connection, url, settings, **options)


def connect_as(
    kind: type[_Kind],
    url: str,
    settings: Settings,
    **options: Any,  # noqa: ANN401 - psycopg's own options
) -> _Kind:
    """Open one connection of a given class.

    Args:
        kind: The class of the connection.
        url: The database's connection string.
        settings: The settings, for the longest time to connect.
        options: Passed on to psycopg.

    Raises:
        DatabaseAwayError: The server is away or refuses the connection.
        DatabaseUnusableError: The server is older than PostgreSQL 15.
    """
    try:
        connection = kind.connect(url, connect_timeout=max(1, round(settings.database_wait_s)), **options)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseAwayError(f"cannot reach PostgreSQL: {reason}") from error
    version = connection.info.server_version
    if version < SERVER_VERSION_MIN:
        connection.close()
        found = f"{version // 10000}.{version % 10000}"
        raise DatabaseUnusableError(f"prismd needs PostgreSQL 15 or newer, this server is {found}")
    prepare_session(connection)
    return connection


def prepare_session(connection: Connection) -> None:
    """Set what every session of prismd relies on; afterwards no transaction is open."""
    connection.execute(_SESSION)
    if not connection.autocommit:
        connection.commit()


def connections_needed(settings: Settings) -> int:
    """Return the largest number of connections that the processes of one server open together.

    Args:
        settings: The settings, for the number of processes and the connections of each.
    """
    of_api_process = settings.database_connections_max + _BESIDE_POOL
    return settings.processes * of_api_process + settings.workers * _OF_WORKER


def connections_allowed(connection: Connection) -> int:
    """Return how many connections PostgreSQL accepts from all clients together, without those for superusers."""
    [(allowed,)] = connection.execute(_ALLOWED)
    return int(allowed)


def bind_session(connection: Connection) -> None:
    """Do what :func:`prepare_session` does, and bind the session to row-level security.

    The session finds nothing outside the transactions of :mod:`prismd.store.connections.transactions`.
    """
    prepare_session(connection)
    connection.execute(_TAKE_ROLE)


class TracedPool(ConnectionPool[Connection]):
    """A pool whose traces group all statements of one borrowed connection."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """Lend a connection as the library does; the wait for it belongs to the group."""
        with group("database"), super().connection(timeout) as connection:
            yield connection


def open_pool(url: str, settings: Settings) -> Pool:
    """Open the pool of an API process, whose sessions row-level security binds unless the tables are distributed.

    Args:
        url: The database's connection string.
        settings: The settings, for the size of the pool, the longest wait for a connection, and whether tables are
            distributed.
    """

    def check(connection: Connection) -> None:
        if _was_cut(connection):
            pool.check()  # the other connections were probably cut too
            raise psycopg.OperationalError("the connection was cut while nobody used it")

    pool: Pool = TracedPool(
        url,
        min_size=_POOL_MIN,
        max_size=settings.database_connections_max,
        timeout=settings.database_wait_s,
        # The pool retries less and less often. When it gives up, the next request makes an attempt of its own. So
        # PostgreSQL's return is noticed soon, however long it was away.
        reconnect_timeout=settings.database_wait_s,
        # A transaction begins in the same round trip as the settings that hold in it.
        kwargs={"autocommit": True},
        # On a cluster, a transaction that has written cannot change its role.
        configure=prepare_session if settings.distribute_by_team else bind_session,
        check=check,
        open=True,
        name="prismd",
    )
    return pool


def _was_cut(connection: Connection) -> bool:
    # An idle connection has nothing to read unless it ended. An ended one is not lent, so a restart of PostgreSQL does
    # not fail one request per cut connection. Asking the server would cost every request a round trip.
    watch = select.poll()
    try:
        watch.register(connection.fileno(), select.POLLIN)
        while watch.poll(0):
            connection.pgconn.consume_input()  # raises at the end, which follows PostgreSQL's last message
    except psycopg.OperationalError:
        return True
    return False
