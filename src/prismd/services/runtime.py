"""The outside world of use cases as one value: transactions, the clock, ids and settings."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from prismd.core.ids import NewId, TimeOrderedIds
from prismd.settings import Settings
from prismd.store.connections import transactions
from prismd.store.connections.postgres import Connection, Pool, open_pool

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")

#: Seconds that closing waits for connections still in use.
_CLOSING_S: Final = 0.1


class World(Protocol):
    """The outside world that sessions need; transactions begin and commit only here."""

    @property
    def settings(self) -> Settings:
        """The settings in force."""

    @property
    def now(self) -> Callable[[], datetime]:
        """Returns the time, in UTC."""

    @property
    def new_id(self) -> NewId:
        """Returns a new id."""

    def of_team(self, team_id: int) -> AbstractContextManager[Connection]:
        """Open a transaction for the data of a team; it commits at the end, or rolls back after an error."""

    def of_all_teams(self) -> AbstractContextManager[Connection]:
        """Open a transaction for work that does not know its team yet."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The outside world of a process that answers requests; each transaction borrows a connection.

    Args:
        pool: Connections to PostgreSQL; work on a team's data uses :meth:`of_team`.
        settings: The settings in force.
        now: Returns the time, in UTC.
        new_id: Returns a new id; several threads can call it.
    """

    pool: Pool
    settings: Settings
    now: Callable[[], datetime]
    new_id: NewId

    @property
    def url(self) -> str:
        """Connection string of PostgreSQL."""
        conninfo = self.pool.conninfo
        return conninfo if isinstance(conninfo, str) else conninfo()

    def close(self) -> None:
        """Close the connections."""
        self.pool.close(_CLOSING_S)

    def of_team(self, team_id: int) -> AbstractContextManager[Connection]:
        """Open a transaction that can read and write the data of one team alone.

        Args:
            team_id: Internal id of the team.
        """
        return transactions.of_team(self.pool, team_id)

    def do_for_all_teams(
        self, use_case: Callable[Concatenate[Connection, _Asked], _Answer], *asked: _Asked.args, **named: _Asked.kwargs
    ) -> _Answer:
        """Run a use case that does not know its team yet: in its own transaction, without row-level security."""
        with self.of_all_teams() as connection:
            return use_case(connection, *asked, **named)

    def of_all_teams(self) -> AbstractContextManager[Connection]:
        """Open a transaction without row-level security, for work that does not know its team yet."""
        return transactions.of_all_teams(self.pool)


@dataclass(frozen=True, slots=True)
class SoleRuntime:
    """The outside world of a worker, its purges or a command, which has one connection of its own.

    Row-level security does not apply to this connection, so each statement has to name its team.

    Args:
        connection: A connection outside of transactions.
        settings: The settings in force.
        now: Returns the time, in UTC.
        new_id: Returns a new id.
    """

    connection: Connection
    settings: Settings
    now: Callable[[], datetime]
    new_id: NewId

    def of_team(self, _team_id: int) -> AbstractContextManager[Connection]:
        """Open a transaction for the data of a team."""
        return self.of_all_teams()

    @contextmanager
    def of_all_teams(self) -> Iterator[Connection]:
        """Open a transaction."""
        with self.connection.transaction():
            yield self.connection


def system_clock() -> datetime:
    """Return the time of this machine, in UTC."""
    return datetime.now(UTC)


def thread_ids() -> NewId:
    """Return a source of ids from this machine's clock and randomness, for one thread."""
    return TimeOrderedIds(lambda: time.time_ns() // 1_000_000, secrets.randbits)


def system_ids() -> NewId:
    """Return a source of ids from this machine's clock and randomness, for any number of threads."""
    ids = thread_ids()
    lock = threading.Lock()

    def new_id() -> str:
        with lock:
            return ids()

    return new_id


def open_runtime(url: str, settings: Settings) -> Runtime:
    """Return the outside world of a prismd process; the caller closes it.

    Args:
        url: Connection string of PostgreSQL.
        settings: The settings in force.
    """
    return Runtime(open_pool(url, settings), settings, system_clock, system_ids())
