"""Grouping the problems of an import by cause, chunk by chunk, from its results and its rows as they were sent."""

from __future__ import annotations

from typing import Any

import msgspec

from prismd.core.imports.job import Job
from prismd.core.imports.problems import ProblemGroups
from prismd.core.json.text import NotJsonError, decode, decode_stored
from prismd.services.imports.results import results_of_chunk
from prismd.services.session import Transaction
from prismd.store.imports import chunks
from prismd.store.imports.results import next_results


def add_problems(transaction: Transaction, job: Job, after: int, groups: ProblemGroups) -> int | None:
    """Add the problems of the next chunk that has failed rows.

    Each call is one short transaction, so that a job of any size takes the memory of a chunk.

    Args:
        transaction: The team's open transaction.
        job: The job.
        after: Index of the last row of the chunk before; -1 for none.
        groups: The groups so far.

    Returns:
        Index of the chunk's last row; None if no further chunk has failed rows.
    """
    found = next_results(transaction.connection, job.team_id, job.id, after=after, outcome="failed")
    if found is None:
        return None
    chunk = chunks.read_chunk(transaction.connection, job, found.number)
    for text in results_of_chunk(transaction, job.id, found.number):
        for result in decode_stored(text):
            if "error" in result:
                groups.add(result, _row(chunk.rows[result["input_index"] - chunk.first_row]))
    return found.last_row


def _row(raw: msgspec.Raw) -> Any:  # noqa: ANN401 - JSON is any value
    try:
        return decode(raw)
    except NotJsonError:
        return None
