"""Purges expired data and looks after the queue, team by team, so that imports continue even if a purge fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import psycopg
import structlog

from prismd.database_errors import DatabaseUnusableError
from prismd.services.imports.turns import return_lost_jobs
from prismd.services.runtime import SoleRuntime
from prismd.settings import Settings
from prismd.store.audit import purge_entries
from prismd.store.connections.postgres import Connection
from prismd.store.files.purging import purge_files
from prismd.store.retention import (
    oldest_of_team,
    purge_attempts,
    purge_changes,
    purge_claims,
    purge_jobs,
    purge_tickets,
)
from prismd.store.teams import teams_after

_LOG: Final = structlog.get_logger()

#: The most teams checked between two chunks of imports; if nothing has expired, that takes a few milliseconds.
_TEAMS_PER_STEP: Final = 20


class Purge:
    """Goes from team to team and deletes expired data (contract, section 21, decisions 47 and 60).

    It also gives a queue entry to each job that lost its own.
    """

    def __init__(self) -> None:
        #: Internal id of the current team, or of the last one; 0 before the first.
        self.team_id = 0

    def step(self, runtime: SoleRuntime) -> bool:
        """Delete a batch of the next team that has expired data.

        If this fails, the next step continues with the team after the failed one.

        Args:
            runtime: The runtime; its connection is in autocommit mode, and not inside a transaction.

        Returns:
            False after the last team, if nothing is left to delete.
        """
        teams = teams_after(runtime.connection, self.team_id, _TEAMS_PER_STEP)
        for team_id in teams:
            before, self.team_id = self.team_id, team_id
            if _purged_of_team(runtime, team_id):
                self.team_id = before
                return True
        if len(teams) == _TEAMS_PER_STEP:
            return True
        before, self.team_id = self.team_id, 0
        if _purged_tickets(runtime):
            self.team_id = before
            return True
        return False


def _purged_of_team(runtime: SoleRuntime, team_id: int) -> bool:
    settings, oldest, now = runtime.settings, oldest_of_team(runtime.connection, team_id), runtime.now()
    claims = now - timedelta(hours=settings.idempotency_hours, days=settings.idempotency_stale_days)
    attempts = now - timedelta(seconds=settings.client_repeat_s)
    deeds = now - timedelta(days=settings.audit_retention_days)
    changes = now - timedelta(days=settings.change_retention_days)
    due: list[tuple[datetime | None, datetime, Callable[[Connection], bool]]] = [
        (oldest.claim_made, claims, lambda connection: purge_claims(connection, team_id, before=claims)),
        (oldest.attempt_made, attempts, lambda connection: purge_attempts(connection, team_id, before=attempts)),
        (oldest.deed_noted, deeds, lambda connection: purge_entries(connection, team_id, until=deeds)),
        (oldest.change_made, changes, lambda connection: purge_changes(connection, team_id, before=changes)),
        (oldest.job_expires, now, lambda connection: purge_jobs(connection, team_id, now=now)),
        (oldest.file_expires, now, lambda connection: purge_files(connection, team_id, now=now)),
    ]
    if oldest.has_active_jobs:
        return_lost_jobs(runtime, team_id)
    purged = False
    for first, until, purge in due:
        if first is not None and first <= until:
            with runtime.of_team(team_id) as connection:
                purged = purge(connection) or purged
    return purged


def _purged_tickets(runtime: SoleRuntime) -> bool:
    with runtime.of_all_teams() as connection:
        return purge_tickets(connection, now=runtime.now())


class Retention:
    """Purges at regular times, on its own connection, so that a fault there does not stop imports.

    Args:
        open_runtime: Opens that connection.
        settings: The settings, for the time between two purges.
        now: The time of the first purge.
    """

    def __init__(self, open_runtime: Callable[[], SoleRuntime], settings: Settings, now: datetime) -> None:
        self._open_runtime = open_runtime
        self._interval = timedelta(seconds=settings.retention_interval_s)
        self._purge = Purge()
        self._next = now
        self._runtime: SoleRuntime | None = None

    def turn(self, now: datetime) -> bool:
        """Delete a batch of expired data, if it is time.

        Args:
            now: The current time.

        Returns:
            Whether to come back at once, because more may have expired.
        """
        if now < self._next:
            return False
        more = self._stepped()
        if not more:
            self._next = now + self._interval
            self.close()
        return more

    def close(self) -> None:
        """Close the connection, if it is open."""
        runtime, self._runtime = self._runtime, None
        if runtime is not None:
            runtime.connection.close()

    def _stepped(self) -> bool:
        try:
            if self._runtime is None:
                self._runtime = self._open_runtime()
            return self._purge.step(self._runtime)
        except (DatabaseUnusableError, psycopg.Error) as error:
            reason = str(error).strip() or type(error).__name__
            _LOG.warning("purge failed", team_id=self._purge.team_id, error=reason)
        except Exception:  # noqa: BLE001 - whatever it is, imports go on
            _LOG.exception("purge failed", team_id=self._purge.team_id)
        return False
