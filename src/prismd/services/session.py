"""A session holds what a caller needs to work on one team's data; its transactions add an open connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from prismd.core.api_keys.scopes import ALL, Scopes
from prismd.core.ids import NewId
from prismd.services.api_keys.authentication import Caller
from prismd.services.runtime import World
from prismd.settings import Settings
from prismd.store.connections import transactions
from prismd.store.connections.postgres import Connection

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Session:
    """The work of one caller on one team's data; no transaction is open.

    Args:
        runtime: The process: transactions, clock, ids and settings.
        team_id: Internal id of the team.
        called_by: The caller, known by an API key; None if the server or its operator acts on its own.
        request_id: Id of the request; None outside of requests.
    """

    runtime: World
    team_id: int
    called_by: Caller | None = None
    request_id: str | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.runtime.settings

    @property
    def scopes(self) -> Scopes:
        """The scopes of the caller; all of them if no API key is in use."""
        return ALL if self.called_by is None else self.called_by.scopes

    @property
    def caller(self) -> Caller:
        """The caller; use this only on routes that check API keys."""
        assert self.called_by is not None  # noqa: S101 - routes of teams stand behind that check
        return self.called_by

    def do(
        self, use_case: Callable[Concatenate[Transaction, _Asked], _Answer], *asked: _Asked.args, **named: _Asked.kwargs
    ) -> _Answer:
        """Run a use case in its own transaction and return the result."""
        with self.transaction() as transaction:
            return use_case(transaction, *asked, **named)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a transaction that can read and write the records of this team alone."""
        with self.runtime.of_team(self.team_id) as connection:
            yield Transaction(self, connection)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction of a session; a use case that takes this type cannot run outside of a transaction.

    Args:
        session: The session that opened the transaction.
        connection: The connection, with the transaction open.
    """

    session: Session
    connection: Connection

    @property
    def team_id(self) -> int:
        """Internal id of the team."""
        return self.session.team_id

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.session.settings

    @property
    def scopes(self) -> Scopes:
        """The scopes of the caller."""
        return self.session.scopes

    @property
    def new_id(self) -> NewId:
        """Returns a new id."""
        return self.session.runtime.new_id

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self.session.runtime.now()

    def commit_and_go_on(self) -> None:
        """Commit the work so far, to release its locks, and continue in a new transaction of the team."""
        transactions.commit(self.connection, self.team_id)

    def savepoint(self) -> AbstractContextManager[object]:
        """Open a part of the transaction that rolls back alone if it fails."""
        return transactions.savepoint(self.connection)
