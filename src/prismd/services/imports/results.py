"""Reading what became of the rows of an import, a part at a time: what a chunk has to say can be large."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.imports.results import outcome_of, verdict_start, whole_verdicts
from prismd.core.json.text import decode_stored
from prismd.services.session import Transaction
from prismd.store.imports import results

#: Of the verdicts of a chunk, what is read at once.
PART_BYTES: Final = 256 * 2**10

#: The first part of a job's results.
FIRST: Final = (0, 1)


@dataclass(frozen=True, slots=True)
class VerdictPage:
    """Some verdicts of a job.

    Args:
        verdicts: Decoded results, in input order.
        next_after: Index of the last row looked at, if there may be more; else None.
    """

    verdicts: list[dict[str, Any]]
    next_after: int | None


def part_of_results(
    transaction: Transaction, job_id: str, place: tuple[int, int]
) -> tuple[bytes, tuple[int, int]] | None:
    """Return a part of the content of a job's JSON array of results, as it is stored, and the place of the next part.

    Args:
        place: The part to read: number of a chunk, and position in its verdicts, counted from 1.

    Returns:
        None where there is nothing more.
    """
    number, position = place
    found = results.part_of_verdicts(
        transaction.connection, transaction.team_id, job_id, number, position=position, bytes_max=PART_BYTES
    )
    if found is None:
        return None
    part, length = found
    comma = b"," if number and position == 1 else b""
    following = position + len(part)
    return comma + part, ((number + 1, 1) if following > length else (number, following))


def verdicts_of_chunk(transaction: Transaction, job_id: str, number: int, *, position: int = 1) -> Iterator[bytes]:
    """Yield JSON arrays of the verdicts of a chunk, in order, each of about as much as is read at once.

    Args:
        number: Of the chunk; one that is not there has none.
        position: Of the first verdict wanted.
    """
    text = b""
    while found := results.part_of_verdicts(
        transaction.connection, transaction.team_id, job_id, number, position=position, bytes_max=PART_BYTES
    ):
        part, length = found
        text += part
        position += len(part)
        whole = whole_verdicts(text) if position <= length else len(text)
        if whole:
            yield b"[" + text[:whole] + b"]"
            text = text[whole + 1 :]
        if position > length:
            return


def page_of_verdicts(
    transaction: Transaction,
    job_id: str,
    *,
    after: int = -1,
    limit: int,
    bytes_max: int,
    outcome: str | None = None,
) -> VerdictPage:
    """Return verdicts of a job, also while it runs (contract, section 22).

    Args:
        job_id: A job of the team.
        after: Index of the last row that is not wanted.
        limit: Most verdicts returned.
        bytes_max: JSON of verdicts after which a page that has any ends.
        outcome: Only those with this outcome: ``created``, ``existing``, ``updated`` or ``failed``.
    """
    found: list[dict[str, Any]] = []
    read = 0
    for text in _verdicts_after(transaction, job_id, after, outcome):
        looked_at: list[dict[str, Any]] = decode_stored(text)
        found += [
            verdict
            for verdict in looked_at
            if verdict["input_index"] > after and outcome in (None, outcome_of(verdict))
        ]
        if len(found) > limit:
            return VerdictPage(found[:limit], found[limit - 1]["input_index"])
        read += len(text)
        if found and read >= bytes_max:
            return VerdictPage(found, looked_at[-1]["input_index"])
    return VerdictPage(found, None)


def _verdicts_after(transaction: Transaction, job_id: str, after: int, outcome: str | None) -> Iterator[bytes]:
    """Yield JSON arrays of verdicts, of those chunks alone that have any of an outcome."""
    while chunk := results.next_verdicts(
        transaction.connection, transaction.team_id, job_id, after=after, outcome=outcome
    ):
        position = 1
        if after >= chunk.first_row:
            start = verdict_start(after + 1)
            position = (
                results.position_of_verdict(transaction.connection, transaction.team_id, job_id, chunk.number, start)
                or 1
            )
        yield from verdicts_of_chunk(transaction, job_id, chunk.number, position=position)
        after = chunk.last_row
