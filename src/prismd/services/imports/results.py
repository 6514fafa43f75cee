"""Reading the results of an import in parts, because the results of a chunk can be large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.imports.results import outcome_of, result_start, whole_results
from prismd.core.json.text import decode_stored
from prismd.services.session import Transaction
from prismd.store.imports import results

#: Size in bytes of a part of a chunk's results.
PART_BYTES: Final = 256 * 2**10

#: The first part of a job's results.
FIRST: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class PageOfResults:
    """Some results of a job.

    Args:
        results: Decoded results, in input order.
        next_after: Index of the last row read, if more results can follow; otherwise None.
    """

    results: list[dict[str, Any]]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class ResultsWanted:
    """The page of a job's results that a request asks for.

    Args:
        limit: Maximum number of results.
        bytes_max: Bytes of JSON read after which the page ends, if it has any results.
        after: Only results of rows after this index.
        outcome: Only results with this outcome: ``created``, ``existing``, ``updated`` or ``failed``; None for any.
    """

    limit: int
    bytes_max: int
    after: int = -1
    outcome: str | None = None


def part_of_results(
    transaction: Transaction, job_id: str, start: tuple[int, int]
) -> tuple[bytes, tuple[int, int]] | None:
    """Return a part of the content of a job's JSON array of results, and the start of the next part.

    Args:
        start: Start of the part: number of a chunk, and position in the text of its results, from 1.

    Returns:
        The part and the next start; None if no results are left.
    """
    number, position = start
    found = results.part_of_results(
        transaction.connection, transaction.team_id, job_id, number, position=position, bytes_max=PART_BYTES
    )
    if found is None:
        return None
    part, length = found
    # A chunk of an undo can be without results, so the number of the chunk does not say whether others come before.
    comma = b"," if part and position == 1 and not part.startswith(result_start(0)) else b""
    following = position + len(part)
    return comma + part, ((number + 1, 1) if following > length else (number, following))


def results_of_chunk(transaction: Transaction, job_id: str, number: int, *, position: int = 1) -> Iterator[bytes]:
    """Yield the results of a chunk as JSON arrays, in order, each of about :data:`PART_BYTES`.

    Args:
        number: Number of the chunk; an unknown chunk has no results.
        position: Position of the first result in the text of the chunk's results, from 1.
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
        transaction: The team's open transaction.
        job_id: Id of a job of the team.
        wanted: The page to return.
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
    """Yield results as JSON arrays, from chunks that have a result with the outcome."""
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
