"""Failed authentication in the audit log of a team: counted by address and key, and written once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import psycopg
import structlog
from litestar import Litestar

from prismd.api.http.addresses import origin_of
from prismd.services.api_keys.authentication import KeyFailure
from prismd.services.audit import FailureCount, note_failures
from prismd.services.runtime import Runtime

_LOG: Final = structlog.get_logger()

_MINUTE_S: Final = 60
#: The most entries of one team in a minute; one more entry counts the rest.
ENTRIES_MAX: Final = 20
#: The most teams counted in a minute; failures of further teams are only logged.
_TEAMS_MAX: Final = 1_000
_OTHERS: Final = "other addresses"

#: (failure, address) -> number of requests.
_Counts = dict[tuple[KeyFailure, str], int]


class FailedAuthentication:
    """Counts the failures of one API process, in bounded memory.

    Args:
        runtime: The runtime, for connections and the time.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._counted: dict[int, _Counts] = {}

    def note(self, failure: KeyFailure | None, address: str) -> None:
        """Count a request that was refused because of its key.

        Args:
            failure: The reason; None if the failure concerns no team, so that nothing is counted.
            address: Address of the client.
        """
        if failure is None:
            return
        if not self._counted:
            asyncio.get_running_loop().call_later(_MINUTE_S, self.write)
        counts = self._counted.get(failure.team_id)
        if counts is None:
            if len(self._counted) >= _TEAMS_MAX:
                return
            counts = self._counted[failure.team_id] = {}
        where = failure, origin_of(address)
        if where not in counts and len(counts) >= ENTRIES_MAX:
            where = KeyFailure(failure.team_id, None, failure.reason), _OTHERS
        counts[where] = counts.get(where, 0) + 1

    @asynccontextmanager
    async def lifespan(self, _app: Litestar) -> AsyncIterator[None]:
        """Write the remaining counts when the application ends."""
        yield
        await self.write()

    def write(self) -> asyncio.Future[None]:
        """Write the counts in a thread, and start again from zero."""
        counted, self._counted = self._counted, {}
        return asyncio.get_running_loop().run_in_executor(None, self._write, counted)

    def _write(self, counted: Mapping[int, _Counts]) -> None:
        for team_id, counts in counted.items():
            failures = [FailureCount(failure, address, count) for (failure, address), count in counts.items()]
            try:
                note_failures(self._runtime, team_id, failures)
            except psycopg.Error as error:
                lost = {"team": team_id, "requests": sum(counts.values()), "reason": str(error).strip()}
                _LOG.warning("failed authentication is not in the audit", **lost)
