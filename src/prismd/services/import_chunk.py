"""One chunk of an import, in the transaction of its caller: parse, match, plan, and write what must be true together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from prismd.core.ids import NewId
from prismd.core.imports.job import Counts, Job
from prismd.core.imports.missing_options import wanted_options, with_options
from prismd.core.imports.plan import KnownRecord, Plan, Planner, key_value
from prismd.core.imports.references import ADDRESS_MARK, Found, Reference, references_of, with_references
from prismd.core.imports.report import verdicts_json
from prismd.core.imports.request import Chunk
from prismd.core.imports.rows import RefusedRow, Row, RowLimits, RowParser
from prismd.core.keys import KeyRule
from prismd.core.schema import ObjectSchema
from prismd.core.values import ValueLimits
from prismd.services.record_keys import ensure_key, key_rules, write_keys
from prismd.settings import Settings
from prismd.store import drafts, imports, properties, record_keys, records
from prismd.store.postgres import Connection

Rows = list[Row | RefusedRow]


class LostRaceError(Exception):
    """The job no longer stands where this worker found it: somebody else has done the chunk."""


def run_chunk(
    connection: Connection, job: Job, chunk: Chunk, *, now: datetime, new_id: NewId, settings: Settings
) -> tuple[Job, bytes]:
    """Do one chunk of a job: records, verdicts, before-images, counters and cursor are committed together.

    Args:
        connection: Inside a transaction that holds the job.
        job: The job, standing at this chunk.
        chunk: Its rows.
        now: The time of everything written.
        new_id: Makes ids of records and options.
        settings: For the limits of rows.

    Returns:
        The job after the chunk, and the verdicts as JSON without brackets.

    Raises:
        LostRaceError: Nothing of this transaction may be committed.
    """
    record_keys.lock_type(connection, job.team_id, job.object_type)
    schema = properties.load_schema(connection, job.team_id, job.object_type)
    schema, rows = _parse(connection, job, schema, chunk, new_id=new_id, settings=settings)
    plan = _plan(connection, job, schema, rows, chunk.first_row, new_id)
    _write(connection, job, schema, plan, now)
    counts, content = Counts.of(plan.verdicts), verdicts_json(plan.verdicts)
    imports.insert_verdicts(connection, job, chunk, counts, content)
    after = job.after_chunk(counts, now)
    if not imports.advance(connection, job, after):
        raise LostRaceError(job.id)
    return after, content


def row_limits(settings: Settings) -> RowLimits:
    """Return the limits of rows that the settings name."""
    values = ValueLimits(settings.text_chars_max, settings.list_values_max)
    return RowLimits(values, settings.row_bytes_max, settings.row_errors_max)


def _parse(
    connection: Connection, job: Job, schema: ObjectSchema, chunk: Chunk, *, new_id: NewId, settings: Settings
) -> tuple[ObjectSchema, Rows]:
    limits = row_limits(settings)
    parser = RowParser(schema, limits)
    rows: Rows = [parser.parse(raw) for raw in chunk.rows]
    if job.options.create_missing_options and (wanted := wanted_options(rows)):
        schema, created = with_options(schema, wanted, new_id=new_id, options_max=settings.options_per_property_max)
        parser = RowParser(schema, limits)
        rows = [
            parser.parse(raw) if isinstance(row, RefusedRow) else row for raw, row in zip(chunk.rows, rows, strict=True)
        ]
        if not job.options.dry_run:
            for slug, options in created.items():
                prop = schema.properties[slug]
                properties.add_options(connection, job.team_id, job.object_type, prop.id, options)
    return schema, _resolve(connection, job.team_id, parser, rows)


def _resolve(connection: Connection, team_id: int, parser: RowParser, rows: Rows) -> Rows:
    targets = parser.reference_slugs
    wanted = references_of(rows, targets)
    if not wanted:
        return rows
    found = _look_up(connection, team_id, wanted)
    return [with_references(row, targets, found) for row in rows]


def _look_up(connection: Connection, team_id: int, wanted: set[Reference]) -> Found:
    by_address = [reference for reference in wanted if ADDRESS_MARK in reference[1]]
    by_id = sorted(wanted.difference(by_address))
    found: dict[Reference, list[str]] = {
        pair: [pair[1]] for pair in records.existing_records(connection, team_id, by_id)
    }
    return found | _look_up_addresses(connection, team_id, by_address)


def _look_up_addresses(connection: Connection, team_id: int, wanted: Sequence[Reference]) -> Found:
    if not wanted:
        return {}
    schema = properties.load_schema(connection, team_id, "contact")
    ensure_key(connection, team_id, schema, "email")
    rule = KeyRule("contact", schema.properties["email"], fold_case=True)
    hashes = {key_hash for _, address in wanted for key_hash in rule.hashes(address)}
    by_key: dict[str, list[str]] = {}
    for contact in records.records_by_key(connection, team_id, "contact", hashes):
        for key in rule.keys(contact.properties.get("email")):
            by_key.setdefault(key, []).append(contact.id)
    return {reference: by_key.get(rule.keys(reference[1])[0], []) for reference in wanted}


def _plan(connection: Connection, job: Job, schema: ObjectSchema, rows: Rows, first_row: int, new_id: NewId) -> Plan:
    slug, options = job.options.dedupe_by, job.options
    if slug is None:
        return Planner(None, options, new_id).plan(rows, first_row)
    ensure_key(connection, job.team_id, schema, slug)
    rule = _dedupe_rule(job, schema)
    hashes = {key_hash for row in rows if isinstance(row, Row) for key_hash in rule.hashes(key_value(row, slug))}
    planner = Planner(rule, options, new_id)
    planner.enter(_candidates(connection, job, hashes))
    return planner.plan(rows, first_row)


def _candidates(connection: Connection, job: Job, hashes: set[int]) -> Iterable[KnownRecord]:
    lock = job.options.changes_matches and not job.options.dry_run
    stored = records.import_candidates(connection, job.team_id, job.object_type, hashes, job_id=job.id, lock=lock)
    return drafts.with_drafts(connection, job, hashes, stored) if job.options.dry_run else stored


def _write(connection: Connection, job: Job, schema: ObjectSchema, plan: Plan, now: datetime) -> None:
    team_id, object_type = job.team_id, job.object_type
    if job.options.dry_run:
        if job.options.dedupe_by is not None:
            drafts.write_drafts(connection, job, _dedupe_rule(job, schema), plan)
    else:
        records.insert_records(connection, team_id, object_type, plan.created, job_id=job.id, now=now)
        records.update_records(connection, team_id, object_type, list(plan.changed.values()), now=now)
        write_keys(connection, team_id, key_rules(connection, team_id, schema), plan)
    imports.insert_touches(connection, job, plan)


def _dedupe_rule(job: Job, schema: ObjectSchema) -> KeyRule:
    assert job.options.dedupe_by is not None  # noqa: S101 - callers have looked
    return KeyRule(job.object_type, schema.properties[job.options.dedupe_by], fold_case=job.options.fold_case)
