"""Facts about PostgreSQL that help to find trouble: settings, indexes, disk space, connections."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Final

from psycopg.rows import class_row

from prismd.store.connections.postgres import Connection

_SERVER: Final = """
SELECT current_setting('server_version') AS version,
       (SELECT jsonb_object_agg(name, reset_val) FROM pg_settings) AS settings,
       pg_is_in_recovery() AS in_recovery,
       pg_encoding_to_char(encoding) AS encoding,
       age(datfrozenxid) AS age,
       datcollversion IS DISTINCT FROM pg_database_collation_actual_version(oid) AS sorts_otherwise,
       pg_database_size(oid) AS database_bytes
FROM pg_database WHERE datname = current_database()
"""
_TIME: Final = "SELECT clock_timestamp()"
_INDEXES: Final = """
SELECT relname, pg_get_indexdef(pg_class.oid), indisvalid AND indisready
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = current_schema()::regnamespace
"""
_TABLES: Final = """
SELECT relname AS name, n_live_tup AS live, n_dead_tup AS dead, pg_table_size(relid) AS table_bytes,
       pg_indexes_size(relid) AS index_bytes
FROM pg_stat_user_tables WHERE schemaname = current_schema()
ORDER BY relname
"""
_LONGEST: Final = """
SELECT pid, application_name AS application, clock_timestamp() - xact_start AS lasted FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
ORDER BY xact_start LIMIT 1
"""
_OTHERS: Final = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_EXPIRED: Final = """
SELECT (
    SELECT expires_at FROM import_job
    WHERE expires_at AT TIME ZONE 'UTC' <= %s::timestamptz AT TIME ZONE 'UTC' AND state NOT IN ('queued', 'running')
    ORDER BY expires_at AT TIME ZONE 'UTC' LIMIT 1
)
"""
_SCHEMA: Final = re.compile(r"(?<= ON )(ONLY )?(?:[^\s.]+|\"(?:[^\"]|\"\")+\")\.(?=\S+ USING )")


@dataclass(frozen=True, slots=True)
class Server:
    """A PostgreSQL server, and the database on it that prismd uses.

    Args:
        version: The version as PostgreSQL writes it.
        settings: The settings of this role's new connections, by name, in PostgreSQL's base units.
        in_recovery: Whether the server is a standby, which refuses writes.
        encoding: The encoding of the database.
        age: Number of transactions since the oldest one that is not frozen.
        sorts_otherwise: Whether the operating system's sorting rules have changed since the database was made.
        database_bytes: Disk space of the database, in bytes.
    """

    version: str
    settings: Mapping[str, str]
    in_recovery: bool
    encoding: str
    age: int
    sorts_otherwise: bool
    database_bytes: int


@dataclass(frozen=True, slots=True)
class Index:
    """An index that exists.

    Args:
        definition: The statement that makes the index, without a schema name.
        valid: Whether PostgreSQL can use the index.
    """

    definition: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table, according to PostgreSQL's own statistics.

    Args:
        name: The table's name.
        live: Number of rows.
        dead: Number of row versions that no transaction sees any more.
        table_bytes: Disk space of the rows, in bytes.
        index_bytes: Disk space of the indexes, in bytes.
    """

    name: str
    live: int
    dead: int
    table_bytes: int
    index_bytes: int


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """An open transaction of another connection.

    Args:
        pid: Process id of that connection on the server.
        application: The name that the client gives itself.
        lasted: The time since the transaction began.
    """

    pid: int
    application: str
    lasted: timedelta


def expected_indexes() -> dict[str, str]:
    """Return the statements of all indexes that the migrations make, by index name."""
    text = (files("prismd.store") / "migrations" / "indexes.sql").read_text(encoding="utf-8")
    statements = [line.removesuffix(";") for line in text.splitlines() if line.startswith("CREATE ")]
    return {statement.partition(" INDEX ")[2].split(" ", 1)[0]: statement for statement in statements}


def read_server(connection: Connection) -> Server:
    """Return the facts that a server reports about itself."""
    [server] = connection.cursor(row_factory=class_row(Server)).execute(_SERVER)
    return server


def read_time(connection: Connection) -> datetime:
    """Return the time of the server's clock."""
    now: datetime
    [(now,)] = connection.execute(_TIME)
    return now


def read_indexes(connection: Connection) -> dict[str, Index]:
    """Return the existing indexes, by name."""
    return {
        name: Index(_SCHEMA.sub(r"\1", definition), valid)
        for name, definition, valid in connection.execute(_INDEXES).fetchall()
    }


def read_tables(connection: Connection) -> list[Table]:
    """Return the tables, in order of their names."""
    return connection.cursor(row_factory=class_row(Table)).execute(_TABLES).fetchall()


def longest_transaction(connection: Connection) -> OpenTransaction | None:
    """Return the transaction of another connection that has been open for longest; None if none is open."""
    return connection.cursor(row_factory=class_row(OpenTransaction)).execute(_LONGEST).fetchone()


def count_others(connection: Connection) -> int:
    """Return the number of other client connections to the database."""
    [(count,)] = connection.execute(_OTHERS)
    return int(count)


def oldest_expired(connection: Connection, now: datetime) -> datetime | None:
    """Return the expiry time of the expired import job that has waited longest for deletion; None if none waits.

    Args:
        connection: Any connection.
        now: The current time.
    """
    expired: datetime | None
    [(expired,)] = connection.execute(_EXPIRED, (now,))
    return expired
