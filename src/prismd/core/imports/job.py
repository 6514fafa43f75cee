"""An import job: its states, which may follow which, and what its numbers mean (contract, sections 10.3, 19.3, 22)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from prismd.core.imports.options import ImportOptions
from prismd.core.imports.plan import RowResult


class State(enum.StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: Which state may follow which; a state without successors is final.
TRANSITIONS: Final = MappingProxyType(
    {
        State.QUEUED: frozenset({State.RUNNING, State.COMPLETE, State.FAILED, State.CANCELLED}),
        State.RUNNING: frozenset({State.RUNNING, State.COMPLETE, State.FAILED, State.CANCELLED}),
        State.COMPLETE: frozenset(),
        State.FAILED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)

#: The closed set of the public contract, by state.
WIRE_STATUS: Final = MappingProxyType(
    {
        State.QUEUED: "processing",
        State.RUNNING: "processing",
        State.COMPLETE: "complete",
        State.FAILED: "failed",
        State.CANCELLED: "failed",
    }
)


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by outcome, with ``updated`` among ``existing``, and the contacts that the rows made."""

    created: int = 0
    existing: int = 0
    updated: int = 0
    failed: int = 0
    contacts: int = 0

    @classmethod
    def of(cls, results: Iterable[RowResult]) -> Counts:
        """Count results."""
        created = existing = updated = failed = contacts = 0
        for result in results:
            if result.problems:
                failed += 1
            elif result.existing:
                existing += 1
                updated += result.updated
            else:
                created += 1
            if result.contacts:
                contacts += len(result.contacts)
        return cls(created, existing, updated, failed, contacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One import of one team.

    Args:
        chunks: How many chunks its rows are cut into.
        cursor: The next chunk to do.
        attempts: Failures of that chunk so far.
        crashes: How often whoever did that chunk was lost inside it, a worker or its connection.
        contacts_created: Contacts that rows made by naming their addresses.
        request_id: The request that made it, by which log lines and traces of its chunks are found; UUID text.
        team: Public id of its team, where a worker has claimed it.
    """

    team_id: int
    id: str
    object_type: str
    synchronous: bool
    state: State
    options: ImportOptions
    total: int
    chunks: int
    cursor: int = 0
    created: int = 0
    existing: int = 0
    updated: int = 0
    failed: int = 0
    contacts_created: int = 0
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    attempts: int = 0
    crashes: int = 0
    parent_job_id: str | None = None
    request_id: str | None = None
    team: str = ""

    @property
    def status(self) -> str:
        """The job's state in the words of the public contract."""
        return WIRE_STATUS[self.state]

    @property
    def succeeded(self) -> int:
        """Rows that made or matched a record."""
        return self.created + self.existing

    @property
    def processed(self) -> int:
        """Rows attempted."""
        return self.succeeded + self.failed

    def after_chunk(self, counts: Counts, now: datetime) -> Job:
        """Return the job after one more chunk; it is complete with its last one.

        Args:
            counts: Of the chunk's rows.
            now: When the chunk is committed.
        """
        done = self.cursor + 1 == self.chunks
        job = replace(
            self,
            state=self._moved_to(State.COMPLETE if done else State.RUNNING),
            cursor=self.cursor + 1,
            created=self.created + counts.created,
            existing=self.existing + counts.existing,
            updated=self.updated + counts.updated,
            failed=self.failed + counts.failed,
            contacts_created=self.contacts_created + counts.contacts,
            updated_at=now,
            attempts=0,
            crashes=0,
        )
        assert not done or job.processed == job.total, job  # noqa: S101 - complete only if the outcomes add up
        return job

    @property
    def counts(self) -> Counts:
        """The counts of all chunks so far."""
        return Counts(self.created, self.existing, self.updated, self.failed, self.contacts_created)

    def since(self, before: Job) -> Counts:
        """Return the counts of the chunks done since an earlier state of the job."""
        now, then = astuple(self.counts), astuple(before.counts)
        return Counts(*(one - other for one, other in zip(now, then, strict=True)))

    @property
    def not_attempted(self) -> int:
        """Rows that have no result; they come after all rows that have one."""
        return self.total - self.processed

    def cancelled(self, now: datetime) -> Job:
        """Return the job as it is once somebody has cancelled it.

        Args:
            now: When that is.
        """
        message = f"the import was cancelled after {self.processed} of {self.total} rows; rows done stay done"
        return replace(
            self,
            state=self._moved_to(State.CANCELLED),
            updated_at=now,
            error_code="cancelled",
            error_message=message,
        )

    @property
    def ended(self) -> bool:
        """Whether the job's state is final."""
        return not TRANSITIONS[self.state]

    def after_failure(self, message: str, now: datetime, *, attempts_max: int) -> Job:
        """Return the job after a chunk that could not be processed: to be tried again, or failed for good.

        Args:
            message: What people are told if the job fails.
            now: When it happened.
            attempts_max: Failures of one chunk in a row that end the job.
        """
        attempts = self.attempts + 1
        if attempts < attempts_max:
            return replace(self, attempts=attempts, updated_at=now)
        state = self._moved_to(State.FAILED)
        return replace(
            self, state=state, attempts=attempts, updated_at=now, error_code="internal_error", error_message=message
        )

    def after_crashes(self, count: int, now: datetime) -> Job:
        """Return the job after a worker was lost inside the chunk at its cursor.

        Args:
            count: How often.
            now: When it was noticed.
        """
        return replace(self, crashes=self.crashes + count, updated_at=now)

    def after_cut(self, parts: int, now: datetime) -> Job:
        """Return the job after the chunk at its cursor was cut into smaller ones, none of which has crashed yet.

        Args:
            parts: How many took the chunk's place.
            now: When that was.
        """
        return replace(self, chunks=self.chunks + parts - 1, attempts=0, crashes=0, updated_at=now)

    def _moved_to(self, state: State) -> State:
        assert state in TRANSITIONS[self.state], (self.state, state)  # noqa: S101 - a programmer's error
        return state
