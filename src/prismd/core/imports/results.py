"""Results of rows as the JSON that clients receive (contract, section 10.4); written once, then only copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.imports.job import Counts
from prismd.core.imports.plan import RowResult
from prismd.core.json.text import encode

OUTCOMES: Final = ("created", "existing", "updated", "failed")

#: Every result begins with it, and it stands nowhere else: quotation marks within texts are escaped.
_START: Final = b'{"input_index":'

#: What most results say, by whether the row matched and whether that changed the record.
_FLAGS: Final = {
    (False, False): '"created":true,"existing":false,"updated":false',
    (True, False): '"created":false,"existing":true,"updated":false',
    (True, True): '"created":false,"existing":true,"updated":true',
}


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of the rows of a chunk.

    Args:
        counts: Of the results.
        content: The results as JSON without brackets.
    """

    counts: Counts
    content: bytes


def report_of(results: Sequence[RowResult], origins: Iterable[int] = ()) -> Report:
    """Return what is told of the rows of a chunk.

    Args:
        results: One for each row, in input order; each gets its origin.
        origins: For a retry, where each row stood in the import that it comes from; else nothing.
    """
    for result, origin in zip(results, origins, strict=False):
        result.parent_index = origin
    return Report(Counts.of(results), results_json(results))


def results_json(results: Iterable[RowResult]) -> bytes:
    """Return results as the content of a JSON array, without its brackets.

    Every result has every flag, so that a reader need not tell false from absent.
    """
    return ",".join([_result_json(result) for result in results]).encode()


def result_start(index: int) -> bytes:
    """Return the text that the result of a row begins with, and no other result.

    Args:
        index: Of the row.
    """
    return b"%b%d," % (_START, index)


def whole_results(text: bytes) -> int:
    """Return the length of the whole results in a text that may go on, without the comma after them.

    Args:
        text: Begins with a result.
    """
    return max(0, text.rfind(b"," + _START))


def outcome_of(result: dict[str, Any]) -> str:
    """Return the one word for a result: a matched record that changed is ``updated``, one that did not ``existing``.

    Args:
        result: Decoded JSON.
    """
    if result.get("error"):
        return "failed"
    if result["created"]:
        return "created"
    return "updated" if result["updated"] else "existing"


def _result_json(row: RowResult) -> str:
    usual = row.id is not None and row.duplicate_of is None and row.parent_index is None
    if usual and not row.contacts:
        return f'{{"input_index":{row.index},"id":"{row.id}",{_FLAGS[row.existing, row.updated]}}}'
    result: dict[str, Any] = {
        "input_index": row.index,
        "id": row.id,
        "created": row.created,
        "existing": row.existing,
        "updated": row.updated,
    }
    if row.parent_index is not None:
        result["parent_input_index"] = row.parent_index
    if row.duplicate_of is not None:
        result["duplicate_of"] = row.duplicate_of
    if row.contacts:
        result["contacts_created"] = [{"id": contact_id, "email": email} for contact_id, email in row.contacts]
    if row.problems:
        first = row.problems[0]
        result["error"] = {"code": first.code, "message": first.message}
        result["errors"] = [
            {"code": problem.code, "message": problem.message, "property": problem.slug} for problem in row.problems
        ]
    return encode(result).decode()
