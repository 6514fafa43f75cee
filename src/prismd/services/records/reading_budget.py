"""What one request may read, and how long that may take."""

from __future__ import annotations

import time
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.records.reading_budget import ReadingBudget
from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.queries.pages import limit_time

#: PostgreSQL is told anew how much time is left when so much of it has passed.
_PASSED_S: Final = 1.0


class Reading:
    """The reading of one request.

    Args:
        connection: In the transaction of the request.
        settings: For the limits.
    """

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self.connection = connection
        self.settings = settings
        self.budget = ReadingBudget(settings.read_bytes_max)
        self._ends_at = time.monotonic() + settings.query_timeout_s
        self._told_at: float | None = None

    def limit_time(self) -> None:
        """Have PostgreSQL give up on the next statements when the time of the request is over.

        Raises:
            PrismdError: ``query_timeout``: it is over.
        """
        now = time.monotonic()
        if now >= self._ends_at:
            raise PrismdError("query_timeout", "the query takes too long; ask for fewer rows, or select fewer paths")
        if self._told_at is None or now - self._told_at > _PASSED_S:
            limit_time(self.connection, self._ends_at - now)
            self._told_at = now
