"""Results of rows as JSON for clients (contract, section 10.4); encoded once, and only copied afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.imports.job import Counts
from prismd.core.imports.plan import NewReference, RowResult
from prismd.core.json.text import encode
from prismd.core.properties.schema import split_key
from prismd.core.records.rows import Problem

OUTCOMES: Final = ("created", "existing", "updated", "failed")
#: The outcomes of records of an undo.
UNDO_OUTCOMES: Final = ("reverted", "partly_reverted", "kept", "gone")

#: The start of every result. It occurs nowhere else, because quotation marks in texts are escaped.
_START: Final = b'{"input_index":'

#: The flags of a successful row, by whether it matched a record and whether it changed the record.
_FLAGS: Final = {
    (False, False): '"created":true,"existing":false,"updated":false',
    (True, False): '"created":false,"existing":true,"updated":false',
    (True, True): '"created":false,"existing":true,"updated":true',
}


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a chunk, with their counts.

    Args:
        counts: The counts of the results.
        content: The results as JSON without brackets.
    """

    counts: Counts
    content: bytes


def report_of(results: Sequence[RowResult], origins: Iterable[int] = ()) -> Report:
    """Return the results of a chunk as JSON, with their counts.

    Args:
        results: The results of all rows, in input order; each one gets its origin.
        origins: For a retry, the index of each row in the original import; otherwise empty.
    """
    for result, origin in zip(results, origins, strict=False):
        result.parent_index = origin
    return Report(Counts.of(results), results_json(results))


def results_json(results: Iterable[RowResult]) -> bytes:
    """Return results as the content of a JSON array, without brackets.

    Every result has all flags, so that readers need not distinguish false from absent.
    """
    return ",".join([_result_json(result) for result in results]).encode()


def result_start(index: int) -> bytes:
    """Return the text that the result of a row starts with; no other result contains it.

    Args:
        index: Index of the row in the import.
    """
    return b"%b%d," % (_START, index)


def whole_results(text: bytes) -> int:
    """Return the length of the complete results in a text that can be cut, without the comma after them.

    Args:
        text: A text that starts with a result.
    """
    return max(0, text.rfind(b"," + _START))


def outcome_of(result: dict[str, Any]) -> str:
    """Return the outcome of a result: a matched record counts as ``updated`` if it changed, else as ``existing``.

    Args:
        result: The result, as decoded from JSON.
    """
    if result.get("error"):
        return "failed"
    if "outcome" in result:
        return str(result["outcome"])
    if result["created"]:
        return "created"
    return "updated" if result["updated"] else "existing"


def _result_json(row: RowResult) -> str:
    usual = row.id is not None and row.duplicate_of is None and row.parent_index is None
    if usual and not (row.contacts or row.references or row.warnings):
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
    if row.references:
        result["references_created"] = [_reference(one) for one in row.references]
    if row.warnings:
        result["warnings"] = [_problem(one) for one in row.warnings]
    if row.problems:
        first = row.problems[0]
        result["error"] = {"code": first.code, "message": first.message}
        result["errors"] = [_problem(one) for one in row.problems]
    return encode(result).decode()


def _problem(problem: Problem) -> dict[str, Any]:
    return {"code": problem.code, "message": problem.message, "property": problem.slug}


def _reference(made: NewReference) -> dict[str, Any]:
    record = made.record
    _, slug = split_key(record.property_key)
    key = {record.reference.slug: record.reference.value}
    return {"property": slug, "object_type": record.object_type, "id": made.id, "key": key}
