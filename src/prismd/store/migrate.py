"""Bringing a database to the schema of this prismd: files of SQL, applied once, in order."""

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
from prismd.store.connections import row_security
from prismd.store.connections.postgres import Connection, connect

#: Holds a row for each migration that a database has had.
VERSION_TABLE: Final = "schema_migration"
#: Stands in its place in databases of a prismd whose migrations the first one of today has taken the place of.
EARLIER_VERSION_TABLE: Final = "alembic_version"
#: The schemas of those; the rows of the last one fit the tables of the first migration of today.
EARLIER_VERSIONS: Final = tuple(f"{number:04}" for number in range(1, 17))

#: Any number of our own: two servers that start at once on one database migrate one after the other.
_LOCK: Final = 7_223_196_071
_TAKE_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_HISTORIES: Final = f"""
SELECT to_regclass('{VERSION_TABLE}') IS NOT NULL, to_regclass('{EARLIER_VERSION_TABLE}') IS NOT NULL
"""
_VERSION: Final = f'SELECT version FROM {VERSION_TABLE} ORDER BY version COLLATE "C" DESC LIMIT 1'
_EARLIER_VERSION: Final = f"SELECT version_num FROM {EARLIER_VERSION_TABLE}"
_NOTE: Final = f"INSERT INTO {VERSION_TABLE} (version, applied_at) VALUES (%s, now())"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema that a database has.

    Args:
        current: Its version; None where it has none.
        head: The version that this prismd needs.
        is_newer: Whether this prismd does not know the version.
        is_earlier: Whether it is older than the first migration of this prismd, which does not bring it up.
    """

    current: str | None
    head: str
    is_newer: bool
    is_earlier: bool = False

    @property
    def is_current(self) -> bool:
        """Whether it is the one that this prismd needs."""
        return self.current == self.head and not self.is_earlier


def schema_state(connection: Connection) -> SchemaState:
    """Return which schema a database has, also where it is none of ours."""
    known = known_versions()
    has_history, has_earlier = connection.execute(_HISTORIES).fetchone() or (False, False)
    if has_earlier and not has_history:
        current = _value(connection, _EARLIER_VERSION)
        is_earlier = current in EARLIER_VERSIONS
        return SchemaState(current, known[-1], is_newer=not is_earlier, is_earlier=is_earlier)
    current = _value(connection, _VERSION) if has_history else None
    return SchemaState(current, known[-1], is_newer=current is not None and current not in known)


def migrate(url: str, settings: Settings) -> None:
    """Bring a database to this prismd's schema, under row-level security; quick where it is there already.

    Args:
        url: Connection string of PostgreSQL.
        settings: For the time that connecting may take.

    Raises:
        DatabaseUnusableError: It cannot be reached, its schema is newer than this prismd or older than its first
            migration, or its login may not put it under row-level security.
    """
    with connect(url, settings) as connection:
        missing = _missing(_usable(connection))
        connection.commit()
        for version in missing:
            with upgrading(connection):
                upgrade(connection, version)
        if not row_security.is_set_up(connection):
            connection.execute(_TAKE_LOCK, (_LOCK,))
            row_security.set_up(connection)
        row_security.check(connection)


def check_schema(url: str, settings: Settings) -> None:
    """Make sure that a database has this prismd's schema, under row-level security.

    Args:
        url: Connection string of PostgreSQL.
        settings: For the time that connecting may take.

    Raises:
        DatabaseUnusableError: It cannot be reached, its schema is another, or row-level security does not hold.
    """
    with connect(url, settings) as connection:
        state = _usable(connection)
        if not state.is_current:
            found = f"has schema {state.current}" if state.current else "is empty"
            raise DatabaseUnusableError(f"the database {found}, this prismd needs {state.head}: run `prismd migrate`")
        row_security.check(connection)


def known_versions() -> list[str]:
    """Return the versions of the schema that this prismd knows, in order."""
    return sorted(_files())


@contextmanager
def upgrading(connection: Connection) -> Iterator[None]:
    """Run a block as one transaction in which nobody else migrates the database.

    Args:
        connection: Outside a transaction, not in autocommit mode.

    Raises:
        DatabaseUnusableError: A statement of the block, or the commit, does not succeed.
    """
    try:
        with connection.transaction():
            connection.execute(_TAKE_LOCK, (_LOCK,))
            yield
    except psycopg.Error as error:
        kind = DatabaseAwayError if isinstance(error, psycopg.OperationalError) else DatabaseUnusableError
        raise kind(f"the schema cannot be made: {str(error).strip().splitlines()[0]}") from error


def upgrade(connection: Connection, until: str) -> None:
    """Apply the migrations that a database has not had, and put its tables under row-level security.

    Args:
        connection: Inside :func:`upgrading`.
        until: The last version to apply.

    Raises:
        DatabaseUnusableError: As :func:`migrate`.
    """
    migrations = _files()
    for version in _missing(_usable(connection)):
        if version <= until:
            connection.execute(migrations[version].read_bytes())
            connection.execute(_NOTE, (version,))
    # With the tables, so that there is never one without it.
    row_security.set_up(connection)


def earlier_schema_advice(version: str | None) -> str:
    """Return what to do about a database whose schema is older than the first migration.

    Args:
        version: Of that schema.
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
