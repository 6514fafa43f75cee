"""Transactions of one team, in which row-level security hides what belongs to others, and those beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus

from prismd.store.connections.postgres import Connection, Pool
from prismd.store.connections.row_security import SETTING

# In the round trip that opens the transaction, so that saying whose it is costs no further one.
_BEGIN: Final = f"BEGIN; SET LOCAL {SETTING} = {{team:d}}"
_BEGIN_BEYOND: Final = b"BEGIN; SET LOCAL ROLE NONE"

BECOME: Final = "SELECT current_setting('role'), set_config('role', %s, true)"


@contextmanager
def of_team(pool: Pool, team_id: int) -> Iterator[Connection]:
    """Give one transaction in which nothing is found or written but what belongs to a team.

    Args:
        pool: From :func:`prismd.store.connections.postgres.open_pool`.
        team_id: Internal id of the team.
    """
    with pool.connection() as connection:
        begin(connection, team_id)
        yield connection


@contextmanager
def of_all_teams(pool: Pool) -> Iterator[Connection]:
    """Give one transaction beyond row-level security, for what comes before a team is known, such as whose a key is.

    Args:
        pool: From :func:`prismd.store.connections.postgres.open_pool`.
    """
    with pool.connection() as connection:
        _send(connection, _BEGIN_BEYOND)
        yield connection


def begin(connection: Connection, team_id: int) -> None:
    """Begin a transaction of a team.

    Args:
        connection: Outside a transaction.
        team_id: Internal id of the team.
    """
    _send(connection, _BEGIN.format(team=team_id).encode())


def commit(connection: Connection, team_id: int) -> None:
    """Commit what was done so far, and go on in another transaction of the same team.

    Args:
        connection: Inside a transaction of the team; outside one there is nothing to commit.
        team_id: Internal id of the team.
    """
    if connection.info.transaction_status != TransactionStatus.IDLE:
        connection.commit()
        begin(connection, team_id)


@contextmanager
def import_step(connection: Connection) -> Iterator[None]:
    """Do the import step of a team's transaction beyond row-level security, under which PostgreSQL has no COPY.

    Args:
        connection: Inside a transaction.
    """
    [(role, _)] = connection.execute(BECOME, ("none",))
    yield
    # Where the step fails, PostgreSQL takes the role back with all else, to the savepoint or the beginning.
    connection.execute(BECOME, (role,))


def _send(connection: Connection, command: bytes) -> None:
    # Below the cursors of psycopg, as every request does this twice: they would cost more than all that is done here.
    result = connection.pgconn.exec_(command)
    if connection.pgconn.status == ConnStatus.BAD:
        raise psycopg.OperationalError(connection.pgconn.get_error_message())
    if result.status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(result)
