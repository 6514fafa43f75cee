"""What forbids an undo to delete or restore a record, apart from changes of the record: references, and taken keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from prismd.core.changes.reversal import Kept, Reason, Reversal, refused
from prismd.core.changes.undo_results import removes, restores
from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job
from prismd.core.properties.schema import held_references
from prismd.core.queries.paths import Schemas
from prismd.core.records.keys import KeyRule
from prismd.core.records.reading_budget import ReadingBudget
from prismd.services.imports.chunk_writes import parts
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.records.keys import ensure_key
from prismd.services.records.taken_keys import TakenKeys
from prismd.store.changes.change_sets import written_by
from prismd.store.queries.pages import referring_records
from prismd.store.records.record_writes import HeldRecord

#: The most records that are looked at for each record that they refer to; if there are more, the record is kept.
_REFERRERS_EACH_MAX: Final = 200
#: The most records whose referrers one statement finds.
_TARGETS_PER_STATEMENT: Final = 250
_NO_LIMIT: Final = 2**62

#: Type and id of a record that refers to another.
_Referrer = tuple[str, str]


class Obstacles:
    """Finds what forbids the moves of a chunk.

    Args:
        transaction: The open transaction of the undo's job, which holds the locks of all types concerned.
        source: The job that is undone.
        schemas: The schemas of all types.
        object_type: The type of the chunk's records.
    """

    def __init__(self, transaction: JobTransaction, source: Job, schemas: Schemas, object_type: str) -> None:
        self._transaction = transaction
        self._source = source
        self._schemas = schemas
        self._object_type = object_type

    def among(self, plans: Mapping[str, Reversal], held: Mapping[str, HeldRecord]) -> dict[str, Reversal]:
        """Return other plans for the records that cannot be deleted or restored, by id.

        Args:
            plans: The plans, by id.
            held: The records, by id.
        """
        going = [record_id for record_id, plan in plans.items() if removes(plan)]
        back = [held[record_id] for record_id, plan in plans.items() if restores(plan)]
        return {**self._referred_to(going), **self._taken(back)}

    def _taken(self, back: list[HeldRecord]) -> dict[str, Reversal]:
        if not back:
            return {}
        schema = self._schemas[self._object_type]
        records = [one.record for one in back]
        taken = TakenKeys(self._transaction, schema, records, ReadingBudget(_NO_LIMIT))
        # What the undone job deleted was there together before, so it comes back together.
        taken.ignore(self._written_by_source(self._object_type, sorted(taken.owners)))
        found = {}
        for record in records:
            try:
                taken.check(record)
            except PrismdError as error:
                found[record.id] = refused(Kept(Reason.KEY_TAKEN, message=error.message))
        return found

    def _referred_to(self, going: list[str]) -> dict[str, Reversal]:
        """Return plans to keep records that others refer to, unless those go, too."""
        referrers = self._referrers(going) if going else {}
        staying: dict[str, _Referrer] = {}
        while found := self._held_back(referrers, set(going), staying):
            # A record that stays can be what refers to another one of this chunk.
            staying |= found
        return {target: refused(Kept(Reason.REFERRED_TO, referrer=one)) for target, one in staying.items()}

    def _held_back(
        self, referrers: Mapping[str, Sequence[_Referrer]], going: set[str], staying: Mapping[str, _Referrer]
    ) -> dict[str, _Referrer]:
        still_going = going - staying.keys()
        return {
            target: one
            for target, those in referrers.items()
            if target not in staying and (one := self._outside(those, still_going))
        }

    def _outside(self, referrers: Iterable[_Referrer], going: set[str]) -> _Referrer | None:
        return next(
            (one for one in referrers if one[0] != self._object_type or one[1] not in going),
            None,
        )

    def _referrers(self, targets: list[str]) -> dict[str, list[_Referrer]]:
        found: dict[str, list[_Referrer]] = {}
        for referring_type, rule in self._references():
            for some in parts(targets, _TARGETS_PER_STATEMENT):
                for target, ids in self._of_rule(referring_type, rule, some):
                    found.setdefault(target, []).extend((referring_type, one) for one in ids)
        return found

    def _of_rule(self, referring_type: str, rule: KeyRule, targets: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        transaction = self._transaction
        hashes = {one: rule.hashes(one)[0] for one in targets}
        found = referring_records(
            transaction.connection,
            transaction.team_id,
            referring_type,
            rule.key,
            hashes,
            each_max=_REFERRERS_EACH_MAX,
            most=len(hashes) * _REFERRERS_EACH_MAX,
        )
        # A preview has changed nothing yet, so what the job itself wrote still refers to what it created.
        preview, ids_of_all = transaction.job.options.dry_run, {one for ids in found.values() for one in ids}
        own = self._written_by_source(referring_type, sorted(ids_of_all)) if preview else set()
        for target, ids in found.items():
            yield target, [one for one in ids if one not in own and one != target]

    def _written_by_source(self, object_type: str, ids: Sequence[str]) -> set[str]:
        return written_by(self._transaction.connection, self._source, object_type, ids) if ids else set()

    def _references(self) -> Iterator[tuple[str, KeyRule]]:
        for name, schema in self._schemas.items():
            for key, target in held_references(schema).items():
                if target == self._object_type:
                    ensure_key(self._transaction, name, schema.properties[key])
                    yield name, KeyRule(name, schema.properties[key], fold_case=True)
