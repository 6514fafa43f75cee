"""Importing rows in the caller's transaction: parse, resolve references, match, plan and write, in this order.

This is the plain path, and it is complete. ``pipeline/`` wraps some of its steps to save time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from prismd.core.imports.job import Job
from prismd.core.imports.options import OWN_ID
from prismd.core.imports.plan import Plan, Planner, find_keys, hashes_of
from prismd.core.imports.relation_planner import RelationPlanner
from prismd.core.imports.request import Chunk
from prismd.core.imports.results import Report, report_of
from prismd.core.once import Once
from prismd.core.properties.schema import LISTS_KEY, ObjectSchema, held_references
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.missing_options import OptionId, Wanted, forecast_id, in_any_case, wanted_options, with_options
from prismd.core.records.missing_references import MissingReferences
from prismd.core.records.new_contacts import ContactPlanner, NewContacts
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.records.rows import RefusedRow, Row, RowLimits, RowParser, Rows
from prismd.core.values.property_values import ValueLimits
from prismd.services.imports.chunk_writes import ChunkWrites, parts
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.imports.relations import by_address, missing_rules
from prismd.services.imports.rows_sent_back import RowsSentBack
from prismd.services.records.keys import ensure_key, key_rules
from prismd.services.records.references import (
    CONTACT,
    ImportLookUps,
    keys_of_new,
    resolve_to_write,
)
from prismd.store import properties
from prismd.store.imports import drafts, effects, import_records
from prismd.store.records import record_writes
from prismd.telemetry.phases import phase

#: Maximum number of rows whose records one statement looks up; a chunk of the usual size takes five statements.
_ROWS_PER_LOOK_UP: Final = 1_000


@dataclass(frozen=True, slots=True)
class ReadRows:
    """Parsed rows; their references are resolved after the step "resolve".

    Args:
        chunk: The rows exactly as sent.
        schema: The schema that parsed the rows.
        rule: The key rule of the import; None for an import without keys.
        rows: The rows, in input order.
        contacts: Collects the contacts that the rows create.
        look_ups: How references are looked up; collects those that lead to no record.
    """

    chunk: Chunk
    schema: ObjectSchema
    rule: KeyRule | None
    rows: Rows
    contacts: NewContacts
    look_ups: ImportLookUps


@dataclass(frozen=True, slots=True)
class PlannedRows:
    """The plan of some rows.

    Args:
        plan: The records to create and to change, and the results of the rows.
        schema: The schema that parsed the rows.
        rule: The key rule of the import; None for an import without keys.
        report: The results as JSON, with their counts.
    """

    plan: Plan
    schema: ObjectSchema
    rule: KeyRule | None
    report: Once[Report]


class RowImporter:
    """Imports rows of one job.

    Args:
        transaction: The job's open transaction, which holds the lock of the object type.
    """

    def __init__(self, transaction: JobTransaction) -> None:
        self._transaction = transaction
        self._connection = transaction.connection
        self._job = transaction.job
        self._new_id = transaction.new_id
        settings = self._settings = transaction.settings
        values = ValueLimits(settings.text_chars_max, settings.list_values_max)
        self._limits = RowLimits(values, settings.row_bytes_max, settings.row_errors_max)

    def plan(self, chunk: Chunk) -> PlannedRows:
        """Return the plan of rows; this writes nothing except new options.

        Args:
            chunk: A chunk of the job, or part of one.
        """
        return self._planned(self._read(chunk))

    def write(self, planned: PlannedRows) -> None:
        """Write the new and changed records, their keys, and the effects on records from before the import."""
        job = self._job
        rules = [] if job.options.dry_run else key_rules(self._transaction, planned.schema)
        self._send(planned, ChunkWrites(job, planned.plan, planned.rule, rules))

    # Parse, and resolve references

    def _read(self, chunk: Chunk) -> ReadRows:
        with phase(self._job, "parse"):
            schema, rows = self._parsed(chunk)
        rule, contacts = key_rule(self._job, schema), NewContacts(schema, self._new_id)
        parsed = ReadRows(chunk, schema, rule, rows, contacts, self._look_ups(schema, rule))
        with phase(self._job, "resolve"):
            return replace(parsed, rows=self._resolved(parsed))

    def _parsed(self, chunk: Chunk) -> tuple[ObjectSchema, Rows]:
        schema = self._transaction.schema(self._job.object_type)
        rows = self._parse(chunk, schema)
        wanted = wanted_options(rows) if self._job.options.create_missing_options else {}
        if not wanted:
            return schema, rows
        schema = self._with_options(schema, wanted)
        again = [index for index, row in enumerate(rows) if isinstance(row, RefusedRow)]
        parsed = self._parser(in_any_case(schema, wanted)).parse_all([chunk.rows[index] for index in again])
        mended = dict(zip(again, parsed, strict=True))
        return schema, [mended.get(index, row) for index, row in enumerate(rows)]

    def _parse(self, chunk: Chunk, schema: ObjectSchema) -> Rows:
        return self._parser(schema).parse_all(chunk.rows)

    def _parser(self, schema: ObjectSchema) -> RowParser:
        options = self._job.options
        return RowParser(schema, self._limits, options.list_id, require_stage=options.require_list_stage)

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
            self._transaction.loaded.forget(job.object_type)
        return schema

    def _resolved(self, parsed: ReadRows) -> Rows:
        transaction, schema, rule = self._transaction, parsed.schema, parsed.rule

        def resolve(rows: Rows) -> Rows:
            return resolve_to_write(transaction, rows, parsed.contacts, parsed.look_ups)

        rows = resolve(parsed.rows)
        if RefusedRow not in set(map(type, rows)):
            return rows
        back = RowsSentBack(transaction, schema, rule, self._limits, self._parser(schema), resolve)
        return back.mended(rows, parsed.chunk.rows)

    def _look_ups(self, schema: ObjectSchema, rule: KeyRule | None) -> ImportLookUps:
        connection, job = self._connection, self._job
        # What the key of the import leads to must be known before a row is judged, so it is refused at once.
        later = held_references(schema).keys() - ({rule.key} if rule else ())
        look_ups = ImportLookUps(None, None, job.options.unreadable, later, by_address(job, schema))
        if not job.options.dry_run:
            return look_ups
        return replace(
            look_ups,
            drafted=lambda hashes: drafts.with_drafts(connection, job, hashes, ()),
            drafted_by_hash=partial(drafts.drafts_by_hash, connection, job),
        )

    # Match, and plan

    def _planned(self, read: ReadRows) -> PlannedRows:
        planner = self._planner(read)
        with phase(self._job, "match"):
            self._match(planner, read)
        plan = planner.plan
        return PlannedRows(plan, read.schema, read.rule, Once(partial(report_of, plan.results, read.chunk.origins)))

    def _planner(self, read: ReadRows) -> Planner:
        given = read.rule, self._job.options, self._new_id, read.chunk.first_row
        if read.look_ups.missing:
            rules = missing_rules(self._transaction)
            missing = MissingReferences(read.schema, rules, read.look_ups.missing, self._new_id)
            return RelationPlanner(*given, contacts=read.contacts, missing=missing)
        return ContactPlanner(*given, contacts=read.contacts) if read.contacts else Planner(*given)

    def _match(self, planner: Planner, read: ReadRows) -> None:
        rule, rows = read.rule, read.rows
        if ids := {row.id for row in rows if type(row) is Row and row.id is not None}:
            planner.know(self._own_records(sorted(ids)))
        if rule is None:
            planner.judge(rows)
            return
        ensure_key(self._transaction, self._job.object_type, rule.prop, tells_apart=True)
        find_keys(rule, rows)
        key = rule.key if self._leaves_matches(rows) else None
        for some in parts(rows, _ROWS_PER_LOOK_UP):
            self._judge(planner, some, self._candidates(some, key))

    def _own_records(self, ids: Sequence[str]) -> dict[str, KnownRecord]:
        connection, job = self._connection, self._job
        advice = "send fewer rows at a time"
        budget = ReadingBudget(self._settings.read_bytes_max, advice=advice) if job.synchronous else None
        stored: Iterable[KnownRecord] = import_records.own_records(connection, job, ids, budget)
        stored = drafts.with_drafts(connection, job, (), stored) if job.options.dry_run else stored
        return {record.id: record for record in stored}

    def _leaves_matches(self, rows: Rows) -> bool:
        """Return whether no row can change its matched record; a row with lists can, by adding the record to these."""
        options = self._job.options
        return not (options.changes_matches or options.dry_run) and all(
            type(row) is not Row or row.plain or LISTS_KEY not in row.values for row in rows
        )

    def _judge(self, planner: Planner, rows: Sequence[Row | RefusedRow], candidates: Iterable[KnownRecord]) -> None:
        planner.enter(candidates)
        planner.judge(rows)

    def _candidates(self, rows: Sequence[Row | RefusedRow], key: str | None) -> Iterable[KnownRecord]:
        connection, job, hashes = self._connection, self._job, hashes_of(rows)
        stored = self._stored(hashes, key)
        return drafts.with_drafts(connection, job, hashes, stored) if job.options.dry_run else stored

    def _stored(self, hashes: set[int], key: str | None) -> Iterable[KnownRecord]:
        wanted = self._connection, self._job.team_id, self._job.object_type, hashes
        if not self._job.synchronous:
            return import_records.import_candidates(*wanted, key, job_id=self._job.id)
        budget = ReadingBudget(self._settings.read_bytes_max, advice="send fewer rows at a time")
        return import_records.few_import_candidates(*wanted, budget, job_id=self._job.id)

    # Write

    def _send(self, planned: PlannedRows, writes: ChunkWrites) -> None:
        connection, job = self._connection, self._job
        if job.options.dry_run:
            drafts.write_drafts(connection, job, planned.rule, planned.plan)
        else:
            self._send_records(planned.plan.created, writes)
        self._send_targets({CONTACT: planned.plan.contacts, **planned.plan.targets})
        effects.write_effects(connection, job, [part() for part in writes.first_effects], writes.later_effects())

    def _send_records(self, created: Sequence[KnownRecord], writes: ChunkWrites) -> None:
        connection, job, now = self._connection, self._job, self._transaction.at
        import_records.insert_records(connection, job.team_id, job.object_type, created, job_id=job.id, now=now)
        for updates in writes.updates:
            record_writes.update_records(connection, job.team_id, updates(), now=now)
        writes.keys().write(self._transaction)

    def _send_targets(self, targets: Mapping[str, Sequence[KnownRecord]]) -> None:
        connection, job, now = self._connection, self._job, self._transaction.at
        for object_type, made in targets.items():
            if made and job.options.dry_run:
                for rule, records in _by_key(self._transaction, object_type, made):
                    drafts.write_targets(connection, job, rule, records)
            elif made:
                import_records.insert_records(connection, job.team_id, object_type, made, job_id=job.id, now=now)
                keys_of_new(self._transaction, object_type, made).packed(job.team_id).write(self._transaction)


def _by_key(
    transaction: JobTransaction, object_type: str, made: Iterable[KnownRecord]
) -> Iterator[tuple[KeyRule, list[KnownRecord]]]:
    """Yield the records that references create, by the only property that each has."""
    by_key: dict[str, list[KnownRecord]] = {}
    for record in made:
        by_key.setdefault(next(iter(record.properties)), []).append(record)
    schema = transaction.schema(object_type)
    for key, records in by_key.items():
        yield KeyRule(object_type, schema.properties[key], fold_case=True), records


def key_rule(job: Job, schema: ObjectSchema) -> KeyRule | None:
    """Return the key rule of a job; None for a job without keys."""
    # A job of an earlier version has only the slug, which then is the key.
    key = job.options.key or job.options.dedupe_by
    if key is None or key == OWN_ID:
        return None
    return KeyRule(job.object_type, schema.properties[key], fold_case=job.options.fold_case)
