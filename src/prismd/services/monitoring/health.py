"""Health of imports: whether workers are connected and the queue moves, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from prismd.settings import Settings
from prismd.store.connections.postgres import Connection
from prismd.store.monitoring.health import NextJob, count_workers, next_job


@dataclass(slots=True)
class WorkHealth:
    """Observations of the workers and the queue by one process.

    Args:
        settings: The settings in force; they say how long workers can be absent and the queue can stand still.
        now: Time of the first observation.
    """

    settings: Settings
    now: datetime
    _worker_seen_at: datetime | None = None
    _turn: int | None = None
    _turn_since: datetime | None = None

    def fault(self, connection: Connection, now: datetime) -> str:
        """Return the fault, in words; an empty text if there is none.

        Args:
            connection: Any connection; this call runs two statements.
            now: The time.
        """
        if count_workers(connection):
            self._worker_seen_at = now
        missed = now - (self._worker_seen_at or self.now)
        if missed > timedelta(seconds=self.settings.workers_wait_s):
            return f"No worker has been connected to the database for {_seconds(missed)}; import jobs wait"
        job = next_job(connection, now, running_max=self.settings.running_jobs_per_team_max)
        return self._stand_still(job, now)

    def _stand_still(self, job: NextJob | None, now: datetime) -> str:
        if job is None:
            self._turn = None
            return ""
        if job.turn != self._turn:
            # Another job is next, so the queue moves; this job's own wait before its turn does not count against it.
            self._turn_since = None if self._turn is None else now
            self._turn = job.turn
        stood = now - (self._turn_since or job.moved_at)
        if stood <= timedelta(seconds=self.settings.queue_wait_s):
            return ""
        return f"The import job whose turn it is has not moved for {_seconds(stood)}; others wait for it"


def _seconds(time: timedelta) -> str:
    return f"{time.total_seconds():.0f} s"
