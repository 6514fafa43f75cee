"""What PostgreSQL writes to the disk: its log, and by how much its tables and indexes grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psycopg

_LOG: Final = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"
_TABLES: Final = """
    SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""


@dataclass(slots=True)
class Written:
    """Bytes that were written.

    Args:
        log: To the write-ahead log; of the whole PostgreSQL, so nothing else may go on.
        tables: By which tables and indexes of the database grew; each such page is written once more by a checkpoint.
    """

    log: int = 0
    tables: int = 0

    @property
    def total(self) -> int:
        """All bytes that go to the disk sooner or later."""
        return self.log + self.tables


@contextmanager
def written(url: str) -> Iterator[Written]:
    """Give what is written while the block runs; it is known at its end.

    Args:
        url: The database.
    """
    found = Written()
    with psycopg.connect(url, autocommit=True) as connection:
        log, tables = _counted(connection)
        yield found
        log_after, tables_after = _counted(connection)
    found.log, found.tables = log_after - log, tables_after - tables


def _counted(connection: psycopg.Connection[tuple[int, ...]]) -> tuple[int, int]:
    counts = []
    for statement in (_LOG, _TABLES):
        row = connection.execute(statement).fetchone()
        counts.append(int(row[0]) if row else 0)
    return counts[0], counts[1]
