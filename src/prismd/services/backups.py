"""Backups: write a database to a dump, as of one moment, and restore a database from a dump."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import psycopg

from prismd.database_errors import DatabaseUnusableError
from prismd.settings import Settings
from prismd.store.backups.client_programs import dumping_program, reading_program
from prismd.store.backups.dumps import BadDumpError, Dump, write_dump
from prismd.store.backups.restoring import (
    all_tables,
    drop_tables,
    empty_tables,
    has_rows,
    in_order,
    own_tables,
    queue_earlier_jobs,
    refresh_statistics,
    schema_name,
    set_positions,
    widen_jobs,
    write_rows,
)
from prismd.store.connections.postgres import Connection, connect
from prismd.store.migrate import (
    EARLIER_VERSION_TABLE,
    EARLIER_VERSIONS,
    VERSION_TABLE,
    earlier_schema_advice,
    known_versions,
    schema_state,
    upgrade,
    upgrading,
)
from prismd.store.monitoring.diagnosis import count_others

_VERSION_TABLES: Final = frozenset({VERSION_TABLE, EARLIER_VERSION_TABLE})


class RestoreRefusedError(DatabaseUnusableError):
    """A database cannot take a backup in its present state; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The result of making a backup.

    Args:
        schema: Version of the schema.
        bytes: Size of the backup file.
    """

    schema: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore.

    Args:
        schema: Version of the schema in the backup.
        head: Version of the schema that the database has after the restore.
        rows: Number of rows restored, by table.
        left_out: Tables of the backup that do not belong to prismd.
    """

    schema: str
    head: str
    rows: Mapping[str, int]
    left_out: list[str] = field(default_factory=list)


def back_up(url: str, settings: Settings, file: int) -> Backup:
    """Write a backup of a database as of one moment; servers and workers can keep running.

    Args:
        url: Connection string of PostgreSQL.
        settings: The settings in force; they limit the time to connect.
        file: Descriptor of a new file.

    Raises:
        DatabaseUnusableError: The database has no schema of prismd, or cannot be read; the message says what to do.
    """
    with connect(url, settings, autocommit=True) as connection:
        if schema_state(connection).current is None:
            raise DatabaseUnusableError("the database is empty: there is nothing to back up")
        program = dumping_program(connection.info.server_version)
        schema = schema_name(connection)
    write_dump(program, url, schema, file)
    # The server may have migrated since the first look, so read the version from the dump, as a restore does.
    dump = Dump(reading_program(), file)
    return Backup(dump.schema_version, os.fstat(file).st_size)


def restore(url: str, settings: Settings, file: int, *, replace: bool) -> Restored:
    """Load a backup into a database, in one transaction: everything or nothing.

    Args:
        url: Connection string of PostgreSQL.
        settings: The settings in force; they limit the time to connect.
        file: Descriptor of the backup.
        replace: Whether to delete the data that prismd has in the database; if False, the database must hold none.

    Raises:
        BadDumpError: The backup cannot be read.
        RestoreRefusedError: The database is in use or not empty, or a newer prismd made the backup.
    """
    dump = Dump(reading_program(), file)
    known = known_versions()
    first = _first_version(dump, known)
    with connect(url, settings) as connection, upgrading(connection):
        _check_target(connection, replace=replace)
        drop_tables(connection, own_tables(connection))
        upgrade(connection, first)
        rows = _fill(connection, dump)
        upgrade(connection, known[-1])
    with connect(url, settings, autocommit=True) as connection:
        refresh_statistics(connection)
    left_out = [table for table in dump.tables if table not in rows and table not in _VERSION_TABLES]
    return Restored(dump.schema_version, known[-1], rows, left_out)


def _first_version(dump: Dump, known: list[str]) -> str:
    """Return the version of the schema that fits the rows of a dump."""
    if dump.is_earlier and dump.schema_version == EARLIER_VERSIONS[-1]:
        return known[0]
    if dump.is_earlier and dump.schema_version in EARLIER_VERSIONS:
        raise RestoreRefusedError(
            f"the backup has schema {dump.schema_version}, which is older than this prismd's first migration:"
            f" {earlier_schema_advice(dump.schema_version)}"
        )
    if dump.is_earlier or dump.schema_version not in known:
        raise RestoreRefusedError(
            f"the backup has schema {dump.schema_version}, this prismd knows up to {known[-1]}: "
            "install the prismd that made it, or a newer one"
        )
    return dump.schema_version


def _check_target(connection: Connection, *, replace: bool) -> None:
    state = schema_state(connection)
    if state.is_newer:
        raise RestoreRefusedError(
            f"the database has schema {state.current}, which this prismd does not know: restore into another database"
        )
    own = own_tables(connection)
    if own and state.current is None:
        raise RestoreRefusedError(
            f"the database has tables that are not prismd's ({', '.join(own[:3])}): restore into another database"
        )
    if others := count_others(connection):
        raise RestoreRefusedError(
            f"{others} other connections to the database are open: stop prismd, its workers and whatever else uses it"
        )
    holding = [table for table in has_rows(connection, own) if table not in _VERSION_TABLES]
    if holding and not replace:
        raise RestoreRefusedError(
            f"the database is not empty ({', '.join(holding[:3])} hold rows): restore into a new one, "
            "or have all that prismd holds in this one replaced with --replace"
        )


def _fill(connection: Connection, dump: Dump) -> dict[str, int]:
    there = set(all_tables(connection)) - _VERSION_TABLES
    tables = in_order(connection, [table for table in dump.tables if table in there])
    empty_tables(connection, tables)
    counts = {}
    try:
        if dump.is_earlier:
            widen_jobs(connection)
        for table in tables:
            with dump.rows(table) as rows:
                counts[table] = write_rows(connection, table, rows)
        if dump.is_earlier:
            queue_earlier_jobs(connection)
        set_positions(connection, dump.positions())
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise BadDumpError(f"its rows do not fit the schema that it names: {str(error).splitlines()[0]}") from error
    return counts
