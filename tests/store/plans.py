"""What a statement read, as PostgreSQL counted it: rows of tables, entries of indexes, and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from prismd.store.connections.postgres import Connection

_DROPPED: Final = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
_COUNTED: Final = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)"
#: After so many runs PostgreSQL weighs a plan that it keeps against those that it makes for the parameters.
_RUNS_BEFORE_KEPT: Final = 5


@dataclass(frozen=True, slots=True)
class Read:
    """What one run of a statement read.

    Args:
        rows: Of tables and entries of indexes; those thrown away count, and so does each look-up in vain.
        pages: Also those whose entries the condition of an index passed over, which no count of rows shows.
        steps: Where the rows were read, for people.
    """

    rows: int
    pages: int
    steps: tuple[str, ...]


def read_at_once(connection: Connection, statement: str, parameters: Any) -> Read:
    """Run a statement and undo what it did; return what it read with a plan for its parameters."""
    with connection.transaction(force_rollback=True):
        return _read(connection.execute(f"{_COUNTED} {statement}", parameters))


def read_prepared(connection: Connection, statement: str, parameters: Any) -> Read:
    """Do as :func:`read_at_once` with the plan of a session that has run the statement before, again and again."""
    text, names = _numbered(statement)
    values = [parameters[name] for name in names] if names else list(parameters)
    run = f"EXECUTE hot ({', '.join(['%s'] * len(values))})"
    client = psycopg.ClientCursor(connection)
    connection.execute(f"PREPARE hot AS {text}".encode())
    try:
        with connection.transaction(force_rollback=True):
            for _ in range(_RUNS_BEFORE_KEPT):
                client.execute(f"EXPLAIN {run}", values)
            return _read(client.execute(f"{_COUNTED} {run}", values))
    finally:
        connection.execute("DEALLOCATE hot")


def _read(answer: psycopg.Cursor[Any]) -> Read:
    row = answer.fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    read = [(node, _rows(node)) for node in _steps(plan) if _reads(node)]
    pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return Read(sum(rows for _, rows in read), pages, tuple(f"{_name(node)}: {rows}" for node, rows in read))


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _steps(child)


def _reads(node: dict[str, Any]) -> bool:
    # Functions and subqueries are scanned too, but have no table; the part of a bitmap that reads an index has none.
    return node["Node Type"].endswith("Scan") and ("Relation Name" in node or "Index Name" in node)


def _rows(node: dict[str, Any]) -> int:
    kept: float = node["Actual Rows"]
    dropped: float = sum(node.get(name, 0) for name in _DROPPED)
    loops: float = node["Actual Loops"]
    return round(max(1, kept + dropped) * loops)


def _name(node: dict[str, Any]) -> str:
    return " ".join(node[name] for name in ("Node Type", "Index Name", "Relation Name") if name in node)


def _numbered(statement: str) -> tuple[str, list[str]]:
    """Return a statement as PREPARE takes it, and its parameters' names in order, if they have names."""
    names: list[str] = []
    count = 0

    def number(match: re.Match[str]) -> str:
        nonlocal count
        name = match[1]
        if name is None:
            count += 1
            return f"${count}"
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return re.sub(r"%(?:\((\w+)\))?[sb]", number, statement), names
