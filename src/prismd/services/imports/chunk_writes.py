"""What a chunk of an import writes: made of its plan without PostgreSQL, piece by piece, each of them once."""

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

#: Records that one statement updates: a chunk of the usual size takes five statements.
_RECORDS_PER_UPDATE: Final = 1_000


class ChunkWrites:
    """The pieces that the statements of a chunk take.

    Args:
        job: The import.
        plan: What becomes of the rows of the chunk.
        rule: How keys of the rows are compared; None where they are not.
        rules: Of all properties whose values are kept as keys; empty for a dry run, which keeps none.
    """

    def __init__(self, job: Job, plan: Plan, rule: KeyRule | None, rules: Sequence[KeyRule]) -> None:
        self._job = job
        self._plan = plan
        self._rule = rule
        self._rules = rules
        changes = list(plan.changed.values())
        #: Of the records that stood before the chunk and change.
        self.updates = [Once(partial(_updates, part)) for part in parts(changes, _RECORDS_PER_UPDATE)]
        #: The same records by id.
        self.changed = Once(self._changed)
        #: Which keys records get and lose.
        self.keys: Once[PackedKeyChanges] = Once(self._keys)
        #: Effects on records that no earlier chunk matched.
        self.first_effects = [
            Once(partial(self._first_effects, part)) for part in parts(plan.first_matched, _RECORDS_PER_UPDATE)
        ]
        #: Effects on records that an earlier chunk matched.
        self.later_effects = Once(self._later_effects)

    def pieces(self) -> list[Once[Any]]:
        """Return all pieces, each behind those that it is made of."""
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
    """Return a sequence in parts.

    Args:
        whole: The sequence.
        most: Items of each part but the last, which may have fewer.
    """
    return [whole[start : start + most] for start in range(0, len(whole), most)]


def _updates(changes: Sequence[Change]) -> Updates:
    return Updates.of([change.rewritten() for change in changes])
