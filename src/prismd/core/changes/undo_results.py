"""Results of an undo as JSON for clients: one for each record, in exactly one outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.changes.changes import ChangeSet, Moved
from prismd.core.changes.reversal import Kept, Outcome, Reversal
from prismd.core.imports.job import Counts
from prismd.core.imports.results import Report
from prismd.core.json.text import encode
from prismd.core.properties.schema import split_key

_REVERTED: Final = (Outcome.REVERTED, Outcome.PARTLY_REVERTED)


@dataclass(frozen=True, slots=True)
class UndoneRecord:
    """A record of an undo, with what becomes of it.

    Args:
        id: Id of the record.
        reversal: The plan, which is carried out unless the undo is a preview.
    """

    id: str
    reversal: Reversal


def undo_report(object_type: str, records: Sequence[UndoneRecord], first: int) -> Report:
    """Return the results of some records of an undo as JSON, with their counts.

    Args:
        object_type: Type of the records.
        records: The records, in the order in which they are undone.
        first: Number of the first record in the undo, from 0.
    """
    texts = [encode(_result(object_type, one, number)) for number, one in enumerate(records, first)]
    return Report(counts_of([one.reversal for one in records]), b",".join(texts))


def counts_of(reversals: Sequence[Reversal]) -> Counts:
    """Count the outcomes of records."""
    numbers = dict.fromkeys(Outcome, 0)
    for one in reversals:
        numbers[one.outcome] += 1
    return Counts(
        existing=len(reversals),
        updated=numbers[Outcome.REVERTED] + numbers[Outcome.PARTLY_REVERTED],
        partly_reverted=numbers[Outcome.PARTLY_REVERTED],
        kept=numbers[Outcome.KEPT],
        gone=numbers[Outcome.GONE],
    )


def _result(object_type: str, record: UndoneRecord, number: int) -> dict[str, Any]:
    reversal = record.reversal
    result: dict[str, Any] = {
        "input_index": number,
        "id": record.id,
        "created": False,
        "existing": True,
        "updated": reversal.outcome in _REVERTED,
        "object_type": object_type,
        "outcome": reversal.outcome,
    }
    if reversal.outcome in _REVERTED:
        result["change"] = reversal.move or "updated"
    if reversal.kept:
        result["kept"] = [_shown(one) for one in reversal.kept]
    return result


def _shown(kept: Kept) -> Mapping[str, Any]:
    shown: dict[str, Any] = {"property": None, "reason": kept.reason}
    if kept.key is not None:
        list_id, shown["property"] = split_key(kept.key)
        if list_id is not None:
            shown["list_id"] = list_id
    if kept.changed_by is not None:
        shown["changed_by"] = shown_change_set(kept.changed_by)
    if kept.referrer is not None:
        object_type, record_id = kept.referrer
        shown["referred_to_by"] = {"object_type": object_type, "id": record_id}
    if kept.message is not None:
        shown["message"] = kept.message
    return shown


def shown_change_set(change_set: ChangeSet) -> dict[str, Any]:
    """Return the head of a change set as clients see it."""
    return {
        "change_set_id": change_set.id,
        "kind": change_set.kind,
        "at": change_set.at,
        "key_id": change_set.key_id,
    }


def removes(reversal: Reversal) -> bool:
    """Return whether a plan deletes the record."""
    return reversal.move is Moved.DELETED


def restores(reversal: Reversal) -> bool:
    """Return whether a plan restores the record."""
    return reversal.move is Moved.RESTORED
