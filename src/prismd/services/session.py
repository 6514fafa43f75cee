"""A session is what one caller does with one team's data; its transactions carry the connection, and all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from prismd.core.api_keys.scopes import ALL, Scopes
from prismd.services.api_keys.authentication import Caller
from prismd.services.runtime import Runtime
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Session:
    """What one caller does with one team's data; no transaction is open.

    Args:
        runtime: The process: connections, clock, ids and settings.
        team_id: Internal id of the team.
        called_by: Whose API key it is; None where the server or its operator acts of their own accord.
        request_id: In which request.
    """

    runtime: Runtime
    team_id: int
    called_by: Caller | None = None
    request_id: str | None = None

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.runtime.settings

    @property
    def scopes(self) -> Scopes:
        """What the caller may do."""
        return ALL if self.called_by is None else self.called_by.scopes

    @property
    def caller(self) -> Caller:
        """Who is calling; only behind the check of keys."""
        assert self.called_by is not None  # noqa: S101 - routes of teams stand behind that check
        return self.called_by

    def do(
        self, use_case: Callable[Concatenate[Transaction, _Asked], _Answer], *asked: _Asked.args, **named: _Asked.kwargs
    ) -> _Answer:
        """Do a use case in a transaction of its own, and return what it returns."""
        with self.transaction() as transaction:
            return use_case(transaction, *asked, **named)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Give one transaction in which nothing is found or written but what belongs to the team."""
        with self.runtime.of_team(self.team_id) as connection:
            yield Transaction(self, connection)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction of a session: a use case that takes it cannot be called outside of one.

    Args:
        session: Whose it is.
        connection: Inside the transaction.
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
        """What the caller may do."""
        return self.session.scopes

    def now(self) -> datetime:
        """Return the time, in UTC."""
        return self.session.runtime.now()

    def new_id(self) -> str:
        """Return a new id."""
        return self.session.runtime.new_id()
