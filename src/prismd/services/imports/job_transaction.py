"""The transaction of an import: that of a request which imports at once, or of one turn of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from prismd.core.imports.job import Job
from prismd.services.session import Transaction


@dataclass(frozen=True, slots=True)
class JobTransaction(Transaction):
    """One open transaction that holds an import job: the one argument of all steps of a chunk.

    Args:
        session: Whose it is: the caller's, or the team's where a worker does the job.
        connection: Inside the transaction.
        job: The job, as it stands at the beginning of the transaction's chunk.
        at: The time of everything that the chunk writes.
    """

    job: Job
    at: datetime

    @classmethod
    def of(cls, transaction: Transaction, job: Job) -> JobTransaction:
        """Return a transaction for the next chunk of a job that it holds."""
        return cls(transaction.session, transaction.connection, job, transaction.now())

    def now(self) -> datetime:
        """Return the time of everything that the chunk writes, in UTC."""
        return self.at
