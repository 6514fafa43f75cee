"""The transaction of an import: of a request that imports at once, or of one turn of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from prismd.core.imports.job import Job
from prismd.services.session import Transaction


@dataclass(frozen=True, slots=True)
class JobTransaction(Transaction):
    """One open transaction that holds an import job: the one argument of all steps of a chunk.

    Args:
        session: The session of the caller or, in a worker, of the team.
        connection: The connection, with the transaction open.
        job: The job in its state before the chunk.
        at: The time of all writes of the chunk.
    """

    job: Job
    at: datetime

    @classmethod
    def of(cls, transaction: Transaction, job: Job) -> JobTransaction:
        """Return a transaction for the next chunk of a job."""
        return cls(transaction.session, transaction.connection, job, transaction.now(), loaded=transaction.loaded)

    def now(self) -> datetime:
        """Return the time of all writes of the chunk, in UTC."""
        return self.at
