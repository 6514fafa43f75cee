"""Rows of an import, in their caller's transaction: parse, match, plan, and write records with what led to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from prismd.core.ids import NewId
from prismd.core.imports.job import Job
from prismd.core.imports.plan import Change, Plan, Planner, find_keys, hashes_of
from prismd.core.imports.request import Chunk
from prismd.core.properties.schema import LISTS_KEY, ObjectSchema
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Rewritten
from prismd.core.records.missing_options import OptionId, Wanted, forecast_id, in_any_case, wanted_options, with_options
from prismd.core.records.new_contacts import ContactPlanner, NewContacts
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.records.rows import RefusedRow, Row, RowLimits, RowParser, Rows
from prismd.core.values.property_values import ValueLimits
from prismd.services.imports.deferred import Later, Meanwhile, row_parser
from prismd.services.imports.rows_sent_back import RowsSentBack
from prismd.services.records.keys import ensure_key, key_changes, key_rules
from prismd.services.records.references import CONTACT, Drafted, address_rule, keys_of_contacts, resolve_to_write
from prismd.settings import Settings
from prismd.store import properties
from prismd.store.connections.postgres import Connection
from prismd.store.imports import drafts, effects, import_records
from prismd.store.records import record_writes
from prismd.store.records.record_writes import Updates
from prismd.telemetry.phases import phase

_Item = TypeVar("_Item")

#: A chunk looks for records so many times as it has thousands of rows, five times with the usual settings.
_ROWS_PER_LOOK_UP: Final = 1_000
#: Likewise for the records that it changes.
_RECORDS_PER_UPDATE: Final = 1_000
#: Rows that are judged in a fraction of a millisecond, so that PostgreSQL never waits for long.
_ROWS_JUDGED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class PlannedRows:
    """What becomes of some rows, and by what it was judged."""

    plan: Plan
    schema: ObjectSchema
    rule: KeyRule | None


class RowImporter:
    """Imports rows of one job.

    Args:
        connection: Inside a transaction that holds the job, and in which nobody else writes keys of its object type.
        job: The job.
        now: The time of everything written.
        new_id: Makes ids of records and options.
        settings: For the limits of rows.
        meanwhile: What is done while PostgreSQL works; where rows may have been read beforehand.
    """

    def __init__(
        self,
        connection: Connection,
        job: Job,
        *,
        now: datetime,
        new_id: NewId,
        settings: Settings,
        meanwhile: Meanwhile | None = None,
    ) -> None:
        self._connection = connection
        self._job = job
        self._now = now
        self._new_id = new_id
        self._settings = settings
        self._meanwhile = meanwhile
        #: Puts a computation off until PostgreSQL works, or until its result is wanted.
        self.put_off = meanwhile.later if meanwhile else Later
        values = ValueLimits(settings.text_chars_max, settings.list_values_max)
        self._limits = RowLimits(values, settings.row_bytes_max, settings.row_errors_max)

    def plan(self, chunk: Chunk) -> PlannedRows:
        """Return what becomes of rows; nothing is written but the options that they make.

        Args:
            chunk: A chunk of the job, or a part of one.
        """
        connection, job = self._connection, self._job
        with phase(job, "parse"):
            schema, rows = self._parsed(chunk)
        contacts = NewContacts(schema, self._new_id)
        rule = _key_rule(job, schema)

        def resolve(read: Rows) -> Rows:
            return resolve_to_write(connection, job.team_id, schema, read, contacts, self._drafted())

        with phase(job, "resolve"):
            rows = resolve(rows)
            if rule is not None and RefusedRow in set(map(type, rows)):
                most = self._settings.read_bytes_max
                back = RowsSentBack(connection, job, schema, rule, self._limits, self._parser(schema), resolve, most)
                rows = back.mended(rows, chunk.rows)
        if self._meanwhile:
            self._meanwhile.begin(connection, job, schema, rule, self._limits)
        planner = self._planner(rule, chunk.first_row, contacts)
        with phase(job, "match"):
            return PlannedRows(self._planned(planner, rule, rows), schema, rule)

    def write(self, planned: PlannedRows) -> None:
        """Write the records that rows make and change, with their keys and what led to them."""
        job, plan, changes = self._job, planned.plan, list(planned.plan.changed.values())
        updates = [self.put_off(partial(_updates, part)) for part in _parts(changes, _RECORDS_PER_UPDATE)]
        changed = self.put_off(lambda: {one.id: one for part in updates for one in part().changed})
        first = [
            self.put_off(partial(_first_effects, job, part, changed))
            for part in _parts(plan.first_matched, _RECORDS_PER_UPDATE)
        ]
        later = self.put_off(lambda: effects.later_effects(plan, changed()))
        if job.options.dry_run:
            drafts.write_drafts(self._connection, job, planned.rule, plan)
        else:
            self._write(planned, updates, changed)
        self._write_contacts(plan.contacts)
        effects.write_effects(self._connection, job, [part() for part in first], later())

    def _parsed(self, chunk: Chunk) -> tuple[ObjectSchema, Rows]:
        schema = properties.load_schema(self._connection, self._job.team_id, self._job.object_type)
        rows = self._meanwhile.rows(chunk, schema) if self._meanwhile else None
        rows = rows or self._parser(schema).parse_all(chunk.rows)
        wanted = wanted_options(rows) if self._job.options.create_missing_options else {}
        if not wanted:
            return schema, rows
        schema = self._with_options(schema, wanted)
        again = [index for index, row in enumerate(rows) if isinstance(row, RefusedRow)]
        parsed = self._parser(in_any_case(schema, wanted)).parse_all([chunk.rows[index] for index in again])
        mended = dict(zip(again, parsed, strict=True))
        return schema, [mended.get(index, row) for index, row in enumerate(rows)]

    def _parser(self, schema: ObjectSchema) -> RowParser:
        return row_parser(self._job, schema, self._limits, _key_rule(self._job, schema))

    def _with_options(self, schema: ObjectSchema, wanted: Wanted) -> ObjectSchema:
        job, settings = self._job, self._settings
        option_id: OptionId = forecast_id if job.options.dry_run else lambda _prop, _label: self._new_id()
        schema, created = with_options(
            schema,
            wanted,
            option_id=option_id,
            options_max=settings.options_per_property_max,
            options_in_all_max=settings.options_per_type_max,
        )
        if not job.options.dry_run:
            for key, options in created.items():
                prop = schema.properties[key]
                properties.add_options(self._connection, job.team_id, job.object_type, prop.id, options)
        return schema

    def _drafted(self) -> Drafted | None:
        connection, job = self._connection, self._job
        return (lambda hashes: drafts.with_drafts(connection, job, hashes, ())) if job.options.dry_run else None

    def _planner(self, rule: KeyRule | None, first_row: int, contacts: NewContacts) -> Planner:
        options, new_id = self._job.options, self._new_id
        if contacts:
            return ContactPlanner(rule, options, new_id, first_row, contacts=contacts)
        return Planner(rule, options, new_id, first_row)

    def _planned(self, planner: Planner, rule: KeyRule | None, rows: Rows) -> Plan:
        if rule is None:
            planner.judge(rows)
            return planner.plan
        ensure_key(self._connection, self._job.team_id, self._job.object_type, rule.prop, tells_apart=True)
        find_keys(rule, rows)
        key = rule.key if self._leaves_matches(rows) else None
        steps: list[Later[None]] = []
        # While PostgreSQL looks for the records of some rows, those before them are judged.
        for some in _parts(rows, _ROWS_PER_LOOK_UP):
            steps.append(self.put_off(partial(planner.enter, self._candidates(some, key))))
            steps += [self.put_off(partial(planner.judge, part)) for part in _parts(some, _ROWS_JUDGED_AT_ONCE)]
        for step in steps:
            step()
        return planner.plan

    def _leaves_matches(self, rows: Rows) -> bool:
        """Whether no row can change a record that it matches; rows that name lists put their matches into these."""
        options = self._job.options
        return not (options.changes_matches or options.dry_run) and all(
            type(row) is not Row or row.plain or LISTS_KEY not in row.values for row in rows
        )

    def _candidates(self, rows: Sequence[Row | RefusedRow], key: str | None) -> Iterable[KnownRecord]:
        connection, job, hashes = self._connection, self._job, hashes_of(rows)
        stored = self._stored(hashes, key)
        return drafts.with_drafts(connection, job, hashes, stored) if job.options.dry_run else stored

    def _stored(self, hashes: set[int], key: str | None) -> Iterable[KnownRecord]:
        place = self._connection, self._job.team_id, self._job.object_type, hashes
        if not self._job.synchronous:
            return import_records.import_candidates(*place, key, job_id=self._job.id)
        budget = ReadingBudget(self._settings.read_bytes_max, advice="send fewer rows at a time")
        return import_records.few_import_candidates(*place, budget, job_id=self._job.id)

    def _write(
        self, planned: PlannedRows, updates: Sequence[Later[Updates]], changed: Later[dict[str, Rewritten]]
    ) -> None:
        connection, job, now = self._connection, self._job, self._now
        created, hashed = planned.plan.created, planned.rule.key if planned.rule else None
        rules = key_rules(connection, job.team_id, planned.schema)
        keys = self.put_off(
            lambda: key_changes(job.team_id, rules, created, changed().values(), hashed=hashed).packed()
        )
        import_records.insert_records(connection, job.team_id, job.object_type, created, job_id=job.id, now=now)
        for part in updates:
            record_writes.update_records(connection, part(), now=now)
        keys().write(connection)

    def _write_contacts(self, contacts: Sequence[KnownRecord]) -> None:
        connection, job = self._connection, self._job
        if not contacts:
            return
        if job.options.dry_run:
            drafts.write_contacts(connection, job, address_rule(connection, job.team_id), contacts)
            return
        import_records.insert_records(connection, job.team_id, CONTACT, contacts, job_id=job.id, now=self._now)
        keys_of_contacts(connection, job.team_id, contacts).packed().write(connection)


def _parts(whole: Sequence[_Item], most: int) -> list[Sequence[_Item]]:
    return [whole[start : start + most] for start in range(0, len(whole), most)]


def _updates(changes: Sequence[Change]) -> Updates:
    return Updates.of([change.rewritten() for change in changes])


def _first_effects(job: Job, touched: Sequence[KnownRecord], changed: Later[dict[str, Rewritten]]) -> str:
    return effects.first_effects(job, touched, changed())


def _key_rule(job: Job, schema: ObjectSchema) -> KeyRule | None:
    # Jobs of earlier versions knew no other keys than slugs.
    key = job.options.key or job.options.dedupe_by
    return KeyRule(job.object_type, schema.properties[key], fold_case=job.options.fold_case) if key else None
