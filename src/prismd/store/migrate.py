"""Bringing a database to the schema of this prismd: plain SQL revisions, applied once, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import psycopg

from prismd.database_errors import DatabaseAwayError, DatabaseUnusableError
from prismd.settings import Settings
from prismd.store.connections import row_security
from prismd.store.connections.postgres import Connection, connect

#: Any number of our own: two servers that start at once on one database migrate one after the other.
_LOCK: Final = 7_223_196_071
_TAKE_LOCK: Final = "SELECT pg_advisory_xact_lock(%s)"
_VERSION_TABLE: Final = "SELECT to_regclass('alembic_version') IS NOT NULL"
_VERSION: Final = "SELECT version_num FROM alembic_version"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema that a database has.

    Args:
        current: Its version; None where it has none.
        head: The version that this prismd needs.
        is_newer: Whether this prismd does not know the version.
    """

    current: str | None
    head: str
    is_newer: bool

    @property
    def is_current(self) -> bool:
        """Whether it is the one that this prismd needs."""
        return self.current == self.head


def schema_state(connection: Connection) -> SchemaState:
    """Return which schema a database has, also where it is none of ours."""
    current, known = _version(connection), known_revisions()
    return SchemaState(current, known[-1], current is not None and current not in known)


def migrate(url: str, settings: Settings) -> None:
    """Bring a database to this prismd's schema, under row-level security; quick where it is there already.

    Args:
        url: Connection string of PostgreSQL.
        settings: For the time that connecting may take.

    Raises:
        DatabaseUnusableError: It cannot be reached, its schema is newer than this prismd, or its login may not put it
            under row-level security.
    """
    with connect(url, settings) as connection:
        if _current(connection) != known_revisions()[-1]:
            connection.commit()
            _upgrade(connection)
        elif not row_security.is_set_up(connection):
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
        current = _current(connection)
        if current != known_revisions()[-1]:
            found = f"has schema {current}" if current else "is empty"
            needed = f"this prismd needs {known_revisions()[-1]}: run `prismd migrate`"
            raise DatabaseUnusableError(f"the database {found}, {needed}")
        row_security.check(connection)


def _current(connection: Connection) -> str | None:
    state = schema_state(connection)
    if state.is_newer:
        raise DatabaseUnusableError(
            f"the database has schema {state.current}, this prismd knows up to {state.head}: install a newer prismd"
        )
    return state.current


def _version(connection: Connection) -> str | None:
    with connection.cursor() as cursor:
        if cursor.execute(_VERSION_TABLE).fetchone() == (False,):
            return None
        row = cursor.execute(_VERSION).fetchone()
    return row[0] if row else None


def known_revisions() -> list[str]:
    """Return the versions of the schema that this prismd knows, in order."""
    # Revisions are numbered files, so that their order shows without importing Alembic.
    versions = files("prismd.store") / "migrations" / "versions"
    return sorted(file.name.split("_", 1)[0] for file in versions.iterdir() if file.name.endswith(".sql"))


@contextmanager
def upgrading(own: Connection) -> Iterator[Callable[[str], None]]:
    """Give what brings a database to a revision, under row-level security; the block is one transaction.

    Args:
        own: A connection outside a transaction, not in autocommit mode.

    Raises:
        DatabaseUnusableError: A revision, or the commit, does not succeed.
    """
    import sqlalchemy as sa  # noqa: PLC0415 - half a second that a start on a current database saves
    from alembic import command  # noqa: PLC0415 - as above
    from alembic.config import Config  # noqa: PLC0415 - as above

    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: own, poolclass=sa.StaticPool)
    try:
        with engine.begin() as bound:
            bound.exec_driver_sql(_TAKE_LOCK, (_LOCK,))
            config = Config()
            config.set_main_option("script_location", str(files("prismd.store") / "migrations"))
            config.attributes["connection"] = bound

            def to(revision: str) -> None:
                command.upgrade(config, revision)
                # With the tables, so that there is never one without it.
                row_security.set_up(own)

            yield to
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        fault = getattr(error, "orig", error)
        kind = DatabaseAwayError if isinstance(fault, psycopg.OperationalError) else DatabaseUnusableError
        raise kind(f"the schema cannot be made: {str(fault).strip().splitlines()[0]}") from error


def _upgrade(connection: Connection, revision: str = "head") -> None:
    with upgrading(connection) as to:
        to(revision)
