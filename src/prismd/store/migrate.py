"""Brings a database to the schema of this prismd: files of SQL, applied once each, in order; and distributes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import psycopg

from prismd.database_errors import DatabaseAwayError, DatabaseUnusableError
from prismd.settings import Settings
from prismd.store import distribution
from prismd.store.connections import row_security
from prismd.store.connections.postgres import Connection, connect

#: Has one row for each migration that was applied to the database.
VERSION_TABLE: Final = "schema_migration"
#: The version table of databases that an earlier prismd made, before today's first migration replaced its migrations.
EARLIER_VERSION_TABLE: Final = "alembic_version"
#: The schema versions of those databases; rows of the last one fit the tables of today's first migration.
EARLIER_VERSIONS: Final = tuple(f"{number:04}" for number in range(1, 17))

#: An arbitrary number: two servers that start at once on one database migrate one after the other.
_LOCK: Final = 7_223_196_071
_TAKE_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
# Opening a table has the session take notice of the tables that others made while it waited for the lock. Without one,
# to_regclass answers from the cache of the session.
_HISTORIES: Final = f"""
SELECT to_regclass('{VERSION_TABLE}') IS NOT NULL, to_regclass('{EARLIER_VERSION_TABLE}') IS NOT NULL
FROM pg_class LIMIT 1
"""
_VERSION: Final = f'SELECT version FROM {VERSION_TABLE} ORDER BY version COLLATE "C" DESC LIMIT 1'
_EARLIER_VERSION: Final = f"SELECT version_num FROM {EARLIER_VERSION_TABLE}"
_NOTE: Final = f"INSERT INTO {VERSION_TABLE} (version, applied_at) VALUES (%s, now())"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema of a database.

    Args:
        current: The schema's version; None if the database has no schema.
        head: The version that this prismd needs.
        is_newer: Whether this prismd does not know the version.
        is_earlier: Whether the version is older than this prismd's first migration; prismd does not upgrade such a
            schema.
    """

    current: str | None
    head: str
    is_newer: bool
    is_earlier: bool = False

    @property
    def is_current(self) -> bool:
        """Whether the database has the version that this prismd needs."""
        return self.current == self.head and not self.is_earlier


def schema_state(connection: Connection) -> SchemaState:
    """Return the schema of a database, even of a database that prismd did not make."""
    known = known_versions()
    has_history, has_earlier = connection.execute(_HISTORIES).fetchone() or (False, False)
    if has_earlier and not has_history:
        current = _value(connection, _EARLIER_VERSION)
        is_earlier = current in EARLIER_VERSIONS
        return SchemaState(current, known[-1], is_newer=not is_earlier, is_earlier=is_earlier)
    current = _value(connection, _VERSION) if has_history else None
    return SchemaState(current, known[-1], is_newer=current is not None and current not in known)


def migrate(url: str, settings: Settings) -> None:
    """Bring a database to this prismd's schema, under row-level security; quick if the database has it already.

    Args:
        url: The database's connection string.
        settings: The settings, for the longest time to connect, and whether tables are distributed; then there is no
            row-level security.

    Raises:
        DatabaseUnusableError: The database cannot be reached, its schema is newer than this prismd or older than the
            first migration, its login has no right to set up row-level security, or its tables cannot be distributed.
    """
    with connect(url, settings) as connection:
        distribution.check_node(connection, settings)
        missing = _missing(_usable(connection))
        connection.commit()
        for version in missing:
            with upgrading(connection):
                upgrade(connection, version)
        if settings.distribute_by_team:
            with upgrading(connection):
                distribution.distribute(connection)
            return
        if not row_security.is_set_up(connection):
            connection.execute(_TAKE_LOCK, (_LOCK,))
            row_security.set_up(connection)
        row_security.check(connection)


def check_schema(url: str, settings: Settings) -> None:
    """Check that a database has this prismd's schema, under row-level security.

    Args:
        url: The database's connection string.
        settings: The settings, for the longest time to connect.

    Raises:
        DatabaseUnusableError: The database cannot be reached, it has another schema, or row-level security does not
            hold.
    """
    with connect(url, settings) as connection:
        distribution.check_node(connection, settings)
        state = _usable(connection)
        if not state.is_current:
            found = f"has schema {state.current}" if state.current else "is empty"
            raise DatabaseUnusableError(f"the database {found}, this prismd needs {state.head}: run `prismd migrate`")
        if not settings.distribute_by_team:
            row_security.check(connection)
        elif not distribution.is_distributed(connection):
            raise DatabaseUnusableError("the tables of teams are not distributed: run `prismd migrate`")


def known_versions() -> list[str]:
    """Return the schema versions that this prismd knows, in order."""
    return sorted(_files())


@contextmanager
def upgrading(connection: Connection) -> Iterator[None]:
    """Run a block in one transaction, while nobody else migrates the database.

    Args:
        connection: A connection outside a transaction, not in autocommit mode.

    Raises:
        DatabaseUnusableError: A statement of the block or the commit fails.
    """
    try:
        with connection.transaction():
            connection.execute(_TAKE_LOCK, (_LOCK,))
            yield
    except psycopg.Error as error:
        kind = DatabaseAwayError if isinstance(error, psycopg.OperationalError) else DatabaseUnusableError
        raise kind(f"the schema cannot be made: {str(error).strip().splitlines()[0]}") from error


def upgrade(connection: Connection, until: str) -> None:
    """Apply the migrations that a database lacks, and enable row-level security on its tables.

    Args:
        connection: A connection inside :func:`upgrading`.
        until: The last version to apply.

    Raises:
        DatabaseUnusableError: The same faults as of :func:`migrate`.
    """
    migrations = _files()
    for version in _missing(_usable(connection)):
        if version <= until:
            connection.execute(migrations[version].read_bytes())
            connection.execute(_NOTE, (version,))
    # The same transaction makes the tables, so no table ever exists without row-level security, unless the tables are
    # distributed.
    if not distribution.is_distributed(connection):
        row_security.set_up(connection)


def earlier_schema_advice(version: str | None) -> str:
    """Return what to do about a database whose schema is older than the first migration.

    Args:
        version: The version of that schema.
    """
    last = EARLIER_VERSIONS[-1]
    if version == last:
        return "run `prismd backup FILE`, then `prismd restore FILE` into a new database, or this one with --replace"
    return f"run `prismd migrate` of the last prismd that has schema {last}, then move the database to this prismd"


def _usable(connection: Connection) -> SchemaState:
    state = schema_state(connection)
    if state.is_earlier:
        raise DatabaseUnusableError(
            f"the database has schema {state.current}, which is older than this prismd's first migration and is not"
            f" brought up: {earlier_schema_advice(state.current)}"
        )
    if state.is_newer:
        raise DatabaseUnusableError(
            f"the database has schema {state.current}, this prismd knows up to {state.head}: install a newer prismd"
        )
    return state


def _missing(state: SchemaState) -> list[str]:
    return [version for version in known_versions() if state.current is None or version > state.current]


def _files() -> dict[str, Traversable]:
    versions = files("prismd.store") / "migrations" / "versions"
    return {file.name.split("_", 1)[0]: file for file in versions.iterdir() if file.name.endswith(".sql")}


def _value(connection: Connection, statement: str) -> str | None:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None
