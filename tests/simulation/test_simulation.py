"""Imports under faults, by seed; and the proof that the simulation finds what it is there to find."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from prismd.core.imports.job import Job
from prismd.core.records.new_contacts import NewContacts
from prismd.services.imports import control, failed_chunks, rows, rows_apart
from prismd.services.imports.job_transaction import JobTransaction
from prismd.services.records.keys import KeyChanges
from prismd.services.session import Transaction
from prismd.store.idempotency import claims
from prismd.store.imports import effects, jobs, queue, results
from prismd.store.records import record_keys, record_writes
from tests.simulation.simulation import Report
from tests.simulation.theatre import Theatre, told

BATCHES, SEEDS_PER_BATCH = 10, 20
#: A rule that is broken on purpose must be noticed within so many seeds; the rarest is by one in fifty.
PATIENCE_SEEDS = 400


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_goes_wrong_everybody_only_sees_whole_chunks(theatre: Theatre, batch: int) -> None:
    for seed in range(batch * SEEDS_PER_BATCH, (batch + 1) * SEEDS_PER_BATCH):
        report = theatre.run(seed)
        assert report.violation is None, told(report)


@pytest.mark.parametrize("seed", [3, 8])
def test_a_seed_is_a_run(theatre: Theatre, seed: int) -> None:
    first, again = theatre.run(seed), theatre.run(seed)
    assert first.log == again.log
    assert (first.faults, first.checks, first.chunks) == (again.faults, again.checks, again.chunks)
    assert first.chunks > 0
    assert first.faults.total() > 0


def found(theatre: Theatre) -> Report | None:
    """Return the first run that finds something."""
    reports = (theatre.run(seed) for seed in range(PATIENCE_SEEDS))
    return next((report for report in reports if report.violation), None)


Patch = Callable[[pytest.MonkeyPatch], None]


def without_lease(patch: pytest.MonkeyPatch) -> None:
    """Neither queue entry nor job is held: workers only look whose turn it is, and move the entry with the cursor."""
    found = queue._CLAIM[queue._CLAIM.index("SELECT") : queue._CLAIM.index("FOR NO KEY UPDATE")]
    patch.setattr(queue, "_CLAIM", found.replace("SELECT team_id, job_id", "SELECT team_id, job_id::text", 1))
    patch.setattr(jobs, "_LOCK", jobs._LOCK.replace("FOR NO KEY UPDATE OF import_job", ""))
    advance = jobs.advance

    def moved(connection: Any, job: Job, after: Job) -> bool:
        found = {"team": job.team_id, "job": job.id}
        connection.execute(
            "UPDATE import_queue SET running = true WHERE team_id = %(team)s AND job_id = %(job)s", found
        )
        return advance(connection, job, after)

    patch.setattr(jobs, "advance", moved)


def without_fence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(jobs, "_ADVANCE", jobs._ADVANCE.replace("AND cursor = %(found)s", ""))
    patch.setattr(jobs, "_ADVANCE", jobs._ADVANCE.replace("AND state IN ('queued', 'running')", ""))


def with_lease_and_fence_gone(patch: pytest.MonkeyPatch) -> None:
    without_lease(patch)
    without_fence(patch)


def with_records_committed_before_their_verdicts(patch: pytest.MonkeyPatch) -> None:
    insert_results = results.insert_results

    def commit_first(connection: Any, *rest: Any) -> None:
        connection.execute("COMMIT; BEGIN")
        insert_results(connection, *rest)

    patch.setattr(results, "insert_results", commit_first)


def with_keys_written_twice(patch: pytest.MonkeyPatch) -> None:
    for name in ("insert_keys", "copy_keys"):
        write = getattr(record_keys, name)
        patch.setattr(record_keys, name, lambda *given, write=write: (write(*given), write(*given)))


def with_before_images_of_the_last_change(patch: pytest.MonkeyPatch) -> None:
    first, latest = "changed.before || COALESCE(touch.before, '{}')", "COALESCE(touch.before, '{}') || changed.before"
    patch.setattr(effects, "_UPDATE", effects._UPDATE.replace(first, latest))


def with_idempotency_keys_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(claims, "find_claim", lambda *_: None)


def with_a_cancel_that_does_not_wait_for_the_chunk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(jobs, "_LOCK", jobs._LOCK.replace("FOR NO KEY UPDATE OF import_job", ""))
    patch.setattr(control, "queue", SimpleNamespace(leave=lambda *_: None))
    without_fence(patch)


def with_a_cancelled_job_left_in_the_queue(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(control, "queue", SimpleNamespace(leave=lambda *_: None))


def with_keys_of_a_type_not_locked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(record_keys, "lock_type", lambda *_: None)


def with_a_lost_answer_taken_for_a_failure_of_the_chunk(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(failed_chunks, "passes", lambda _: False)
    patch.setattr(rows_apart, "passes", lambda _: False)


def with_updates_lost(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        record_writes, "_UPDATE", record_writes._UPDATE.replace("version = changed.version,", "version = r.version,")
    )


def with_contacts_not_locked(patch: pytest.MonkeyPatch) -> None:
    lock_type = Transaction.lock_type

    def locked(transaction: JobTransaction, object_type: str) -> None:
        if object_type == transaction.job.object_type:
            lock_type(transaction, object_type)

    patch.setattr(JobTransaction, "lock_type", locked)


def with_contacts_made_whatever_becomes_of_the_row(patch: pytest.MonkeyPatch) -> None:
    link = NewContacts.link

    def link_all(contacts: NewContacts, row: Any, after: Any) -> Any:
        named = {"email_addresses": [*after.get("email_addresses", []), *contacts._unlinked]}
        return link(contacts, row, named)

    patch.setattr(NewContacts, "link", link_all)


def with_contacts_that_no_key_finds(patch: pytest.MonkeyPatch) -> None:
    nothing = KeyChanges([], [])
    patch.setattr(rows, "keys_of_new", lambda *_: nothing)


@pytest.mark.parametrize(
    "sabotage",
    [
        with_lease_and_fence_gone,
        with_records_committed_before_their_verdicts,
        with_keys_written_twice,
        with_before_images_of_the_last_change,
        with_idempotency_keys_forgotten,
        with_a_cancel_that_does_not_wait_for_the_chunk,
        with_a_cancelled_job_left_in_the_queue,
        with_keys_of_a_type_not_locked,
        with_a_lost_answer_taken_for_a_failure_of_the_chunk,
        with_updates_lost,
        with_contacts_not_locked,
        with_contacts_made_whatever_becomes_of_the_row,
        with_contacts_that_no_key_finds,
    ],
)
def test_a_broken_rule_is_found(theatre: Theatre, monkeypatch: pytest.MonkeyPatch, sabotage: Patch) -> None:
    sabotage(monkeypatch)
    report = found(theatre)
    assert report, "no seed noticed"
    assert f"make simulate SEED={report.seed}" in told(report)


@pytest.mark.parametrize("sabotage", [without_lease, without_fence])
def test_lease_and_fence_each_suffice_alone(theatre: Theatre, monkeypatch: pytest.MonkeyPatch, sabotage: Patch) -> None:
    sabotage(monkeypatch)
    for seed in range(SEEDS_PER_BATCH):
        report = theatre.run(seed)
        assert report.violation is None, told(report)
