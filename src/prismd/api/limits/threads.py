"""Which threads serve what: what is quick by nature, imports, and everything else never wait for one another.

There are as many threads as there are connections to the database, so no thread ever waits for a connection. Those for
quick work are for what everybody needs first: the check of keys, polls of imports, reads for event streams. Within
each kind, teams share fairly (:mod:`prismd.api.limits.turns`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from typing import TypeVar

from litestar import Litestar

from prismd.api.limits.turns import FairThreads, TurnLimits
from prismd.settings import Settings

_Result = TypeVar("_Result")


class Threads:
    """The threads of one application.

    Args:
        settings: For the number of connections, and what a team may have of the threads.
        admit: Called with the owner of work whose answer may be large, when its turn begins; raises where it must not.
    """

    def __init__(self, settings: Settings, admit: Callable[[Hashable], None]) -> None:
        connections = settings.database_connections_max
        limits = TurnLimits(
            settings.requests_per_team_max, settings.requests_waiting_per_team_max, settings.request_turn_s
        )
        quick, imports = connections // 4, (connections + 2) // 3
        self._quick = FairThreads(quick, "prismd-quick", limits)
        large = replace(limits, admit=admit)
        self._imports = FairThreads(imports, "prismd-import", large)
        self._others = FairThreads(connections - quick - imports, "prismd-request", large)

    async def run_import(self, work: Callable[[], _Result]) -> _Result:
        """Return what the work returns, done in a thread for imports.

        Raises:
            PrismdError: ``too_many_requests``.
        """
        return await _run(self._imports, work)

    async def run_quick(self, work: Callable[[], _Result]) -> _Result:
        """Return what the work returns, done in a thread for what is over in milliseconds, whatever a team has.

        Raises:
            PrismdError: ``too_many_requests``.
        """
        return await _run(self._quick, work)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Serve everything else in the other threads as long as the application runs."""
        asyncio.get_running_loop().set_default_executor(self._others)
        yield
        # Whoever runs the application decides how long requests under way may take to end.
        for threads in (self._quick, self._imports, self._others):
            threads.shutdown(wait=False)


async def _run(threads: FairThreads, work: Callable[[], _Result]) -> _Result:
    # In the context of the request, so that what it logs names the request.
    return await asyncio.get_running_loop().run_in_executor(threads, partial(copy_context().run, work))
