"""Verdicts as the JSON that clients receive (contract, section 10.4); written once, then only copied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from prismd.core.imports.plan import Verdict
from prismd.core.json.text import encode

OUTCOMES: Final = ("created", "existing", "updated", "failed")

#: With which every verdict begins, and which stands nowhere else: quotation marks within texts are escaped.
_START: Final = b'{"input_index":'

#: Nearly all that is said of nearly every row, by whether it matched and whether that changed anything.
_FLAGS: Final = {
    (False, False): '"created":true,"existing":false,"updated":false',
    (True, False): '"created":false,"existing":true,"updated":false',
    (True, True): '"created":false,"existing":true,"updated":true',
}


def verdicts_json(verdicts: Iterable[Verdict]) -> bytes:
    """Return verdicts as the content of a JSON array, without its brackets.

    Every result has every flag, so that a reader need not tell false from absent.
    """
    return ",".join([_verdict_json(verdict) for verdict in verdicts]).encode()


def verdict_start(index: int) -> bytes:
    """Return what the verdict of a row begins with, and no other.

    Args:
        index: Of the row.
    """
    return b"%b%d," % (_START, index)


def whole_verdicts(text: bytes) -> int:
    """Return how much of a text is whole verdicts, without the comma after them, where more of it may follow.

    Args:
        text: Begins with a verdict.
    """
    return max(0, text.rfind(b"," + _START))


def outcome_of(result: dict[str, Any]) -> str:
    """Return the one word for a result: a matched record that changed is ``updated``, one that did not ``existing``.

    Args:
        result: A decoded verdict.
    """
    if result.get("error"):
        return "failed"
    if result["created"]:
        return "created"
    return "updated" if result["updated"] else "existing"


def _verdict_json(verdict: Verdict) -> str:
    usual = verdict.id is not None and verdict.duplicate_of is None and verdict.parent_index is None
    if usual and not verdict.contacts:
        return f'{{"input_index":{verdict.index},"id":"{verdict.id}",{_FLAGS[verdict.existing, verdict.updated]}}}'
    result: dict[str, Any] = {
        "input_index": verdict.index,
        "id": verdict.id,
        "created": verdict.created,
        "existing": verdict.existing,
        "updated": verdict.updated,
    }
    if verdict.parent_index is not None:
        result["parent_input_index"] = verdict.parent_index
    if verdict.duplicate_of is not None:
        result["duplicate_of"] = verdict.duplicate_of
    if verdict.contacts:
        result["contacts_created"] = [{"id": contact_id, "email": email} for contact_id, email in verdict.contacts]
    if verdict.problems:
        first = verdict.problems[0]
        result["error"] = {"code": first.code, "message": first.message}
        result["errors"] = [
            {"code": problem.code, "message": problem.message, "property": problem.slug} for problem in verdict.problems
        ]
    return encode(result).decode()
