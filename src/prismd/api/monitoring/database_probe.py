"""A probe of PostgreSQL on a connection of its own, with a limited wait for the answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, Generic, TypeVar

import psycopg
import structlog

from prismd.database_errors import DatabaseAwayError, DatabaseUnusableError
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection, connect

_LOG: Final = structlog.get_logger()
_Seen = TypeVar("_Seen")

#: The rest of the longest time of a request is for the answer itself.
_PART_WAITED: Final = 0.8


class DatabaseProbe(Generic[_Seen]):
    """Runs one query at a time; its answer serves all waiting requests.

    Args:
        url: The database's connection string.
        settings: The settings, for the longest wait.
        now: Returns the time.
        look: The query; it receives the connection and the time.
        fresh_s: Seconds in which an answer is reused, so that frequent requests do not load the database.
    """

    def __init__(
        self,
        url: str,
        settings: Settings,
        now: Callable[[], datetime],
        look: Callable[[Connection, datetime], _Seen],
        *,
        fresh_s: float,
    ) -> None:
        self._url = url
        self._settings = settings
        self._now = now
        self._look = look
        self._fresh_s = fresh_s
        self._thread = ThreadPoolExecutor(1, "prismd-probe")
        self._connection: Connection | None = None
        self._asked: asyncio.Future[_Seen | None] | None = None
        self._asked_at = 0.0

    async def ask(self) -> _Seen:
        """Return the answer to the query.

        Raises:
            DatabaseAwayError: PostgreSQL cannot be reached, or does not answer in time.
        """
        loop = asyncio.get_running_loop()
        if self._asked is None or (self._asked.done() and loop.time() - self._asked_at > self._fresh_s):
            self._asked_at = loop.time()
            self._asked = loop.run_in_executor(self._thread, self._seen)
        asked = self._asked  # another request may replace ``_asked`` while this one waits
        wait_s = self._settings.database_wait_s * _PART_WAITED - (loop.time() - self._asked_at)
        done, _ = await asyncio.wait({asked}, timeout=max(0.0, wait_s))
        if not done:
            self._hang_up()
            raise DatabaseAwayError("The database does not answer at the moment; try again")
        seen = asked.result()
        if seen is None:
            raise DatabaseAwayError("The database cannot be reached at the moment; try again")
        return seen

    def close(self) -> None:
        """Close the connection, without waiting for it."""
        self._hang_up()
        self._thread.submit(self._disconnect)
        self._thread.shutdown(wait=False)

    def _seen(self) -> _Seen | None:
        try:
            if self._connection is None:
                self._connection = connect(self._url, self._settings, autocommit=True)
            return self._look(self._connection, self._now())
        except (psycopg.Error, DatabaseUnusableError) as error:
            if not isinstance(error, psycopg.OperationalError | DatabaseUnusableError):
                _LOG.exception("a look at the database failed")
            self._disconnect()
            return None

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _hang_up(self) -> None:
        # Shutting the socket down is the only way to end the wait of the other thread. Use a copy of the descriptor,
        # because that thread may close its own.
        connection = self._connection
        with contextlib.suppress(psycopg.Error, OSError):
            if connection is not None and not connection.closed:
                with socket.socket(fileno=os.dup(connection.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)
