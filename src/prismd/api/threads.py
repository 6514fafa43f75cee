"""Which threads serve what: imports have some, everything else has others, so that neither waits for the other.

There are as many threads as there are connections to the database, so no thread ever waits for a connection, and an
import that waits for its turn takes none from those who look after theirs.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from litestar import Litestar

from prismd.settings import Settings

_Result = TypeVar("_Result")


class Threads:
    """The threads of one application.

    Args:
        settings: For the number of connections; half of them are for imports.
    """

    def __init__(self, settings: Settings) -> None:
        connections = max(2, settings.database_connections_max)
        self._imports = ThreadPoolExecutor(connections // 2, "prismd-import")
        self._others = ThreadPoolExecutor(connections - connections // 2, "prismd-request")

    async def run_import(self, work: Callable[[], _Result]) -> _Result:
        """Return what the work returns, done in a thread for imports."""
        # In the context of the request, so that what it logs names the request.
        return await asyncio.get_running_loop().run_in_executor(self._imports, contextvars.copy_context().run, work)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Serve everything else in the other threads as long as the application runs."""
        asyncio.get_running_loop().set_default_executor(self._others)
        yield
        # Whoever runs the application decides how long requests under way may take to end.
        self._imports.shutdown(wait=False)
        self._others.shutdown(wait=False)
