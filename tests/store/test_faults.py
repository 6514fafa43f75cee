"""Every store function with the database gone, with a lock held by somebody else, and in a conflict of transactions.

Whatever calls them relies on three things: what passes by itself is ``psycopg.OperationalError``, nothing else; it
comes at once or within ``lock_timeout``; and it leaves nothing behind.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import msgspec
import psycopg
import pytest

from prismd import store
from prismd.core.audit import Action, AuditFilter, Deed, Doer
from prismd.core.changes.changes import ChangesMade, Kind, RecordChange
from prismd.core.files import FileState, StoredFile
from prismd.core.grants import Grant
from prismd.core.imports.job import Counts, Job, State
from prismd.core.imports.plan import Change, Plan
from prismd.core.imports.request import Chunk, RequestLimits, parse_request
from prismd.core.lists.definitions import List
from prismd.core.mapping.document import MappingDocument
from prismd.core.mapping.saved import SavedMapping
from prismd.core.properties.schema import Option, Property
from prismd.core.queries.tree import Query
from prismd.core.records.keys import KeyRule
from prismd.core.records.known_records import KnownRecord
from prismd.core.records.merging import Rewritten
from prismd.core.records.reading_budget import ReadingBudget
from prismd.core.views.definitions import View
from prismd.services.imports.jobs import submit
from prismd.services.imports.stepping import step_next
from prismd.services.runtime import Runtime, system_ids
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store import (
    api_keys,
    audit,
    distribution,
    grants,
    lists,
    mappings,
    migrate,
    properties,
    retention,
    teams,
    views,
)
from prismd.store.backups import restoring
from prismd.store.backups.dumps import Rows, SequencePosition
from prismd.store.changes import change_sets
from prismd.store.connections import postgres
from prismd.store.connections.postgres import Connection, Pool, connect
from prismd.store.files import files, parts, purging
from prismd.store.idempotency import claims, client_attempts
from prismd.store.imports import attempts, chunks, drafts, effects, import_records, jobs, progress, queue, results
from prismd.store.monitoring import diagnosis, figures, health
from prismd.store.queries import pages
from prismd.store.realtime import notifications, tickets
from prismd.store.records import key_holders, record_keys, record_writes, records, values
from tests.conftest import sole

NOW: Final = datetime(2026, 1, 5, tzinfo=UTC)
LATER: Final = NOW + timedelta(days=30)
NEW_ID: Final = system_ids()
TABLES: Final = (
    "team", "api_key", "property", "property_option", "record", "key_property", "record_key", "import_job",
    "import_queue",
    "import_chunk", "import_attempt", "import_result", "import_touch", "import_draft", "idempotency_claim",
    "attempt_answer", "audit_entry", "audit_object", "change_set", "record_change",
    "record_grant", "list", "view", "realtime_ticket",
    "file", "file_part",
    "mapping", "mapping_version",
)  # fmt: skip


MADE: Final = ChangesMade(NEW_ID(), Kind.WRITE, [RecordChange(NEW_ID(), 1, 2, {"city": "Rome"}, {"city": "Oslo"})])


def budget() -> ReadingBudget:
    return ReadingBudget(2**20)


@dataclass
class World:
    """A database in which every table has something, and what is in it."""

    url: str
    team_id: int
    key_id: str
    prop: Property
    option: Option
    running: Job
    ended: Job
    dry: Job
    record: KnownRecord
    rule: KeyRule
    deals: List

    @property
    def chunk(self) -> Chunk:
        return Chunk(7, 70, [msgspec.Raw(b"{}")])

    @property
    def plan(self) -> Plan:
        """A plan that makes a record, changes one that was touched before, and touches another."""
        changed = replace(self.record, properties={"email": "new@x.org"}, version=self.record.version + 1)
        change = Change(changed, self.record.version, self.record.properties)
        made = KnownRecord(NEW_ID(), 1, {"email": "made@x.org"}, 0, made_by_import=True)
        return Plan(created=[made], changed={changed.id: change}, first_matched=[KnownRecord(NEW_ID(), 1, {}, 1)])

    @property
    def rewritten(self) -> dict[str, Rewritten]:
        return {record_id: change.rewritten() for record_id, change in self.plan.changed.items()}

    @property
    def hashes(self) -> list[int]:
        return list(self.rule.hashes(self.record.properties["email"]))


MAPPING: Final = SavedMapping("a", 1, "contact", NOW, NOW, MappingDocument(version=1, type="contact"))
VIEW: Final = View(NEW_ID(), "contact", None, {"name": "All", "view_type": "grid"}, NOW, NOW)
CLAIM: Final = claims.Claim(b"print", 202, {}, b"{}", NOW)

FILE: Final = StoredFile(
    id=(FILE_ID := NEW_ID()), name="a.csv", state=FileState.OPEN, resumable=False, length=None, received=0, sha256=None,
    content_id=FILE_ID, same_as=None, created_at=NOW, expires_at=LATER,
)  # fmt: skip
GONE: Final = replace(FILE, id=(GONE_ID := NEW_ID()), content_id=GONE_ID)
WHOLE: Final = replace(FILE, id=(WHOLE_ID := NEW_ID()), content_id=WHOLE_ID, sha256="00" * 32)
DIGEST: Final = "00" * 32

DEED: Final = Deed(Action.RECORD_CREATED, [NEW_ID()], "contact")

QUERY: Final = Query(object_type="contact")

Call = Callable[[Connection, World], object]


def new_key(team_id: int, key_id: str, digest: bytes) -> api_keys.NewStoredKey:
    return api_keys.NewStoredKey(
        id=key_id, team_id=team_id, name="", digest=digest, hint="", scopes=["read"], created_at=NOW
    )


#: One call of every store function, each of which reaches the database.
CALLS: Final[dict[Callable[..., Any], Call]] = {
    audit.write_entry: lambda c, w: audit.write_entry(
        c, w.team_id, Doer(NOW, w.key_id), DEED, ["{}"], made=replace(MADE, id=NEW_ID())
    ),
    change_sets.insert_changes: lambda c, w: change_sets.insert_changes(c, w.running, MADE.changes),
    change_sets.changes_of: lambda c, w: change_sets.changes_of(c, w.running, [w.record.id]),
    change_sets.count_changed: lambda c, w: change_sets.count_changed(c, w.running),
    change_sets.later_changes: lambda c, w: change_sets.later_changes(c, w.team_id, {w.record.id: 0}),
    change_sets.heads_of: lambda c, w: change_sets.heads_of(c, w.team_id, [w.running.id]),
    change_sets.written_by: lambda c, w: change_sets.written_by(c, w.running, "contact", [w.record.id]),
    change_sets.forget_values: lambda c, w: change_sets.forget_values(c, w.team_id, [w.record.id]),
    audit.write_entry_of_job: lambda c, w: audit.write_entry_of_job(c, w.ended, DEED),
    audit.list_entries: lambda c, w: audit.list_entries(c, w.team_id, AuditFilter(), before=None, limit=1),
    audit.purge_entries: lambda c, w: audit.purge_entries(c, w.team_id, until=LATER),
    notifications.notify: lambda c, _: notifications.notify(c, ["{}"]),
    notifications.notify_listeners: lambda c, _: notifications.notify_listeners(c, ["{}"]),
    diagnosis.read_server: lambda c, _: diagnosis.read_server(c),
    diagnosis.read_time: lambda c, _: diagnosis.read_time(c),
    diagnosis.read_indexes: lambda c, _: diagnosis.read_indexes(c),
    diagnosis.read_tables: lambda c, _: diagnosis.read_tables(c),
    diagnosis.longest_transaction: lambda c, _: diagnosis.longest_transaction(c),
    diagnosis.count_others: lambda c, _: diagnosis.count_others(c),
    diagnosis.oldest_expired: lambda c, _: diagnosis.oldest_expired(c, LATER),
    drafts.with_drafts: lambda c, w: drafts.with_drafts(c, w.dry, w.hashes, [w.record]),
    drafts.write_drafts: lambda c, w: drafts.write_drafts(c, w.dry, w.rule, w.plan),
    drafts.write_targets: lambda c, w: drafts.write_targets(c, w.dry, w.rule, w.plan.created),
    drafts.drafts_by_hash: lambda c, w: drafts.drafts_by_hash(c, w.dry, w.hashes),
    grants.find_grant: lambda c, w: grants.find_grant(c, w.team_id, "contact", w.record.id, otherwise=Grant()),
    grants.put_grant: lambda c, w: grants.put_grant(c, w.team_id, "contact", w.record.id, Grant()),
    claims.try_lock: lambda c, w: claims.try_lock(c, w.team_id, "key"),
    claims.find_claim: lambda c, w: claims.find_claim(c, w.team_id, "key"),
    claims.keep_claim: lambda c, w: claims.keep_claim(c, w.team_id, "key", CLAIM),
    client_attempts.begin_first: lambda c, w: client_attempts.begin_first(c, w.team_id, b"attempt"),
    client_attempts.try_begin_repeat: lambda c, w: client_attempts.try_begin_repeat(c, w.team_id, b"attempt"),
    client_attempts.find_answer: lambda c, w: client_attempts.find_answer(c, w.team_id, b"attempt", after=NOW),
    client_attempts.keep_answer: lambda c, w: client_attempts.keep_answer(c, w.team_id, CLAIM),
    figures.queue_by_state: lambda c, _: figures.queue_by_state(c),
    figures.table_sizes: lambda c, _: figures.table_sizes(c),
    figures.database_bytes: lambda c, _: figures.database_bytes(c),
    figures.oldest_kept: lambda c, _: figures.oldest_kept(c, NOW),
    health.count_workers: lambda c, _: health.count_workers(c),
    migrate.schema_state: lambda c, _: migrate.schema_state(c),
    health.next_job: lambda c, _: health.next_job(c, LATER, running_max=9),
    jobs.insert_job: lambda c, w: jobs.insert_job(c, replace(w.running, id=NEW_ID())),
    attempts.begin_attempt: lambda c, w: attempts.begin_attempt(c, w.running, now=NOW),
    attempts.forget_attempts: lambda c, w: attempts.forget_attempts(c, w.running),
    chunks.replace_chunk: lambda c, w: chunks.replace_chunk(c, w.running, w.chunk.cut(2)),
    chunks.insert_chunks: lambda c, w: chunks.insert_chunks(c, w.running, [w.chunk]),
    queue.enter: lambda c, w: queue.enter(c, replace(w.running, id=NEW_ID())),
    queue.claim_entry: lambda c, _: queue.claim_entry(c, LATER, running_max=100),
    queue.hold_entry: lambda c, w: queue.hold_entry(c, w.running),
    queue.put_off: lambda c, w: queue.put_off(c, w.running, LATER),
    queue.skip_entry: lambda c, w: queue.skip_entry(c, queue.QueueEntry(w.team_id, w.running.id), LATER),
    queue.leave: lambda c, w: queue.leave(c, w.team_id, w.running.id),
    queue.jobs_of_team: lambda c, w: queue.jobs_of_team(c, w.team_id),
    queue.return_jobs: lambda c, w: queue.return_jobs(c, w.team_id, [NEW_ID()], NOW),
    jobs.hold_any_job: lambda c, w: jobs.hold_any_job(c, w.team_id, w.running.id),
    jobs.read_any_job: lambda c, w: jobs.read_any_job(c, w.team_id, w.running.id),
    jobs.active_jobs: lambda c, w: jobs.active_jobs(c, w.team_id),
    jobs.count_active: lambda c, w: jobs.count_active(c, w.team_id),
    jobs.lock_job: lambda c, w: jobs.lock_job(c, w.team_id, w.running.id),
    jobs.end_job: lambda c, w: jobs.end_job(c, w.running.cancelled(NOW)),
    chunks.read_chunk: lambda c, w: chunks.read_chunk(c, w.running, 0),
    jobs.advance: lambda c, w: jobs.advance(c, w.running, w.running.after_chunk(Counts(created=2), NOW)),
    jobs.record_failure: lambda c, w: jobs.record_failure(c, w.running),
    jobs.get_job: lambda c, w: jobs.get_job(c, w.team_id, w.running.id),
    jobs.list_jobs: lambda c, w: jobs.list_jobs(c, w.team_id, jobs.JobsWanted(1)),
    lists.lock_lists: lambda c, w: lists.lock_lists(c, w.team_id),
    lists.insert_list: lambda c, w: lists.insert_list(c, w.team_id, replace(w.deals, id=NEW_ID())),
    lists.get_list: lambda c, w: lists.get_list(c, w.team_id, w.deals.id),
    lists.all_lists: lambda c, w: lists.all_lists(c, w.team_id),
    lists.count_lists: lambda c, w: lists.count_lists(c, w.team_id),
    lists.views_of: lambda c, w: lists.views_of(c, w.team_id, [w.deals]),
    postgres.connections_allowed: lambda c, _: postgres.connections_allowed(c),
    postgres.prepare_session: lambda c, _: postgres.prepare_session(c),
    postgres.bind_session: lambda c, _: postgres.bind_session(c),
    progress.counts_of_chunks: lambda c, w: progress.counts_of_chunks(c, w.team_id, w.ended.id, first=0),
    properties.load_schema: lambda c, w: properties.load_schema(c, w.team_id, "contact"),
    properties.load_schemas: lambda c, w: properties.load_schemas(c, w.team_id, ["contact", "deal"]),
    properties.add_options: lambda c, w: properties.add_options(c, w.team_id, "contact", w.prop.id, [w.option]),
    properties.insert_property: lambda c, w: properties.insert_property(
        c, w.team_id, "contact", replace(w.prop, id=NEW_ID(), slug="other"), now=NOW
    ),
    properties.update_property: lambda c, w: properties.update_property(c, w.team_id, "contact", w.prop),
    properties.delete_property: lambda c, w: properties.delete_property(c, w.team_id, "contact", w.prop),
    properties.is_in_use: lambda c, w: properties.is_in_use(c, w.team_id, "contact", w.prop),
    properties.is_lacked: lambda c, w: properties.is_lacked(c, w.team_id, "contact", w.prop, ()),
    properties.update_option: lambda c, w: properties.update_option(c, w.team_id, "contact", w.prop.id, w.option),
    properties.delete_option: lambda c, w: properties.delete_option(c, w.team_id, "contact", w.prop.id, w.option.id),
    properties.is_option_in_use: lambda c, w: properties.is_option_in_use(
        c, w.team_id, "contact", w.prop.slug, w.option.id
    ),
    record_keys.lock_type: lambda c, w: record_keys.lock_type(c, w.team_id, "contact"),
    pages.query_page: lambda c, w: pages.query_page(c, QUERY, w.team_id, None, budget(), after=None, limit=1),
    pages.query_total: lambda c, w: pages.query_total(c, QUERY, w.team_id, w.hashes),
    pages.limit_time: lambda c, _: pages.limit_time(c, 1),
    pages.check_patterns: lambda c, _: pages.check_patterns(c, ["a"]),
    pages.records_by_ids: lambda c, w: pages.records_by_ids(c, w.team_id, [("contact", w.record.id)], budget()),
    pages.referring_records: lambda c, w: pages.referring_records(
        c, w.team_id, "contact", "company", {w.record.id: 1}, each_max=1, most=1
    ),
    pages.records_with_keys: lambda c, w: pages.records_with_keys(c, w.team_id, w.hashes, most=1),
    record_keys.keys_in_use: lambda c, w: record_keys.keys_in_use(c, w.team_id, "contact"),
    record_keys.add_key: lambda c, w: record_keys.add_key(c, w.team_id, "contact", "city"),
    record_keys.insert_keys: lambda c, w: record_keys.insert_keys(c, w.team_id, [(1, w.record.id)]),
    record_keys.copy_keys: lambda c, w: record_keys.copy_keys(c, record_keys.key_rows(w.team_id, [(1, w.record.id)])),
    record_keys.delete_keys: lambda c, w: record_keys.delete_keys(
        c, w.team_id, [(key_hash, w.record.id) for key_hash in w.hashes]
    ),
    record_writes.hold_records: lambda c, w: record_writes.hold_records(
        c, w.team_id, "contact", [w.record.id], budget()
    ),
    record_writes.insert_new: lambda c, w: record_writes.insert_new(
        c, w.team_id, "contact", [records.StoredRecord(NEW_ID(), 1, NOW, NOW, {})], now=NOW
    ),
    record_writes.delete_records: lambda c, w: record_writes.delete_records(
        c, w.team_id, "contact", [w.record.id], now=NOW
    ),
    record_writes.purge_records: lambda c, w: record_writes.purge_records(c, w.team_id, "contact", [w.record.id]),
    record_writes.restore_records: lambda c, w: record_writes.restore_records(
        c, w.team_id, "contact", [w.record.id], now=NOW
    ),
    records.get_record: lambda c, w: records.get_record(c, w.team_id, "contact", w.record.id, budget()),
    records.values_by_key: lambda c, w: records.values_by_key(c, w.team_id, "contact", "email", w.hashes, each_max=1),
    import_records.few_import_candidates: lambda c, w: import_records.few_import_candidates(
        c, w.team_id, "contact", w.hashes, budget(), job_id=w.running.id
    ),
    import_records.own_records: lambda c, w: import_records.own_records(c, w.running, [w.record.id], budget()),
    import_records.import_candidates: lambda c, w: import_records.import_candidates(
        c, w.team_id, "contact", w.hashes, job_id=w.running.id
    ),
    records.holders_of_keys: lambda c, w: records.holders_of_keys(c, w.team_id, "contact", w.hashes, budget()),
    key_holders.holders_of_values: lambda c, w: key_holders.holders_of_values(
        c, w.team_id, [key_holders.WantedKey("contact", "email", one) for one in w.hashes], each_max=1
    ),
    records.existing_records: lambda c, w: records.existing_records(c, w.team_id, [("contact", w.record.id)]),
    import_records.insert_records: lambda c, w: import_records.insert_records(
        c, w.team_id, "contact", w.plan.created, job_id=w.running.id, now=NOW
    ),
    values.read_few_rows: lambda c, _: values.read_few_rows(
        c, "SELECT id FROM record WHERE team_id = 1 LIMIT 1", {"bytes_max": 1_000_000}, tuple, rows_max=1, text_column=0
    ),
    values.read_rows: lambda c, _: values.read_rows(c, "SELECT id FROM record WHERE team_id = 1 LIMIT 1", {}, tuple),
    record_writes.update_records: lambda c, w: record_writes.update_records(
        c, w.team_id, record_writes.Updates.of(list(w.rewritten.values())), now=NOW
    ),
    records.scan_values: lambda c, w: list(records.scan_values(c, w.team_id, "contact", "email", page=1)),
    restoring.schema_name: lambda c, _: restoring.schema_name(c),
    restoring.all_tables: lambda c, _: restoring.all_tables(c),
    restoring.own_tables: lambda c, _: restoring.own_tables(c),
    restoring.has_rows: lambda c, _: restoring.has_rows(c, list(TABLES)),
    restoring.in_order: lambda c, _: restoring.in_order(c, list(TABLES)),
    # The audit is emptied by nobody once there is something in it.
    restoring.empty_tables: lambda c, _: restoring.empty_tables(
        c, [name for name in TABLES if not name.startswith("audit_")]
    ),
    restoring.drop_tables: lambda c, _: restoring.drop_tables(c, list(TABLES)),
    restoring.write_rows: lambda c, _: restoring.write_rows(c, "record_key", Rows(["team_id"], iter([]))),
    files.lock_files: lambda c, w: files.lock_files(c, w.team_id),
    files.count_files: lambda c, w: files.count_files(c, w.team_id, but=NEW_ID()),
    files.insert_file: lambda c, w: files.insert_file(c, w.team_id, replace(FILE, id=NEW_ID()), w.key_id),
    files.get_file: lambda c, w: files.get_file(c, w.team_id, FILE.id, hold=True),
    files.list_files: lambda c, w: files.list_files(c, w.team_id, before=None, limit=1),
    files.extend_file: lambda c, w: files.extend_file(c, w.team_id, FILE.id, at=4, size=1, expires_at=LATER),
    files.touch_file: lambda c, w: files.touch_file(c, w.team_id, FILE.id, LATER),
    files.find_twin: lambda c, w: files.find_twin(c, w.team_id, DIGEST, 4),
    files.complete_file: lambda c, w: files.complete_file(c, w.team_id, replace(FILE, sha256=DIGEST)),
    files.leave_behind: lambda c, w: files.leave_behind(c, w.team_id, NEW_ID(), NEW_ID(), NOW),
    files.mark_gone: lambda c, w: files.mark_gone(c, w.team_id, FILE.id),
    parts.insert_part: lambda c, w: parts.insert_part(c, w.team_id, FILE.id, start=9, data=b"more"),
    parts.part_at: lambda c, w: parts.part_at(c, w.team_id, FILE.id, 0),
    purging.purge_files: lambda c, w: purging.purge_files(c, w.team_id, now=LATER),
    purging.delete_gone: lambda c, w: purging.delete_gone(c, w.team_id, GONE.id),
    distribution.read_cluster: lambda c, _: distribution.read_cluster(c),
    distribution.is_distributed: lambda c, _: distribution.is_distributed(c),
    distribution.check_node: lambda c, _: distribution.check_node(c, Settings()),
    restoring.set_positions: lambda c, _: restoring.set_positions(
        c, [SequencePosition("import_turn", 1000, is_called=True)]
    ),
    restoring.refresh_statistics: lambda c, _: restoring.refresh_statistics(c),
    teams.lock_bootstrap: lambda c, _: teams.lock_bootstrap(c),
    teams.insert_team: lambda c, _: teams.insert_team(c, NEW_ID(), NOW),
    teams.find_team: lambda c, _: teams.find_team(c, "team"),
    teams.first_teams: lambda c, _: teams.first_teams(c, 1),
    teams.teams_after: lambda c, _: teams.teams_after(c, 0, 1),
    api_keys.insert_key: lambda c, w: api_keys.insert_key(c, new_key(w.team_id, NEW_ID(), b"other")),
    api_keys.find_key: lambda c, _: api_keys.find_key(c, b"digest"),
    api_keys.note_use: lambda c, w: api_keys.note_use(c, w.team_id, w.key_id, now=LATER, before=NOW),
    api_keys.good_keys: lambda c, w: api_keys.good_keys(c, [w.key_id], now=NOW),
    api_keys.list_keys: lambda c, _: api_keys.list_keys(c, None),
    api_keys.hold_key: lambda c, w: api_keys.hold_key(c, w.key_id, None),
    api_keys.revoke_key: lambda c, w: api_keys.revoke_key(c, w.team_id, w.key_id, NOW),
    api_keys.expire_key: lambda c, w: api_keys.expire_key(c, w.team_id, w.key_id, NOW),
    tickets.insert_ticket: lambda c, w: tickets.insert_ticket(c, b"other", w.team_id, w.key_id, expires_at=NOW),
    tickets.take_ticket: lambda c, _: tickets.take_ticket(c, b"ticket"),
    effects.write_effects: lambda c, w: effects.write_effects(
        c,
        w.running,
        [effects.first_effects(w.running, w.plan.first_matched, w.rewritten)],
        effects.later_effects(w.plan, w.rewritten),
    ),
    retention.oldest_of_team: lambda c, w: retention.oldest_of_team(c, w.team_id),
    retention.purge_claims: lambda c, w: retention.purge_claims(c, w.team_id, before=LATER),
    retention.purge_jobs: lambda c, w: retention.purge_jobs(c, w.team_id, now=LATER),
    retention.purge_changes: lambda c, w: retention.purge_changes(c, w.team_id, before=LATER),
    retention.purge_tickets: lambda c, _: retention.purge_tickets(c, now=LATER),
    retention.purge_attempts: lambda c, w: retention.purge_attempts(c, w.team_id, before=LATER),
    mappings.lock_mappings: lambda c, w: mappings.lock_mappings(c, w.team_id),
    mappings.count_mappings: lambda c, w: mappings.count_mappings(c, w.team_id),
    mappings.newest_version: lambda c, w: mappings.newest_version(c, w.team_id, MAPPING.name),
    mappings.put_mapping: lambda c, w: mappings.put_mapping(c, w.team_id, replace(MAPPING, version=2), kept=1),
    mappings.get_mapping: lambda c, w: mappings.get_mapping(c, w.team_id, MAPPING.name),
    mappings.list_mappings: lambda c, w: mappings.list_mappings(c, w.team_id, None, 1),
    mappings.newest_mappings: lambda c, w: mappings.newest_mappings(c, w.team_id, "contact", budget(), limit=1),
    mappings.delete_mapping: lambda c, w: mappings.delete_mapping(c, w.team_id, MAPPING.name),
    views.lock_views: lambda c, w: views.lock_views(c, w.team_id, "contact"),
    views.count_views: lambda c, w: views.count_views(c, w.team_id, "contact"),
    views.insert_view: lambda c, w: views.insert_view(c, w.team_id, replace(VIEW, id=NEW_ID())),
    views.get_view: lambda c, w: views.get_view(c, w.team_id, "contact", VIEW.id, lock=True),
    views.list_views: lambda c, w: views.list_views(
        c, w.team_id, "contact", views.ViewsWanted(None, None, 1, 0), budget()
    ),
    views.update_view: lambda c, w: views.update_view(c, w.team_id, VIEW),
    views.set_pinned: lambda c, w: views.set_pinned(c, w.team_id, VIEW.id, [w.record.id]),
    views.unpin_records: lambda c, w: views.unpin_records(c, w.team_id, "deal", [w.record.id]),
    views.unnoted_views: lambda c, w: views.unnoted_views(c, w.team_id),
    views.note_names: lambda c, w: views.note_names(c, w.team_id, [replace(VIEW, names={})]),
    views.delete_view: lambda c, w: views.delete_view(c, w.team_id, "contact", VIEW.id),
    results.insert_results: lambda c, w: results.insert_results(
        c, w.running, results.ChunkPlace(9, 9, 1), Counts(), b""
    ),
    results.next_results: lambda c, w: results.next_results(c, w.team_id, w.ended.id, after=-1, outcome=None),
    results.position_of_result: lambda c, w: results.position_of_result(c, w.team_id, w.ended.id, 0, b"{"),
    results.part_of_results: lambda c, w: results.part_of_results(
        c, w.team_id, w.ended.id, 0, position=1, bytes_max=10
    ),
}


#: Their functions begin and end transactions, or make tables; they have tests of their own.
ABOUT_TRANSACTIONS: Final = {"prismd.store.connections.row_security", "prismd.store.connections.transactions"}

#: These make tables, in a transaction of their own; they have tests of their own, too.
MAKING_TABLES: Final[set[Callable[..., Any]]] = {
    migrate.upgrade, migrate.upgrading, distribution.distribute, restoring.widen_jobs, restoring.queue_earlier_jobs,
}  # fmt: skip

#: These touch no table, and wait for nobody.
WITHOUT_LOCK: Final = {
    notifications.notify, notifications.notify_listeners, diagnosis.read_server, diagnosis.read_time,
    diagnosis.read_indexes, migrate.schema_state, distribution.read_cluster, distribution.is_distributed,
    distribution.check_node, diagnosis.longest_transaction, diagnosis.count_others,
    health.count_workers, figures.database_bytes,
    claims.try_lock, postgres.connections_allowed, postgres.prepare_session, postgres.bind_session,
    pages.check_patterns,
    restoring.schema_name, restoring.all_tables, restoring.own_tables, restoring.in_order, restoring.set_positions,
    files.lock_files, pages.limit_time, client_attempts.begin_first, client_attempts.try_begin_repeat,
}  # fmt: skip

#: These change or lock rows that are there, so a transaction that sees them as they were cannot go on.
CONFLICTING: Final = [
    client_attempts.keep_answer, drafts.write_drafts, grants.put_grant, claims.keep_claim,
    queue.claim_entry, queue.hold_entry, queue.put_off, queue.skip_entry, queue.leave, jobs.lock_job, jobs.end_job,
    jobs.advance, jobs.record_failure, properties.update_property, effects.write_effects,
    properties.delete_property, properties.update_option, properties.delete_option, record_keys.delete_keys,
    record_writes.delete_records, record_writes.restore_records, record_writes.update_records,
    record_writes.purge_records, api_keys.hold_key, api_keys.revoke_key, api_keys.expire_key,
    tickets.take_ticket, retention.purge_claims, retention.purge_jobs, views.get_view,
    mappings.newest_version, mappings.put_mapping, mappings.delete_mapping,
    views.update_view, views.set_pinned, views.delete_view, retention.purge_tickets, retention.purge_attempts,
    files.get_file, files.extend_file, files.touch_file, files.find_twin, files.complete_file, files.mark_gone,
    purging.purge_files, purging.delete_gone,
]  # fmt: skip


def functions() -> list[Callable[..., Any]]:
    """Return all public functions of the store that work on a connection they are given, inside a transaction."""
    found: list[Callable[..., Any]] = []
    for module in pkgutil.walk_packages(store.__path__, f"{store.__name__}."):
        if not module.ispkg and module.name not in ABOUT_TRANSACTIONS:
            members = vars(importlib.import_module(module.name))
            found += [
                member
                for name, member in members.items()
                if inspect.isfunction(member) and member.__module__ == module.name and not name.startswith("_")
                if next(iter(inspect.signature(member).parameters), "") == "connection" and member not in MAKING_TABLES
            ]
    return found


def name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__.removeprefix('prismd.store.')}.{function.__name__}"


@pytest.fixture(scope="module")
def world(make_database: Callable[[], str]) -> World:
    url = make_database()
    migrate.migrate(url, Settings())
    settings = replace(Settings(), rows_per_chunk=2)
    with connect(url, settings, autocommit=True) as connection:
        runtime = Runtime(cast("Pool", None), settings, lambda: NOW, NEW_ID)
        team_id = teams.insert_team(connection, "team", NOW)
        key_id, option = NEW_ID(), Option(NEW_ID(), "red", "Red")
        prop = Property(NEW_ID(), "colour", "select_str", "Colour", options=(option,))
        api_keys.insert_key(connection, new_key(team_id, key_id, b"digest"))
        properties.insert_property(connection, team_id, "contact", prop, now=NOW)
        claims.keep_claim(connection, team_id, "key", CLAIM)
        client_attempts.keep_answer(connection, team_id, CLAIM)
        tickets.insert_ticket(connection, b"ticket", team_id, key_id, expires_at=NOW)
        audit.write_entry(connection, team_id, Doer(NOW, key_id), DEED, ["{}"], made=MADE)
        made = List(NEW_ID(), "deal", "deal_flow", "Flow", None, None, NOW)
        lists.insert_list(connection, team_id, made)

        for file in (FILE, GONE, WHOLE):
            files.insert_file(connection, team_id, file, key_id)
            assert files.extend_file(connection, team_id, file.id, at=0, size=4, expires_at=LATER)
            parts.insert_part(connection, team_id, file.id, start=0, data=b"some")
        assert files.complete_file(connection, team_id, WHOLE)
        assert files.mark_gone(connection, team_id, GONE.id)

        def started(sync_rows_max: int, steps: int, **options: Any) -> Job:
            rows = [{"default": {"email": f"p{number}@x.org", "city": city(options)}} for number in range(4)]
            body = json.dumps({"objects": rows, "options": {"dedupe_by": "email", **options}}).encode()
            request = parse_request("contact", body, RequestLimits(rows_max=10))
            around = replace(runtime, settings=replace(settings, sync_rows_max=sync_rows_max))
            with connection.transaction():
                job = submit(Transaction(Session(around, team_id), connection), request).job
            for _ in range(steps):
                step = step_next(sole(runtime, connection))
                assert step
                job = step.job
            return job

        ended = started(0, 2)
        dry = started(0, 2, dry_run=True, on_match="update")
        running = started(0, 1, on_match="update")
        rule = KeyRule(
            "contact", properties.load_schema(connection, team_id, "contact").properties["email"], fold_case=True
        )
        [record] = import_records.import_candidates(
            connection, team_id, "contact", rule.hashes("p0@x.org"), job_id=running.id
        )
        assert running.state is State.RUNNING
        assert views.insert_view(connection, team_id, VIEW)
        mappings.put_mapping(connection, team_id, MAPPING, kept=1)
        assert grants.put_grant(connection, team_id, "contact", record.id, Grant())
        return World(url, team_id, key_id, prop, option, running, ended, dry, record, rule, made)


def city(options: dict[str, Any]) -> str:
    return "Rome" if options.get("on_match") else "Oslo"


@pytest.fixture
def admin(world: World) -> Iterator[Connection]:
    with connect(world.url, Settings(), autocommit=True) as opened:
        yield opened


@pytest.fixture
def connection(world: World) -> Iterator[Connection]:
    with connect(world.url, Settings(), autocommit=True) as opened:
        opened.execute("SET lock_timeout = '20ms'")
        yield opened


def everything(connection: Connection) -> dict[str, list[Any]]:
    """Return all rows of all tables, and where each stands, so that even an update to the same shows."""
    return {
        table: connection.execute(
            f"SELECT ctid::text, xmin::text, t.*::text FROM {table} t ORDER BY 1".encode()
        ).fetchall()
        for table in TABLES
    }


def test_every_function_of_the_store_has_a_case() -> None:
    assert set(functions()) == set(CALLS)


@pytest.mark.parametrize("function", CALLS, ids=name_of)
def test_it_works_where_nothing_is_wrong(connection: Connection, world: World, function: Callable[..., Any]) -> None:
    with connection.transaction(force_rollback=True):
        CALLS[function](connection, world)


@pytest.mark.parametrize("function", CALLS, ids=name_of)
def test_the_database_is_gone(
    connection: Connection, admin: Connection, world: World, function: Callable[..., Any]
) -> None:
    before = everything(admin)
    with pytest.raises(psycopg.OperationalError), connection.transaction():  # noqa: PT012 - the transaction is what fails
        connection.execute("SELECT")
        admin.execute("SELECT pg_terminate_backend(%s, 10000)", (connection.info.backend_pid,))
        CALLS[function](connection, world)
    assert connection.broken
    assert everything(admin) == before


@pytest.mark.parametrize("function", [one for one in CALLS if one not in WITHOUT_LOCK], ids=name_of)
def test_somebody_else_holds_what_it_needs(
    connection: Connection, admin: Connection, world: World, function: Callable[..., Any]
) -> None:
    before = everything(admin)
    with admin.transaction():
        admin.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE".encode())
        record_keys.lock_type(admin, world.team_id, "contact")
        teams.lock_bootstrap(admin)
        views.lock_views(admin, world.team_id, "contact")
        lists.lock_lists(admin, world.team_id)
        mappings.lock_mappings(admin, world.team_id)
        with pytest.raises(psycopg.errors.LockNotAvailable), connection.transaction():
            CALLS[function](connection, world)
    assert not connection.broken
    assert everything(admin) == before


def test_a_key_that_somebody_else_holds_is_not_waited_for(
    connection: Connection, admin: Connection, world: World
) -> None:
    with admin.transaction():
        assert claims.try_lock(admin, world.team_id, "key")
        with connection.transaction():
            assert not claims.try_lock(connection, world.team_id, "key")


@pytest.mark.parametrize("function", CONFLICTING, ids=name_of)
def test_a_conflict_of_transactions(
    connection: Connection, admin: Connection, world: World, function: Callable[..., Any]
) -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with pytest.raises(psycopg.errors.SerializationFailure) as refused, connection.transaction():  # noqa: PT012 - the transaction is what fails
        connection.execute("SELECT count(*) FROM team")
        for table in [one for one in TABLES if not one.startswith("audit")]:  # which is never changed
            column = "created_at" if table == "team" else "team_id"
            admin.execute(f"UPDATE {table} SET {column} = {column}".encode())
        after = everything(admin)
        CALLS[function](connection, world)
    assert isinstance(refused.value, psycopg.OperationalError)
    assert everything(admin) == after
