"""Bringing a database to the schema of this prismd: plain SQL revisions, applied once, in order."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import psycopg

from prismd.settings import Settings
from prismd.store.postgres import Connection, DatabaseAwayError, DatabaseUnusableError, connect

#: Any number of our own: two servers that start at once on one database migrate one after the other.
_LOCK: Final = 7_223_196_071
_VERSION_TABLE: Final = "SELECT to_regclass('alembic_version') IS NOT NULL"
_VERSION: Final = "SELECT version_num FROM alembic_version"


def migrate(url: str, settings: Settings) -> None:
    """Bring a database to this prismd's schema; quick where it is there already.

    Args:
        url: Connection string of PostgreSQL.
        settings: For the time that connecting may take.

    Raises:
        DatabaseUnusableError: It cannot be reached, or its schema is newer than this prismd.
    """
    with connect(url, settings) as connection:
        if _current(connection) == _revisions()[-1]:
            return
        connection.commit()
        _upgrade(connection)


def check_schema(url: str, settings: Settings) -> None:
    """Make sure that a database has this prismd's schema.

    Args:
        url: Connection string of PostgreSQL.
        settings: For the time that connecting may take.

    Raises:
        DatabaseUnusableError: It cannot be reached, or its schema is another.
    """
    with connect(url, settings) as connection:
        current = _current(connection)
    if current != _revisions()[-1]:
        found = f"has schema {current}" if current else "is empty"
        raise DatabaseUnusableError(f"the database {found}, this prismd needs {_revisions()[-1]}: run `prismd migrate`")


def _current(connection: Connection) -> str | None:
    known = _revisions()
    with connection.cursor() as cursor:
        if cursor.execute(_VERSION_TABLE).fetchone() == (False,):
            return None
        row = cursor.execute(_VERSION).fetchone()
    current: str | None = row[0] if row else None
    if current is not None and current not in known:
        raise DatabaseUnusableError(
            f"the database has schema {current}, this prismd knows up to {known[-1]}: install a newer prismd"
        )
    return current


def _revisions() -> list[str]:
    # Revisions are numbered files, so that their order shows without importing Alembic.
    versions = files("prismd.store") / "migrations" / "versions"
    return sorted(file.name.split("_", 1)[0] for file in versions.iterdir() if file.name.endswith(".sql"))


def _upgrade(connection: Connection, revision: str = "head") -> None:
    import sqlalchemy as sa  # noqa: PLC0415 - half a second that a start on a current database saves
    from alembic import command  # noqa: PLC0415 - as above
    from alembic.config import Config  # noqa: PLC0415 - as above

    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=sa.StaticPool)
    try:
        with engine.begin() as bound:
            bound.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            config = Config()
            config.set_main_option("script_location", str(files("prismd.store") / "migrations"))
            config.attributes["connection"] = bound
            command.upgrade(config, revision)
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        fault = getattr(error, "orig", error)
        kind = DatabaseAwayError if isinstance(fault, psycopg.OperationalError) else DatabaseUnusableError
        raise kind(f"the schema cannot be made: {str(fault).strip().splitlines()[0]}") from error
