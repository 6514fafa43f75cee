"""Counting the statements that reach PostgreSQL, for tests that hold a request to a number that does not grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg

from prismd.services.runtime import Runtime
from prismd.store import api_keys
from prismd.store.connections.postgres import Pool


@contextmanager
def count_statements(where: Pool | Runtime) -> Iterator[list[str]]:
    """Give the list of the statements sent through a pool, which grows while the block runs.

    BEGIN, COMMIT and savepoints are left out, and so is the note that a key is used, which comes once a minute
    whatever is asked; a statement for many rows at once counts as one for each of them.

    Args:
        where: The pool, or the runtime that has it; with the fixture ``api`` it is ``api.runtime``.
    """
    pool = where.pool if isinstance(where, Runtime) else where
    sent: list[str] = []

    def counted(name: str, times: Callable[[Any], int]) -> Any:
        original = getattr(psycopg.Cursor, name)

        def call(cursor: psycopg.Cursor[Any], query: Any, parameters: Any = None, **options: Any) -> Any:
            if name == "executemany":
                parameters = list(parameters)
            # The pool notes itself on what it lends.
            if getattr(cursor.connection, "_pool", None) is pool and query is not api_keys._USED:
                sent.extend([str(query)] * times(parameters))
            return original(cursor, query, parameters, **options)

        return patch.object(psycopg.Cursor, name, call)

    def rows(parameters: Iterable[Any]) -> int:
        return len(list(parameters))

    with counted("execute", lambda _: 1), counted("copy", lambda _: 1), counted("executemany", rows):
        yield sent
