"""The parameters of a chunk's writes, computed from its plan without PostgreSQL, piece by piece, each piece once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, TypeVar

from prismd.core.imports.job import Job
from prismd.core.imports.plan import Change, Plan
from prismd.core.once import Once
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Rewritten
from prismd.services.records.keys import PackedKeyChanges, key_changes
from prismd.store.imports import effects
from prismd.store.records.record_writes import Updates

_Item = TypeVar("_Item")

#: Maximum number of records that one statement updates; a chunk of the usual size takes five statements.
_RECORDS_PER_UPDATE: Final = 1_000


class ChunkWrites:
    """The pieces that the statements of a chunk need.

    Args:
        job: The import job.
        plan: The plan of the chunk's rows.
        rule: The key rule of the import; None for an import without keys.
        rules: Rules of all properties whose values have record keys; empty for a dry run, which writes no keys.
    """

    def __init__(self, job: Job, plan: Plan, rule: KeyRule | None, rules: Sequence[KeyRule]) -> None:
        self._job = job
        self._plan = plan
        self._rule = rule
        self._rules = rules
        changes = list(plan.changed.values())
        #: Updates of records from before the chunk.
        self.updates = [Once(partial(_updates, part)) for part in parts(changes, _RECORDS_PER_UPDATE)]
        #: The changes of these records, by id.
        self.changed = Once(self._changed)
        #: The record keys to add and to remove.
        self.keys: Once[PackedKeyChanges] = Once(self._keys)
        #: Effects on records that this chunk is the first to match.
        self.first_effects = [
            Once(partial(self._first_effects, part)) for part in parts(plan.first_matched, _RECORDS_PER_UPDATE)
        ]
        #: Effects on records that an earlier chunk matched.
        self.later_effects = Once(self._later_effects)

    def pieces(self) -> list[Once[Any]]:
        """Return all pieces; each one follows the pieces that it needs."""
        return [*self.updates, self.changed, *self.first_effects, self.later_effects, self.keys]

    def _changed(self) -> dict[str, Rewritten]:
        return {one.id: one for updates in self.updates for one in updates().changed}

    def _keys(self) -> PackedKeyChanges:
        hashed = self._rule.key if self._rule else None
        changed = self.changed().values()
        return key_changes(self._rules, self._plan.created, changed, hashed=hashed).packed(self._job.team_id)

    def _first_effects(self, matched: Sequence[KnownRecord]) -> str:
        return effects.first_effects(self._job, matched, self.changed())

    def _later_effects(self) -> dict[str, str]:
        return effects.later_effects(self._plan, self.changed())


def parts(whole: Sequence[_Item], most: int) -> list[Sequence[_Item]]:
    """Divide a sequence into parts.

    Args:
        whole: The sequence.
        most: Number of items of each part; the last one can have fewer.
    """
    return [whole[start : start + most] for start in range(0, len(whole), most)]


def _updates(changes: Sequence[Change]) -> Updates:
    return Updates.of([change.rewritten() for change in changes])
