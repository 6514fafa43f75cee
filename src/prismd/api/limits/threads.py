"""The threads of an API process, in three pools: quick work, imports, and everything else.

No pool waits for another. The process has as many threads as connections to the database, so a thread never waits for
a connection. Quick work is what every client needs first: the check of keys, polls of imports, reads for event streams.
Within a pool, teams share fairly (:mod:`prismd.api.limits.turns`).
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
        settings: The settings, for the number of connections and the share of one team.
        admit: Called with the owner when a turn begins whose answer may be large; raises to refuse it.
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
        """Run work in a thread for imports, and return its result.

        Raises:
            PrismdError: ``too_many_requests``.
        """
        return await _run(self._imports, work)

    async def run_other(self, work: Callable[[], _Result]) -> _Result:
        """Run work in a thread for everything else, and return its result.

        Raises:
            PrismdError: ``too_many_requests``.
        """
        return await _run(self._others, work)

    async def run_quick(self, work: Callable[[], _Result]) -> _Result:
        """Run work in a thread for quick work, and return its result; the work must take milliseconds for any team.

        Raises:
            PrismdError: ``too_many_requests``.
        """
        return await _run(self._quick, work)

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Make the third pool the default executor while the application runs."""
        asyncio.get_running_loop().set_default_executor(self._others)
        yield
        # The web server decides how long requests may take to end, so do not wait for them here.
        for threads in (self._quick, self._imports, self._others):
            threads.shutdown(wait=False)


async def _run(threads: FairThreads, work: Callable[[], _Result]) -> _Result:
    # Run in the context of the request, so that its log lines name the request.
    return await asyncio.get_running_loop().run_in_executor(threads, partial(copy_context().run, work))
