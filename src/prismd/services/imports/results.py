"""Reading what became of the rows of an import, a part at a time: what a chunk has to say can be large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.imports.results import outcome_of, result_start, whole_results
from prismd.core.json.text import decode_stored
from prismd.services.session import Transaction
from prismd.store.imports import results

#: Bytes of the results of a chunk that are read at once.
PART_BYTES: Final = 256 * 2**10

#: The first part of a job's results.
FIRST: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class PageOfResults:
    """Some results of a job.

    Args:
        results: Decoded results, in input order.
        next_after: Index of the last row looked at, if there may be more; else None.
    """

    results: list[dict[str, Any]]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class ResultsWanted:
    """Which results of a job a page shows.

    Args:
        limit: Most results returned.
        bytes_max: JSON of results after which a page that has any ends.
        after: Index of the last row that is not wanted.
        outcome: Only those with this outcome: ``created``, ``existing``, ``updated`` or ``failed``; None for any.
    """

    limit: int
    bytes_max: int
    after: int = -1
    outcome: str | None = None


def part_of_results(
    transaction: Transaction, job_id: str, place: tuple[int, int]
) -> tuple[bytes, tuple[int, int]] | None:
    """Return a part of the content of a job's JSON array of results, as it is stored, and the place of the next part.

    Args:
        place: The part to read: number of a chunk, and position in its results, counted from 1.

    Returns:
        None where there is nothing more.
    """
    number, position = place
    found = results.part_of_results(
        transaction.connection, transaction.team_id, job_id, number, position=position, bytes_max=PART_BYTES
    )
    if found is None:
        return None
    part, length = found
    comma = b"," if number and position == 1 else b""
    following = position + len(part)
    return comma + part, ((number + 1, 1) if following > length else (number, following))


def results_of_chunk(transaction: Transaction, job_id: str, number: int, *, position: int = 1) -> Iterator[bytes]:
    """Yield JSON arrays of the results of a chunk, in order, each of about as much as is read at once.

    Args:
        number: Of the chunk; one that is not there has none.
        position: Of the first result wanted.
    """
    text = b""
    while found := results.part_of_results(
        transaction.connection, transaction.team_id, job_id, number, position=position, bytes_max=PART_BYTES
    ):
        part, length = found
        text += part
        position += len(part)
        whole = whole_results(text) if position <= length else len(text)
        if whole:
            yield b"[" + text[:whole] + b"]"
            text = text[whole + 1 :]
        if position > length:
            return


def page_of_results(transaction: Transaction, job_id: str, wanted: ResultsWanted) -> PageOfResults:
    """Return results of a job, also while it runs (contract, section 22).

    Args:
        transaction: Of the team.
        job_id: A job of the team.
        wanted: Which of them.
    """
    after, limit, outcome = wanted.after, wanted.limit, wanted.outcome
    found: list[dict[str, Any]] = []
    read = 0
    for text in _results_after(transaction, job_id, after, outcome):
        looked_at: list[dict[str, Any]] = decode_stored(text)
        found += [
            result for result in looked_at if result["input_index"] > after and outcome in (None, outcome_of(result))
        ]
        if len(found) > limit:
            return PageOfResults(found[:limit], found[limit - 1]["input_index"])
        read += len(text)
        if found and read >= wanted.bytes_max:
            return PageOfResults(found, looked_at[-1]["input_index"])
    return PageOfResults(found, None)


def _results_after(transaction: Transaction, job_id: str, after: int, outcome: str | None) -> Iterator[bytes]:
    """Yield JSON arrays of results, from chunks that have a result of the outcome."""
    while chunk := results.next_results(
        transaction.connection, transaction.team_id, job_id, after=after, outcome=outcome
    ):
        position = 1
        if after >= chunk.first_row:
            start = result_start(after + 1)
            position = (
                results.position_of_result(transaction.connection, transaction.team_id, job_id, chunk.number, start)
                or 1
            )
        yield from results_of_chunk(transaction, job_id, chunk.number, position=position)
        after = chunk.last_row
