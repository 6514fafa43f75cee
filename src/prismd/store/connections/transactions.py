"""Transactions of one team, in which row-level security hides other teams' rows, and transactions beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from prismd.store.connections.postgres import Connection, Pool
from prismd.store.connections.row_security import SETTING

# The same round trip opens the transaction and names its team, so naming it costs no further one.
_BEGIN: Final = f"BEGIN; SET LOCAL {SETTING} = {{team:d}}"
_BEGIN_BEYOND: Final = b"BEGIN; SET LOCAL ROLE NONE"

BECOME: Final = "SELECT current_setting('role'), set_config('role', %s, true)"


@contextmanager
def of_team(pool: Pool, team_id: int) -> Iterator[Connection]:
    """Yield one transaction that finds and writes only the team's rows.

    Args:
        pool: The pool from :func:`prismd.store.connections.postgres.open_pool`.
        team_id: Internal id of the team.
    """
    with pool.connection() as connection:
        begin(connection, team_id)
        yield connection


@contextmanager
def of_all_teams(pool: Pool) -> Iterator[Connection]:
    """Yield one transaction beyond row-level security, for work before the team is known, such as finding a key's team.

    Args:
        pool: The pool from :func:`prismd.store.connections.postgres.open_pool`.
    """
    with pool.connection() as connection:
        _send(connection, _BEGIN_BEYOND)
        yield connection


def begin(connection: Connection, team_id: int) -> None:
    """Begin a transaction of a team.

    Args:
        connection: A connection outside a transaction.
        team_id: Internal id of the team.
    """
    _send(connection, _BEGIN.format(team=team_id).encode())


def commit(connection: Connection, team_id: int) -> None:
    """Commit the work so far, and begin another transaction of the same team.

    Args:
        connection: A connection inside a transaction of the team; outside one, nothing happens.
        team_id: Internal id of the team.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        connection.commit()
        begin(connection, team_id)


def savepoint(connection: Connection) -> AbstractContextManager[object]:
    """Give a part of a transaction that is taken back by itself if it fails.

    Args:
        connection: Inside a transaction; outside one, the part would commit by itself.
    """
    assert connection.info.transaction_status != TransactionStatus.IDLE  # noqa: S101 - a commit by nobody in particular
    return connection.transaction()


@contextmanager
def import_step(connection: Connection) -> Iterator[None]:
    """Do the import step of a team's transaction beyond row-level security, because COPY does not work under it.

    Args:
        connection: A connection inside a transaction.
    """
    [(role, _)] = connection.execute(BECOME, ("none",))
    yield
    # If the step fails, PostgreSQL resets the role with the rollback to the savepoint or to the beginning.
    connection.execute(BECOME, (role,))


def _send(connection: Connection, command: bytes) -> None:
    # This calls libpq directly: every request does it twice, and psycopg's cursors would cost more than the rest.
    result = connection.pgconn.exec_(command)
    if connection.pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError(connection.pgconn.get_error_message())
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result)
