"""Rows of an import, in their caller's transaction: parse, match, plan, and write records with what led to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prismd.core.ids import NewId
from prismd.core.imports.job import Job
from prismd.core.imports.missing_options import OptionId, Wanted, forecast_id, wanted_options, with_options
from prismd.core.imports.plan import KnownRecord, Plan, Planner, Verdict, hashes_of, may_change_matches
from prismd.core.imports.request import Chunk
from prismd.core.imports.rows import RefusedRow, RowLimits, Rows
from prismd.core.keys import KeyRule
from prismd.core.schema import ObjectSchema
from prismd.core.values import ValueLimits
from prismd.services.read_ahead import ReadAhead, parse_rows, row_parser
from prismd.services.record_keys import ensure_key, key_rules, write_keys
from prismd.services.references import resolve_references
from prismd.settings import Settings
from prismd.store import drafts, imports, properties, records
from prismd.store.postgres import Connection, nothing


class RowImporter:
    """Imports rows of one job.

    Args:
        connection: Inside a transaction that holds the job, and in which nobody else writes keys of its object type.
        job: The job.
        now: The time of everything written.
        new_id: Makes ids of records and options.
        settings: For the limits of rows.
        ahead: Where rows may have been read beforehand, and reads the next chunk meanwhile.
    """

    def __init__(
        self,
        connection: Connection,
        job: Job,
        *,
        now: datetime,
        new_id: NewId,
        settings: Settings,
        ahead: ReadAhead | None = None,
    ) -> None:
        self._connection = connection
        self._job = job
        self._now = now
        self._new_id = new_id
        self._settings = settings
        self._ahead = ahead
        values = ValueLimits(settings.text_chars_max, settings.list_values_max)
        self._limits = RowLimits(values, settings.row_bytes_max, settings.row_errors_max)

    def run(self, chunk: Chunk) -> list[Verdict]:
        """Write what the rows make and change, and return what became of each.

        Args:
            chunk: A chunk of the job, or a part of one.
        """
        connection, job = self._connection, self._job
        schema, rows = self._parsed(chunk)
        rows = resolve_references(connection, job.team_id, schema, rows)
        rule = _key_rule(job, schema)
        plan = self._planned(rule, rows, chunk.first_row)
        if self._ahead:
            self._ahead.begin(connection, job, schema, rule, self._limits)
        if job.options.dry_run:
            drafts.write_drafts(connection, job, rule, plan)
        else:
            self._write(schema, plan)
        imports.insert_touches(connection, job, plan)
        return plan.verdicts

    def _parsed(self, chunk: Chunk) -> tuple[ObjectSchema, Rows]:
        schema = properties.load_schema(self._connection, self._job.team_id, self._job.object_type)
        rows = self._ahead.rows(chunk, schema) if self._ahead else None
        rows = rows or parse_rows(row_parser(self._job, schema, self._limits), chunk.rows)
        wanted = wanted_options(rows) if self._job.options.create_missing_options else {}
        if not wanted:
            return schema, rows
        schema = self._with_options(schema, wanted)
        again = [index for index, row in enumerate(rows) if isinstance(row, RefusedRow)]
        parser = row_parser(self._job, schema, self._limits)
        parsed = parse_rows(parser, [chunk.rows[index] for index in again])
        mended = dict(zip(again, parsed, strict=True))
        return schema, [mended.get(index, row) for index, row in enumerate(rows)]

    def _with_options(self, schema: ObjectSchema, wanted: Wanted) -> ObjectSchema:
        job, most = self._job, self._settings.options_per_property_max
        option_id: OptionId = forecast_id if job.options.dry_run else lambda _prop, _label: self._new_id()
        schema, created = with_options(schema, wanted, option_id=option_id, options_max=most)
        if not job.options.dry_run:
            for key, options in created.items():
                prop = schema.properties[key]
                properties.add_options(self._connection, job.team_id, job.object_type, prop.id, options)
        return schema

    def _planned(self, rule: KeyRule | None, rows: Rows, first_row: int) -> Plan:
        planner = Planner(rule, self._job.options, self._new_id)
        if rule:
            ensure_key(self._connection, self._job.team_id, self._job.object_type, rule.prop)
            planner.enter(self._candidates(rule, rows))
        return planner.plan(rows, first_row)

    def _candidates(self, rule: KeyRule, rows: Rows) -> Iterable[KnownRecord]:
        connection, job, hashes = self._connection, self._job, hashes_of(rule, rows)
        lock = may_change_matches(job.options, rows) and not job.options.dry_run
        stored = records.import_candidates(connection, job.team_id, job.object_type, hashes, job_id=job.id, lock=lock)
        return drafts.with_drafts(connection, job, hashes, stored) if job.options.dry_run else stored

    def _write(self, schema: ObjectSchema, plan: Plan) -> None:
        connection, job, now = self._connection, self._job, self._now
        meanwhile = self._ahead.go_on if self._ahead else nothing
        records.insert_records(
            connection, job.team_id, job.object_type, plan.created, job_id=job.id, now=now, meanwhile=meanwhile
        )
        changed = [change.record for change in plan.changed.values()]
        records.update_records(connection, job.team_id, job.object_type, changed, now=now)
        rules = key_rules(connection, job.team_id, schema)
        write_keys(connection, job.team_id, rules, plan.written(), meanwhile)


def _key_rule(job: Job, schema: ObjectSchema) -> KeyRule | None:
    # Jobs of earlier versions knew no other keys than slugs.
    key = job.options.key or job.options.dedupe_by
    return KeyRule(job.object_type, schema.properties[key], fold_case=job.options.fold_case) if key else None
