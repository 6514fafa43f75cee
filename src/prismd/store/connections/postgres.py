"""Connections to PostgreSQL: how they are opened, pooled, and what they demand of the server."""

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

#: The connection type of every store function. Rows are tuples, unless a row factory makes objects of their columns.
Connection = psycopg.Connection[TupleRow]
Pool = ConnectionPool[Connection]
_Kind = TypeVar("_Kind", bound=Connection)

#: The role that row-level security binds, and that requests take; see :mod:`prismd.store.connections.row_security`.
ROLE: Final = "left(session_user, 58) || '_team'"

#: What workers call themselves where PostgreSQL lists its connections.
WORKER: Final = "prismd worker"
SERVER_VERSION_MIN: Final = 150000
#: Beyond its pool an API process has one connection for word of changes and one for its health; a worker has one for
#: imports, one for notes on them, and one for retention.
_BESIDE_POOL: Final = 2
_OF_WORKER: Final = 3
_POOL_MIN: Final = 2

# Every statement of prismd goes through an index. A planner whose statistics lag behind a bulk load would read whole
# tables instead, and keep that plan for the life of a prepared statement; so it is not given the choice.
_SESSION: Final = """
SELECT set_config(name, 'off', false)
FROM unnest(ARRAY[
    'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_memoize', 'jit'
]) AS name
"""
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
    """Open one connection of a class.

    Args:
        kind: The class.
        url: Connection string of PostgreSQL.
        settings: For the time that connecting may take.
        options: Passed on to psycopg.

    Raises:
        DatabaseAwayError: The server is away or refuses.
        DatabaseUnusableError: It is older than PostgreSQL 15.
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
    """Set what every session of prismd relies on; the connection is left outside a transaction."""
    connection.execute(_SESSION)
    if not connection.autocommit:
        connection.commit()


def connections_needed(settings: Settings) -> int:
    """Return how many connections the processes of one server open at most.

    Args:
        settings: For the number of its processes, and of the connections of each.
    """
    of_api_process = settings.database_connections_max + _BESIDE_POOL
    return settings.processes * of_api_process + settings.workers * _OF_WORKER


def connections_allowed(connection: Connection) -> int:
    """Return how many connections PostgreSQL takes from all its clients together, superusers aside."""
    [(allowed,)] = connection.execute(_ALLOWED)
    return int(allowed)


def bind_session(connection: Connection) -> None:
    """Do as :func:`prepare_session`, and have row-level security bind the session.

    It finds nothing outside the transactions of :mod:`prismd.store.connections.transactions`.
    """
    prepare_session(connection)
    connection.execute(_TAKE_ROLE)


class TracedPool(ConnectionPool[Connection]):
    """A pool in which what is done on a borrowed connection is one group of statements, where traces are kept."""

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """Lend a connection, as the library does; the wait for it belongs to the group."""
        with group("database"), super().connection(timeout) as connection:
            yield connection


def open_pool(url: str, settings: Settings) -> Pool:
    """Open the pool of an API process, whose sessions are bound by row-level security.

    Args:
        url: Connection string of PostgreSQL.
        settings: For the size of the pool and the longest wait for a connection.
    """

    def check(connection: Connection) -> None:
        if _was_cut(connection):
            pool.check()  # the others will have been cut as well
            raise psycopg.OperationalError("the connection was cut while nobody used it")

    pool: Pool = TracedPool(
        url,
        min_size=_POOL_MIN,
        max_size=settings.database_connections_max,
        timeout=settings.database_wait_s,
        # Attempts to connect come less and less often; given up, they make room for the next request's own attempt, so
        # that however long PostgreSQL was away, its return is soon noticed.
        reconnect_timeout=settings.database_wait_s,
        # Transactions are begun in one round trip with what holds in them.
        kwargs={"autocommit": True},
        configure=bind_session,
        check=check,
        open=True,
        name="prismd",
    )
    return pool


def _was_cut(connection: Connection) -> bool:
    # An idle connection has little to say, except that its end has come: then it is not lent, so a restart of
    # PostgreSQL fails no request for each connection that it cut. Asking the server would cost each a round trip.
    watch = select.poll()
    try:
        watch.register(connection.fileno(), select.POLLIN)
        while watch.poll(0):
            connection.pgconn.consume_input()  # raises at the end, which comes after PostgreSQL's last words
    except psycopg.OperationalError:
        return True
    return False
