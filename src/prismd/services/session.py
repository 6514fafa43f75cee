"""A session holds what a caller needs to work on one team's data; its transactions add an open connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from prismd.core.api_keys.scopes import ALL, Scopes
from prismd.core.ids import NewId
from prismd.core.properties.schema import ObjectSchema
from prismd.services.api_keys.authentication import Caller
from prismd.services.runtime import World
from prismd.settings import Settings
from prismd.store import properties
from prismd.store.connections import transactions
from prismd.store.connections.postgres import Connection
from prismd.store.records import record_keys

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
class Loaded:
    """What a transaction has read of its team and need not read again, by object type.

    Args:
        schemas: The properties of a type.
        keys: The keys of the properties that find records of a type, and whether they tell records apart.
    """

    schemas: dict[str, ObjectSchema] = field(default_factory=dict)
    keys: dict[str, dict[str, bool]] = field(default_factory=dict)

    def forget_all(self) -> None:
        """Have everything read again when it is needed next."""
        self.schemas.clear()
        self.keys.clear()

    def forget(self, object_type: str) -> None:
        """Have a type read again when it is needed next."""
        self.schemas.pop(object_type, None)
        self.keys.pop(object_type, None)


@dataclass(frozen=True, slots=True)
class Transaction:
    """One open transaction of a session; a use case that takes this type cannot run outside of a transaction.

    Args:
        session: The session that opened the transaction.
        connection: The connection, with the transaction open.
        loaded: What the transaction has read already.
    """

    session: Session
    connection: Connection
    loaded: Loaded = field(default_factory=Loaded, kw_only=True)

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
        self.loaded.forget_all()

    def lock_type(self, object_type: str) -> None:
        """Wait until no other transaction writes records of a type; keep others waiting until this one ends.

        Args:
            object_type: The type; what was read of it before the lock is read again.
        """
        record_keys.lock_type(self.connection, self.team_id, object_type)
        self.loaded.forget(object_type)

    def schema(self, object_type: str) -> ObjectSchema:
        """Return the properties of a type; they are read once in the transaction, and again after a lock of the type.

        Args:
            object_type: A type whose records prismd keeps.
        """
        if object_type not in self.loaded.schemas:
            self.loaded.schemas[object_type] = properties.load_schema(self.connection, self.team_id, object_type)
        return self.loaded.schemas[object_type]

    def keys_in_use(self, object_type: str) -> dict[str, bool]:
        """Return the keys of the properties that find records of a type, and whether they tell records apart.

        They are read once in the transaction, and again after a lock of the type.

        Args:
            object_type: A type whose records prismd keeps.
        """
        if object_type not in self.loaded.keys:
            self.loaded.keys[object_type] = record_keys.keys_in_use(self.connection, self.team_id, object_type)
        return self.loaded.keys[object_type]

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Open a part of the transaction that rolls back alone if it fails, with what was read in it."""
        try:
            with transactions.savepoint(self.connection):
                yield
        except BaseException:
            self.loaded.forget_all()
            raise
