"""Import jobs: their states and transitions, and their counts (contract, sections 10.3, 19.3 and 22)."""

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
    """The state of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: The possible next states of each state; a state without any is final.
TRANSITIONS: Final = MappingProxyType(
    {
        State.QUEUED: frozenset({State.RUNNING, State.COMPLETE, State.FAILED, State.CANCELLED}),
        State.RUNNING: frozenset({State.RUNNING, State.COMPLETE, State.FAILED, State.CANCELLED}),
        State.COMPLETE: frozenset(),
        State.FAILED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)

#: The contract's word for each state.
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
    """Counts of a part of an import.

    They are the numbers of rows by outcome, where ``existing`` includes ``updated``, and the numbers of contacts
    created from addresses, of records created for references by key, and of references left out.

    Of an undo, ``existing`` counts all records; ``updated`` those reverted, also in part; and three more numbers the
    records that are reverted in part, kept, or gone already.
    """

    created: int = 0
    existing: int = 0
    updated: int = 0
    failed: int = 0
    contacts: int = 0
    references: int = 0
    left_empty: int = 0
    partly_reverted: int = 0
    kept: int = 0
    gone: int = 0

    @classmethod
    def of(cls, results: Iterable[RowResult]) -> Counts:
        """Count results."""
        created = existing = updated = failed = contacts = references = left_empty = 0
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
            if result.references:
                references += len(result.references)
            if result.warnings:
                left_empty += len(result.warnings)
        return cls(created, existing, updated, failed, contacts, references, left_empty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One import of one team.

    Args:
        chunks: Number of chunks.
        cursor: Number of the next chunk.
        attempts: Number of failures of the next chunk so far.
        crashes: How often a worker, or its connection, was lost during the next chunk.
        contacts_created: Number of contacts created from addresses.
        references_created: Number of records created for references by key.
        references_left_empty: Number of references by key that were left out, because they lead to no record.
        request_id: Id of the request that started the job, as UUID text; logs and traces of its chunks have it.
        undoes: Id of the import or undo that this job takes back; None for an import.
        partly_reverted: Number of records that an undo reverts in part.
        kept: Number of records that an undo leaves as they are.
        gone: Number of records of which nothing is left to undo.
        changes_kept: Whether all changes since the job have been kept, so that the job can be undone.
        team: Public id of the team; set if a worker has claimed the job.
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
    references_created: int = 0
    references_left_empty: int = 0
    error_code: str | None = None
    error_message: str | None = None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime
    attempts: int = 0
    crashes: int = 0
    parent_job_id: str | None = None
    request_id: str | None = None
    undoes: str | None = None
    partly_reverted: int = 0
    kept: int = 0
    gone: int = 0
    changes_kept: bool = True
    team: str = ""

    @property
    def status(self) -> str:
        """The contract's word for the state."""
        return WIRE_STATUS[self.state]

    @property
    def succeeded(self) -> int:
        """Number of rows that created or matched a record."""
        return self.created + self.existing

    @property
    def processed(self) -> int:
        """Number of rows attempted."""
        return self.succeeded + self.failed

    def after_chunk(self, counts: Counts, now: datetime) -> Job:
        """Return the job after its next chunk; the last chunk completes it.

        Args:
            counts: The counts of the chunk.
            now: Time of the commit.
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
            references_created=self.references_created + counts.references,
            references_left_empty=self.references_left_empty + counts.left_empty,
            partly_reverted=self.partly_reverted + counts.partly_reverted,
            kept=self.kept + counts.kept,
            gone=self.gone + counts.gone,
            updated_at=now,
            attempts=0,
            crashes=0,
        )
        assert not done or job.processed == job.total, job  # noqa: S101 - complete only if the outcomes add up
        return job

    @property
    def counts(self) -> Counts:
        """The counts of all chunks so far."""
        made = self.contacts_created, self.references_created, self.references_left_empty
        undone = self.partly_reverted, self.kept, self.gone
        return Counts(self.created, self.existing, self.updated, self.failed, *made, *undone)

    def since(self, before: Job) -> Counts:
        """Return the counts of the chunks done since an earlier state of the job."""
        now, then = astuple(self.counts), astuple(before.counts)
        return Counts(*(one - other for one, other in zip(now, then, strict=True)))

    @property
    def not_attempted(self) -> int:
        """Number of rows without a result; they are the last rows of the import."""
        return self.total - self.processed

    def cancelled(self, now: datetime) -> Job:
        """Return the job after a cancellation.

        Args:
            now: Time of the cancellation.
        """
        message = f"the import was cancelled after {self.processed} of {self.total} rows; rows done stay done"
        if self.undoes is not None:
            message = f"the undo was cancelled after {self.processed} of {self.total} records; undo again to go on"
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
        """Return the job after a failure of its next chunk: ready for another attempt, or failed for good.

        Args:
            message: The job's error message if it has failed for good.
            now: Time of the failure.
            attempts_max: Number of failures in a row of one chunk that make the job fail.
        """
        attempts = self.attempts + 1
        if attempts < attempts_max:
            return replace(self, attempts=attempts, updated_at=now)
        state = self._moved_to(State.FAILED)
        return replace(
            self, state=state, attempts=attempts, updated_at=now, error_code="internal_error", error_message=message
        )

    def after_crashes(self, count: int, now: datetime) -> Job:
        """Return the job after workers were lost during its next chunk.

        Args:
            count: Number of losses.
            now: Time at which the losses were noticed.
        """
        return replace(self, crashes=self.crashes + count, updated_at=now)

    def after_cut(self, parts: int, now: datetime) -> Job:
        """Return the job after its next chunk was cut into smaller ones, which have no crashes yet.

        Args:
            parts: Number of smaller chunks.
            now: Time of the cut.
        """
        return replace(self, chunks=self.chunks + parts - 1, attempts=0, crashes=0, updated_at=now)

    def _moved_to(self, state: State) -> State:
        assert state in TRANSITIONS[self.state], (self.state, state)  # noqa: S101 - a programmer's error
        return state
