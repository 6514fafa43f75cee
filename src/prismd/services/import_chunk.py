"""One chunk of an import, in its caller's transaction: parse, match, plan, and write what must be true together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prismd.core.ids import NewId
from prismd.core.imports.job import Counts, Job
from prismd.core.imports.missing_options import wanted_options, with_options
from prismd.core.imports.plan import KnownRecord, Plan, Planner, hashes_of
from prismd.core.imports.report import verdicts_json
from prismd.core.imports.request import Chunk
from prismd.core.imports.rows import RefusedRow, RowLimits, Rows
from prismd.core.keys import KeyRule
from prismd.core.schema import ObjectSchema
from prismd.core.values import ValueLimits
from prismd.services.read_ahead import ReadAhead, parse_rows
from prismd.services.record_keys import ensure_key, key_rules, write_keys
from prismd.services.references import resolve_references
from prismd.settings import Settings
from prismd.store import drafts, imports, properties, record_keys, records, verdicts
from prismd.store.postgres import Connection


class LostRaceError(Exception):
    """The job no longer stands where this worker found it: somebody else has done the chunk."""


def run_chunk(
    connection: Connection,
    job: Job,
    chunk: Chunk,
    *,
    now: datetime,
    new_id: NewId,
    settings: Settings,
    ahead: ReadAhead | None = None,
) -> tuple[Job, bytes]:
    """Do one chunk of a job: records, verdicts, before-images, counters and cursor are committed together.

    Args:
        connection: Inside a transaction that holds the job.
        job: The job, standing at this chunk.
        chunk: Its rows.
        now: The time of everything written.
        new_id: Makes ids of records and options.
        settings: For the limits of rows.
        ahead: Where rows may have been read beforehand, and reads the next chunk meanwhile.

    Returns:
        The job after the chunk, and the verdicts as JSON without brackets.

    Raises:
        LostRaceError: Nothing of this transaction may be committed.
    """
    record_keys.lock_type(connection, job.team_id, job.object_type)
    schema = properties.load_schema(connection, job.team_id, job.object_type)
    limits = row_limits(settings)
    rows = (ahead and ahead.rows(chunk, schema)) or parse_rows(schema, limits, chunk.rows)
    if job.options.create_missing_options:
        schema, rows = _create_missing_options(connection, job, schema, chunk, rows, new_id=new_id, settings=settings)
    rows = resolve_references(connection, job.team_id, schema, rows)
    rule = _dedupe_rule(job, schema)
    planner = Planner(rule, job.options, new_id)
    if rule:
        ensure_key(connection, job.team_id, schema, rule.slug)
        planner.enter(_candidates(connection, job, hashes_of(rule, rows)))
    plan = planner.plan(rows, chunk.first_row)
    if ahead:
        ahead.begin(connection, job, schema, limits, rule)
    counts, content = Counts.of(plan.verdicts), verdicts_json(plan.verdicts)
    after = job.after_chunk(counts, now)
    if not imports.advance(connection, job, after):
        raise LostRaceError(job.id)
    if job.options.dry_run:
        drafts.write_drafts(connection, job, rule, plan)
    else:
        _write(connection, job, schema, plan, now)
    imports.insert_touches(connection, job, plan)
    verdicts.insert_verdicts(connection, job, chunk, counts, content)
    return after, content


def row_limits(settings: Settings) -> RowLimits:
    """Return the limits of rows that the settings name."""
    values = ValueLimits(settings.text_chars_max, settings.list_values_max)
    return RowLimits(values, settings.row_bytes_max, settings.row_errors_max)


def _create_missing_options(
    connection: Connection,
    job: Job,
    schema: ObjectSchema,
    chunk: Chunk,
    rows: Rows,
    *,
    new_id: NewId,
    settings: Settings,
) -> tuple[ObjectSchema, Rows]:
    wanted = wanted_options(rows)
    if not wanted:
        return schema, rows
    schema, created = with_options(schema, wanted, new_id=new_id, options_max=settings.options_per_property_max)
    if not job.options.dry_run:
        for slug, options in created.items():
            prop = schema.properties[slug]
            properties.add_options(connection, job.team_id, job.object_type, prop.id, options)
    again = [index for index, row in enumerate(rows) if isinstance(row, RefusedRow)]
    parsed = parse_rows(schema, row_limits(settings), [chunk.rows[index] for index in again])
    mended = dict(zip(again, parsed, strict=True))
    return schema, [mended.get(index, row) for index, row in enumerate(rows)]


def _candidates(connection: Connection, job: Job, hashes: set[int]) -> Iterable[KnownRecord]:
    lock = job.options.changes_matches and not job.options.dry_run
    stored = records.import_candidates(connection, job.team_id, job.object_type, hashes, job_id=job.id, lock=lock)
    return drafts.with_drafts(connection, job, hashes, stored) if job.options.dry_run else stored


def _write(connection: Connection, job: Job, schema: ObjectSchema, plan: Plan, now: datetime) -> None:
    team_id, object_type = job.team_id, job.object_type
    records.insert_records(connection, team_id, object_type, plan.created, job_id=job.id, now=now)
    records.update_records(connection, team_id, object_type, list(plan.changed.values()), now=now)
    write_keys(connection, team_id, key_rules(connection, team_id, schema), plan)


def _dedupe_rule(job: Job, schema: ObjectSchema) -> KeyRule | None:
    slug = job.options.dedupe_by
    return KeyRule(job.object_type, schema.properties[slug], fold_case=job.options.fold_case) if slug else None
