"""What PostgreSQL tells of itself to whoever looks for trouble: settings, indexes, room, connections."""

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
    """A PostgreSQL, and the database of it that is used.

    Args:
        version: As PostgreSQL writes it.
        settings: As new connections of this role get them, by name, in PostgreSQL's base units.
        in_recovery: Whether it is a standby, which takes no writes.
        encoding: Of the database.
        age: Transactions since the oldest that is not frozen.
        sorts_otherwise: Whether the system's rules of sorting have changed since the database was made.
        database_bytes: Room that the database takes on the disk.
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
    """An index as it is there.

    Args:
        definition: The statement that makes it, without the name of a schema.
        valid: Whether PostgreSQL uses it.
    """

    definition: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table by PostgreSQL's own statistics.

    Args:
        name: Of the table.
        live: Rows that are there.
        dead: Versions of rows that nobody sees any more.
        table_bytes: Room of the rows.
        index_bytes: Room of its indexes.
    """

    name: str
    live: int
    dead: int
    table_bytes: int
    index_bytes: int


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """A transaction that another connection has open.

    Args:
        pid: Process id of the connection at the server.
        application: What the client calls itself.
        lasted: Since when.
    """

    pid: int
    application: str
    lasted: timedelta


def expected_indexes() -> dict[str, str]:
    """Return the statements of all indexes that the migrations make, by the names of the indexes."""
    text = (files("prismd.store") / "migrations" / "indexes.sql").read_text(encoding="utf-8")
    statements = [line.removesuffix(";") for line in text.splitlines() if line.startswith("CREATE ")]
    return {statement.partition(" INDEX ")[2].split(" ", 1)[0]: statement for statement in statements}


def read_server(connection: Connection) -> Server:
    """Return what a server says of itself."""
    [server] = connection.cursor(row_factory=class_row(Server)).execute(_SERVER)
    return server


def read_time(connection: Connection) -> datetime:
    """Return the time by the clock of the server."""
    now: datetime
    [(now,)] = connection.execute(_TIME)
    return now


def read_indexes(connection: Connection) -> dict[str, Index]:
    """Return the indexes that are there, by name."""
    return {
        name: Index(_SCHEMA.sub(r"\1", definition), valid)
        for name, definition, valid in connection.execute(_INDEXES).fetchall()
    }


def read_tables(connection: Connection) -> list[Table]:
    """Return the tables, by name."""
    return connection.cursor(row_factory=class_row(Table)).execute(_TABLES).fetchall()


def longest_transaction(connection: Connection) -> OpenTransaction | None:
    """Return the transaction of another connection to the database that is open for longest; None if there is none."""
    return connection.cursor(row_factory=class_row(OpenTransaction)).execute(_LONGEST).fetchone()


def count_others(connection: Connection) -> int:
    """Return how many other connections to the database clients have."""
    [(count,)] = connection.execute(_OTHERS)
    return int(count)


def oldest_expired(connection: Connection, now: datetime) -> datetime | None:
    """Return when the import job expired that waits for longest to be deleted; None if none waits.

    Args:
        connection: Any.
        now: The time.
    """
    expired: datetime | None
    [(expired,)] = connection.execute(_EXPIRED, (now,))
    return expired
