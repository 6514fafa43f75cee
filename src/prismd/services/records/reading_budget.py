"""The limits on what one request can read: bytes and time."""

from __future__ import annotations

import time
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.records.reading_budget import ReadingBudget
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.queries.pages import limit_time

#: Seconds after which PostgreSQL gets the remaining time again, as its own limit covers one statement alone.
_PASSED_S: Final = 1.0


class Reading:
    """The reading of one request, with its limits.

    Args:
        connection: Inside the transaction of the request.
        settings: The settings in force; they hold the limits.
    """

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.connection = connection
        self.settings = settings
        self.budget = ReadingBudget(settings.read_bytes_max)
        self._ends_at = time.monotonic() + settings.query_timeout_s
        self._told_at: float | None = None

    def limit_time(self) -> None:
        """Make PostgreSQL cancel later statements when the request's time is over.

        Raises:
            PrismdError: ``query_timeout``: the time is over already.
        """
        now = time.monotonic()
        if now >= self._ends_at:
            raise PrismdError("query_timeout", "the query takes too long; ask for fewer rows, or select fewer paths")
        if self._told_at is None or now - self._told_at > _PASSED_S:
            limit_time(self.connection, self._ends_at - now)
            self._told_at = now
