"""The database side of restoring a dump: checks the present content, makes room, and writes table by table."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Final

from psycopg import sql

from prismd.store.backups.dumps import BadDumpError, Rows, SequencePosition
from prismd.store.connections.postgres import Connection
from prismd.store.migrate import EARLIER_VERSION_TABLE, VERSION_TABLE
from prismd.store.monitoring.diagnosis import expected_indexes

_SCHEMA: Final = "SELECT current_schema()"
_TABLES: Final = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
ORDER BY relname
"""
_SEQUENCES: Final = """
SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'S'
"""
#: Sequences that defaults of columns use and that are not dropped with a table.
_SEQUENCES_USED: Final = """
SELECT DISTINCT sequence.relname
FROM pg_attrdef AS value
JOIN pg_class AS holder ON holder.oid = value.adrelid
JOIN pg_depend AS use ON use.classid = 'pg_attrdef'::regclass AND use.objid = value.oid
JOIN pg_class AS sequence ON sequence.oid = use.refobjid AND sequence.relkind = 'S'
WHERE holder.relnamespace = current_schema()::regnamespace AND holder.relname = ANY (%s)
    AND NOT EXISTS (
        SELECT FROM pg_depend AS owned
        WHERE owned.classid = 'pg_class'::regclass AND owned.objid = sequence.oid AND owned.deptype IN ('a', 'i')
            AND owned.refobjsubid > 0)
"""
_REFERENCES: Final = """
SELECT holder.relname, meant.relname
FROM pg_constraint
JOIN pg_class AS holder ON holder.oid = conrelid
JOIN pg_class AS meant ON meant.oid = confrelid
WHERE contype = 'f' AND holder.relnamespace = current_schema()::regnamespace
"""

# Before the first migration the queue stood in the table of jobs.
_WIDEN_JOBS: Final = "ALTER TABLE import_job ADD COLUMN turn bigint, ADD COLUMN not_before timestamptz"
_QUEUE_JOBS: Final = """
INSERT INTO import_queue (team_id, job_id, running, turn, not_before, created_at, moved_at)
SELECT team_id, id, state = 'running', turn, not_before, created_at, updated_at
FROM import_job WHERE state IN ('queued', 'running')
"""
_NARROW_JOBS: Final = "ALTER TABLE import_job DROP COLUMN turn, DROP COLUMN not_before"


def schema_name(connection: Connection) -> str:
    """Return the name of the schema that holds prismd's tables, or will hold them."""
    [(name,)] = connection.execute(_SCHEMA)
    return str(name or "public")


def own_tables(connection: Connection) -> list[str]:
    """Return the existing tables that prismd makes, with the table of the schema's version."""
    made = {statement.partition(" ON ")[2].split(" ", 1)[0] for statement in expected_indexes().values()}
    found = all_tables(connection)
    if VERSION_TABLE not in found:
        made.add(EARLIER_VERSION_TABLE)  # next to the present version table, this name belongs to another program
    return [name for name in found if name in made]


def all_tables(connection: Connection) -> list[str]:
    """Return the names of all tables of the schema."""
    return [name for (name,) in connection.execute(_TABLES).fetchall()]


def has_rows(connection: Connection, tables: list[str]) -> list[str]:
    """Return those of the tables that have at least one row.

    Args:
        tables: Names of the tables.
    """
    if not tables:
        return []
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name)) for name in tables
    )
    return [name for name, holds in connection.execute(asked).fetchall() if holds]


def drop_tables(connection: Connection, tables: list[str]) -> None:
    """Drop tables, and the sequences that fill their columns.

    Args:
        tables: Names of the tables.
    """
    if not tables:
        return
    sequences = [name for (name,) in connection.execute(_SEQUENCES_USED, (tables,)).fetchall()]
    connection.execute(sql.SQL("DROP TABLE {}").format(_listed(tables)))
    if sequences:
        connection.execute(sql.SQL("DROP SEQUENCE {}").format(_listed(sequences)))


def empty_tables(connection: Connection, tables: list[str]) -> None:
    """Delete the rows that migrations wrote into the tables they made.

    Args:
        tables: Names of the tables.
    """
    if tables:
        connection.execute(sql.SQL("TRUNCATE {}").format(_listed(tables)))


def in_order(connection: Connection, tables: list[str]) -> list[str]:
    """Sort tables so that each comes after the tables that its rows refer to.

    Args:
        tables: Names of the tables.
    """
    refers: dict[str, set[str]] = {name: set() for name in tables}
    for holder, meant in connection.execute(_REFERENCES).fetchall():
        if holder in refers and meant in refers and holder != meant:
            refers[holder].add(meant)
    return list(TopologicalSorter(refers).static_order())


def write_rows(connection: Connection, table: str, rows: Rows) -> int:
    """Write rows into a table, and return their number.

    Args:
        table: The table's name.
        rows: The rows; they are read to the end.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _listed(rows.columns))
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for line in rows.lines:
                copy.write(line)
        return cursor.rowcount


def widen_jobs(connection: Connection) -> None:
    """Have the table of jobs take the rows of the last schema before the first migration.

    Args:
        connection: Inside a transaction, to a database whose tables are empty.
    """
    connection.execute(_WIDEN_JOBS)


def queue_earlier_jobs(connection: Connection) -> None:
    """Give the jobs of such rows that have not ended their entries in the queue, and have the table as it was.

    Args:
        connection: Inside the transaction of :func:`widen_jobs`, after the rows.
    """
    connection.execute(_QUEUE_JOBS)
    connection.execute(_NARROW_JOBS)


def set_positions(connection: Connection, positions: list[SequencePosition]) -> None:
    """Set sequences to the positions from a dump.

    Args:
        positions: The positions; each sequence must exist.

    Raises:
        BadDumpError: A sequence does not exist.
    """
    there = {name for (name,) in connection.execute(_SEQUENCES).fetchall()}
    for position in positions:
        if position.sequence in there:
            name = sql.Identifier(position.sequence).as_string(connection)
            connection.execute("SELECT setval(%s::regclass, %s, %s)", (name, position.value, position.is_called))
        elif position.is_called:
            raise BadDumpError(f"the dump has a sequence {position.sequence}, which its schema has not")


def refresh_statistics(connection: Connection) -> None:
    """Make PostgreSQL refresh the statistics of its tables."""
    connection.execute("ANALYZE")


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)
