"""A database that gets the rows of a dump: what is in it before, making room, and writing table by table."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Final

from psycopg import sql

from prismd.store.backups.dumps import BadDumpError, Place, Rows
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
#: Those that defaults of columns take, and that go with no table by themselves.
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


def schema_name(connection: Connection) -> str:
    """Return the name of the schema in which prismd's tables are, or would be made."""
    [(name,)] = connection.execute(_SCHEMA)
    return str(name or "public")


def own_tables(connection: Connection) -> list[str]:
    """Return which tables there are that prismd makes, that of the schema's version included."""
    made = {statement.partition(" ON ")[2].split(" ", 1)[0] for statement in expected_indexes().values()}
    found = all_tables(connection)
    if VERSION_TABLE not in found:
        made.add(EARLIER_VERSION_TABLE)  # beside the other one, it would be another program's
    return [name for name in found if name in made]


def all_tables(connection: Connection) -> list[str]:
    """Return the names of all tables of the schema."""
    return [name for (name,) in connection.execute(_TABLES).fetchall()]


def has_rows(connection: Connection, tables: list[str]) -> list[str]:
    """Return which of some tables hold anything.

    Args:
        tables: Their names.
    """
    if not tables:
        return []
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {}, EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name)) for name in tables
    )
    return [name for name, holds in connection.execute(asked).fetchall() if holds]


def drop_tables(connection: Connection, tables: list[str]) -> None:
    """Drop tables, and the sequences that they take values from.

    Args:
        tables: Their names.
    """
    if not tables:
        return
    sequences = [name for (name,) in connection.execute(_SEQUENCES_USED, (tables,)).fetchall()]
    connection.execute(sql.SQL("DROP TABLE {}").format(_listed(tables)))
    if sequences:
        connection.execute(sql.SQL("DROP SEQUENCE {}").format(_listed(sequences)))


def empty_tables(connection: Connection, tables: list[str]) -> None:
    """Take away what migrations wrote into tables that they made.

    Args:
        tables: Their names.
    """
    if tables:
        connection.execute(sql.SQL("TRUNCATE {}").format(_listed(tables)))


def in_order(connection: Connection, tables: list[str]) -> list[str]:
    """Return tables in an order in which each comes after those that its rows refer to.

    Args:
        tables: Their names.
    """
    refers: dict[str, set[str]] = {name: set() for name in tables}
    for holder, meant in connection.execute(_REFERENCES).fetchall():
        if holder in refers and meant in refers and holder != meant:
            refers[holder].add(meant)
    return list(TopologicalSorter(refers).static_order())


def write_rows(connection: Connection, table: str, rows: Rows) -> int:
    """Write rows into a table, and return how many they were.

    Args:
        table: Its name.
        rows: Read to their end.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _listed(rows.columns))
    with connection.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for line in rows.lines:
                copy.write(line)
        return cursor.rowcount


def set_places(connection: Connection, places: list[Place]) -> None:
    """Bring sequences to where they had got to.

    Args:
        places: Of sequences that there must be.

    Raises:
        BadDumpError: There is no such sequence.
    """
    there = {name for (name,) in connection.execute(_SEQUENCES).fetchall()}
    for place in places:
        if place.sequence in there:
            name = sql.Identifier(place.sequence).as_string(connection)
            connection.execute("SELECT setval(%s::regclass, %s, %s)", (name, place.value, place.is_called))
        elif place.is_called:
            raise BadDumpError(f"the dump has a sequence {place.sequence}, which its schema has not")


def refresh_statistics(connection: Connection) -> None:
    """Have PostgreSQL look at what is in the tables now."""
    connection.execute("ANALYZE")


def _listed(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(name) for name in names)
