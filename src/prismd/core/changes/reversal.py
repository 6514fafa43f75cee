"""Taking a change of a record back: a value goes back only if the record still has what the change wrote.

The plan for a record needs nothing but the change, the record as it is, and what happened to it since. Whoever changed
a value since keeps it, and the plan names that change set.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prismd.core.changes.changes import ChangeSet, LaterChange, Moved, RecordChange
from prismd.core.properties.schema import LISTS_KEY
from prismd.core.records.merging import Properties

#: Stands for the record itself among the keys of its values; no property has an empty slug.
_RECORD: Final = ""


class Outcome(enum.StrEnum):
    """What became of a change of one record; each record of an undo has exactly one of these, or failed."""

    REVERTED = "reverted"
    PARTLY_REVERTED = "partly_reverted"
    KEPT = "kept"
    GONE = "gone"


class Reason(enum.StrEnum):
    """Why something is kept."""

    CHANGED = "changed"
    REFERRED_TO = "referred_to"
    KEY_TAKEN = "key_taken"


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that an undo leaves as it is.

    Args:
        reason: Why.
        key: Key of the value; None for the record itself.
        changed_by: The last change set that changed it, as far as known.
        referrer: Type and id of a record that refers to the record.
        message: A sentence of the check that refused; None if the reason says all.
    """

    reason: Reason
    key: str | None = None
    changed_by: ChangeSet | None = None
    referrer: tuple[str, str] | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """A record as it is now.

    Args:
        version: Its version.
        properties: Its values, at least those that the change wrote.
        deleted: Whether it is marked as deleted.
    """

    version: int
    properties: Properties
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Reversal:
    """The plan for one record.

    Args:
        outcome: What becomes of the change.
        values: The values to write, by key; None for no value.
        move: Whether to delete or to restore the record; None for neither.
        kept: What stays as it is, and why.
    """

    outcome: Outcome
    values: Properties = field(default_factory=dict)
    move: Moved | None = None
    kept: Sequence[Kept] = ()


_GONE: Final = Reversal(Outcome.GONE)


def plan_reversal(
    source: str, change: RecordChange, present: Present | None, later: Iterable[LaterChange] = ()
) -> Reversal:
    """Plan how a record's change is taken back.

    A plan to delete or to restore the record holds only if nothing else forbids it; see :func:`refused`.

    Args:
        source: Id of the change set that made the change.
        change: The change.
        present: The record as it is now; None if it was removed for good.
        later: The changes of the record since, in any order; those of the change set itself do not count.
    """
    since = sorted((one for one in later if one.made_by.id != source), key=lambda one: -one.version)
    if present is None:
        return _GONE
    if change.moved is Moved.DELETED:
        return _restored(present, since)
    if present.deleted:
        return _GONE
    if change.moved is not None:
        return _removed(source, since)
    return _put_back(source, change, present, since)


def refused(kept: Kept) -> Reversal:
    """Return the plan for a record that would be deleted or restored, but for a reason outside of the record."""
    return Reversal(Outcome.KEPT, kept=[kept])


def _put_back(source: str, change: RecordChange, present: Present, since: Sequence[LaterChange]) -> Reversal:
    in_effect = _keys_in_effect(since)
    values: dict[str, Any] = {}
    kept: list[Kept] = []
    for key, after in change.after.items():
        before = change.before.get(key)
        if before == after or (source, key) in in_effect.cancelled:
            continue
        now = present.properties.get(key)
        if key == LISTS_KEY:
            back = _without_joined(now or [], before or [], after or [])
            if back != (now or []):
                values[key] = back or None
            elif set(after or []) != set(before or []):
                kept.append(Kept(Reason.CHANGED, key, in_effect.last(key)))
        elif now == after:
            values[key] = before
        else:
            kept.append(Kept(Reason.CHANGED, key, in_effect.last(key)))
    if values:
        return Reversal(Outcome.PARTLY_REVERTED if kept else Outcome.REVERTED, values, kept=kept)
    return Reversal(Outcome.KEPT, kept=kept) if kept else _GONE


def _without_joined(now: list[str], before: list[str], after: list[str]) -> list[str]:
    """Return lists without those that a change joined, and with those that it left; each list goes back by itself."""
    joined = set(after).difference(before)
    left = [one for one in before if one not in after and one not in now]
    return [one for one in now if one not in joined] + left


def _removed(source: str, since: Sequence[LaterChange]) -> Reversal:
    in_effect = _keys_in_effect(since)
    if (source, _RECORD) in in_effect.cancelled:
        # It was taken back before, and somebody has restored the record since.
        return refused(Kept(Reason.CHANGED, None, in_effect.last(_RECORD)))
    edits = {key: made_by for key, made_by in in_effect.changed.items() if key != _RECORD}
    if edits:
        return Reversal(Outcome.KEPT, kept=[Kept(Reason.CHANGED, key, made_by) for key, made_by in edits.items()])
    return Reversal(Outcome.REVERTED, move=Moved.DELETED)


def _restored(present: Present, since: Sequence[LaterChange]) -> Reversal:
    if not present.deleted:
        return _GONE
    moved = next((one for one in since if one.moved is not None), None)
    if moved is not None:
        return refused(Kept(Reason.CHANGED, None, moved.made_by))
    return Reversal(Outcome.REVERTED, move=Moved.RESTORED)


@dataclass(slots=True)
class _InEffect:
    """Which changes still count, of those that happened since.

    Args:
        cancelled: What was taken back and not made again: ids of change sets, with keys of values.
        changed: The last change set that changed a value and still counts, by key; undos apart.
        touched: The last change set that changed a value at all, by key.
    """

    cancelled: set[tuple[str, str]] = field(default_factory=set)
    changed: dict[str, ChangeSet] = field(default_factory=dict)
    touched: dict[str, ChangeSet] = field(default_factory=dict)

    def last(self, key: str) -> ChangeSet | None:
        return self.changed.get(key) or self.touched.get(key)


def _keys_in_effect(since: Sequence[LaterChange]) -> _InEffect:
    """Return what still counts; an undo that was undone itself takes nothing back.

    Args:
        since: The changes, latest first.
    """
    found = _InEffect()
    for one in since:
        made_by = one.made_by
        for key in (*one.keys, *([_RECORD] if one.moved else ())):
            found.touched.setdefault(key, made_by)
            if (made_by.id, key) in found.cancelled:
                continue
            if made_by.undoes is not None:
                found.cancelled.add((made_by.undoes, key))
            else:
                found.changed.setdefault(key, made_by)
    return found
