"""Reading the failed rows of an import with their problems, chunk by chunk, as they were sent."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from prismd.core.imports.failed_rows import FailedRow
from prismd.core.imports.job import Job
from prismd.core.json.text import NotJsonError, decode, decode_stored
from prismd.services.imports.results import results_of_chunk
from prismd.services.session import Transaction
from prismd.store.imports import chunks
from prismd.store.imports.results import next_results


class FailedOfChunk(NamedTuple):
    """The failed rows of a chunk.

    Args:
        rows: The rows, in input order.
        last_row: Index of the chunk's last row.
    """

    rows: list[FailedRow]
    last_row: int


def next_failed_rows(transaction: Transaction, job: Job, after: int) -> FailedOfChunk | None:
    """Return the failed rows of the next chunk that has any; None if no further chunk has.

    Each call is one short transaction, so that a job of any size takes the memory of a chunk.

    Args:
        transaction: The team's open transaction.
        job: The job.
        after: Index of the last row of the chunk before; -1 for none.
    """
    if job.undoes is not None:
        return None  # an undo has records, and no rows
    found = next_results(transaction.connection, job.team_id, job.id, after=after, outcome="failed")
    if found is None:
        return None
    chunk = chunks.read_chunk(transaction.connection, job, found.number)
    rows: list[FailedRow] = []
    for text in results_of_chunk(transaction, job.id, found.number):
        for result in decode_stored(text):
            if "error" in result:
                raw = chunk.rows[result["input_index"] - chunk.first_row]
                problems = result.get("errors") or [result["error"]]
                rows.append(FailedRow(result["input_index"], problems, bytes(raw), _decoded(raw)))
    return FailedOfChunk(rows, found.last_row)


def _decoded(raw: msgspec.Raw) -> Any:  # noqa: ANN401 - JSON is any value
    try:
        return decode(raw)
    except NotJsonError:
        return None
