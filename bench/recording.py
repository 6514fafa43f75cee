"""The statements that a request makes PostgreSQL run: written down from prismd itself, and sent again without it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import uvicorn
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

from prismd.api.app import create_app
from prismd.api.http.http_protocol import HttpProtocol
from prismd.services.runtime import Runtime, system_clock, system_ids
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, bind_session, prepare_session
from prismd.store.connections.transactions import BECOME


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its parameters, or a COPY with its rows.

    Args:
        query: As psycopg takes it.
        parameters: Bound to it.
        prepare: Whether psycopg may prepare it.
        lines: What COPY sends, as it goes over the wire.
    """

    query: Any
    parameters: Any = None
    prepare: bool | None = None
    lines: bytes | None = None


#: Statements in order; None where a transaction ends.
Steps = Sequence[Statement | None]


@dataclass(slots=True)
class Log:
    """What was sent since it was last emptied.

    Args:
        steps: Statements, and the ends of transactions.
        undo: Whether transactions are rolled back instead of committed, so that they can be sent again.
    """

    steps: list[Statement | None] = field(default_factory=list)
    undo: bool = False


@contextmanager
def recording(url: str) -> Iterator[tuple[str, Log]]:
    """Serve prismd from this process while the block runs, and write down what it sends to PostgreSQL.

    Args:
        url: A database that is migrated.

    Yields:
        Where it listens, and the log.
    """
    log = Log()
    kinds = _kinds(log)
    options = {"cursor_factory": kinds[1], "autocommit": True}
    pool: Any = ConnectionPool(
        url, connection_class=kinds[0], kwargs=options, min_size=2, max_size=4, configure=bind_session, open=True
    )
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(Runtime(pool, Settings(), system_clock, system_ids()))
    server = uvicorn.Server(uvicorn.Config(app, http=HttpProtocol, log_level="critical"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", log
    finally:
        server.should_exit = True
        thread.join()
        pool.close()


def recorded(log: Log, work: Callable[[], object], *, undo: bool = False) -> list[Statement | None]:
    """Return the statements that some work sends.

    Args:
        log: Of the serving process.
        work: Sends one request.
        undo: Whether what it writes is rolled back.
    """
    log.undo = undo
    log.steps.clear()
    work()
    steps = list(log.steps)
    log.undo = False
    if not any(steps):
        raise RuntimeError("no statement was written down: nothing measured")
    return steps


@contextmanager
def session(url: str) -> Iterator[Connection]:
    """Give a connection that is set as those of prismd are."""
    with psycopg.connect(url) as connection:
        prepare_session(connection)
        yield connection


def replay(connection: Connection, steps: Steps) -> None:
    """Send statements again and read what they answer."""
    for step in steps:
        if step is None:
            connection.commit()
            continue
        with connection.cursor() as cursor:
            if step.lines is not None:
                with cursor.copy(step.query, step.parameters) as copy:
                    copy.write(step.lines)
                continue
            cursor.execute(step.query, step.parameters, prepare=step.prepare)
            if cursor.description is not None:
                cursor.fetchall()


def _kinds(log: Log) -> tuple[type[Connection], type[psycopg.Cursor[Any]]]:
    class NotingCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **options: Any) -> Any:  # noqa: ANN401 - psycopg's own
            # They are sent again by the login, which has no role to lay down.
            if query is not BECOME:
                log.steps.append(Statement(query, params, options.get("prepare")))
            return super().execute(query, params, **options)

        @contextmanager
        def copy(self, statement: Any, params: Any = None, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - psycopg's own
            lines: list[bytes] = []
            with super().copy(statement, params, **options) as copy:
                yield _Noted(copy, lines)
            log.steps.append(Statement(statement, params, lines=b"".join(lines)))

    class NotingConnection(psycopg.Connection[Any]):
        def commit(self) -> None:
            if self.info.transaction_status != TransactionStatus.IDLE:
                log.steps.append(None)
            if log.undo:
                self.rollback()
            super().commit()

        @contextmanager
        def transaction(self, *options: Any, **others: Any) -> Iterator[psycopg.Transaction]:  # noqa: ANN401 - psycopg's own
            outermost = self.info.transaction_status == TransactionStatus.IDLE
            with super().transaction(*options, **others) as made:
                yield made
                if outermost:
                    log.steps.append(None)
                    if log.undo:
                        raise psycopg.Rollback(made)

    return NotingConnection, NotingCursor


class _Noted:
    def __init__(self, copy: psycopg.Copy, lines: list[bytes]) -> None:
        self._copy = copy
        self._lines = lines

    def write(self, lines: str | bytes) -> None:
        self._lines.append(lines.encode() if isinstance(lines, str) else lines)
        self._copy.write(lines)
