"""Undoing imports against a real database: what goes back, what stays and why, and that every record has an outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job, State
from prismd.core.records.batches import BatchItem
from prismd.core.records.writes import read_record_body
from prismd.services.changes.undo import undo_job
from prismd.services.imports.control import cancel_job
from prismd.services.records.deleted import (
    NamedRecord,
    NamedRecords,
    delete_record,
    delete_records,
    purge_records,
    restore_record,
)
from prismd.services.records.writer import RecordWriter
from prismd.services.records.writes import update_record
from tests.services.importing import Importer


def undo(importer: Importer, job_id: str, *, dry_run: bool = False) -> tuple[Job, list[dict[str, Any]]]:
    """Undo a job to the end, and return the job of the undo with its results."""
    with importer.connection.transaction():
        job = undo_job(importer.transaction, job_id, dry_run=dry_run).job
    while importer.job(job.id).status == "processing":
        assert importer.step()
    return importer.job(job.id), importer.verdicts(job.id)


def edit(importer: Importer, record_id: str, object_type: str = "contact", **values: Any) -> None:
    """Change a record as a person would."""
    with importer.connection.transaction():
        writer = RecordWriter(importer.transaction, object_type)
        update_record(writer, record_id, read_record_body(json.dumps({"default": values}).encode()))


def state(importer: Importer) -> dict[str, Any]:
    """Return all records that are there, without their versions."""
    rows = importer.connection.execute(
        "SELECT id::text, object_type, properties FROM record WHERE team_id = %s AND deleted_at IS NULL",
        (importer.team_id,),
    )
    return {record_id: (object_type, values) for record_id, object_type, values in rows}


def keys(importer: Importer) -> set[Any]:
    """Return the keys of records that are there."""
    rows = importer.connection.execute(
        """SELECT key_hash, record_id FROM record_key AS k WHERE team_id = %s AND EXISTS (
           SELECT FROM record AS r WHERE r.team_id = k.team_id AND r.id = k.record_id AND deleted_at IS NULL)""",
        (importer.team_id,),
    )
    return set(rows)


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    return sorted(result["outcome"] for result in results)


def test_everything_goes_back(importer: Importer) -> None:
    importer.as_job([{"email": f"{n}@x.org", "city": "Rome"} for n in range(7)], chunk=3, dedupe_by="email")
    before, keys_before = state(importer), keys(importer)
    rows = [{"email": f"{n}@x.org", "city": "Oslo", "country": "Norway"} for n in range(4, 12)]
    job, _ = importer.as_job(rows, chunk=3, dedupe_by="email", on_match="update")
    after = state(importer)
    assert after != before
    undone, results = undo(importer, job.id)
    assert state(importer) == before
    assert keys(importer) == keys_before
    assert (undone.state, undone.total, undone.updated, undone.kept, undone.gone) == (State.COMPLETE, 8, 8, 0, 0)
    assert outcomes(results) == ["reverted"] * 8
    assert [result["input_index"] for result in results] == list(range(8))
    # Undoing the undo makes the changes again.
    redone, _ = undo(importer, undone.id)
    assert (redone.total, redone.updated) == (8, 8)
    assert state(importer) == after


def test_what_somebody_changed_since_stays_and_is_told(importer: Importer) -> None:
    made, _ = importer.as_job([{"email": f"{n}@x.org", "city": "Rome", "country": "Italy"} for n in range(4)])
    ids = [row["id"] for row in importer.verdicts(made.id)]
    rows = [{"email": f"{n}@x.org", "city": "Oslo", "country": "Norway"} for n in range(6)]
    job, results = importer.as_job(rows, dedupe_by="email", on_match="update")
    new = [row["id"] for row in results if row["created"]]
    edit(importer, ids[0], city="Bergen")
    edit(importer, ids[1], city="Bergen", country="Norge")
    edit(importer, new[0], city="Bergen")
    # One was changed and changed back: it still has what the import wrote.
    edit(importer, ids[2], city="Bergen")
    edit(importer, ids[2], city="Oslo")
    with importer.connection.transaction():
        delete_record(importer.transaction, NamedRecord("contact", ids[3]))
    undone, results = undo(importer, job.id)
    by_id = {result["id"]: result for result in results}
    assert {key: one["outcome"] for key, one in by_id.items()} == {
        ids[0]: "partly_reverted", ids[1]: "kept", ids[2]: "reverted", ids[3]: "gone", new[0]: "kept",
        new[1]: "reverted",
    }  # fmt: skip
    assert (undone.total, undone.updated, undone.partly_reverted, undone.kept, undone.gone) == (6, 3, 1, 2, 1)
    [kept] = by_id[ids[0]]["kept"]
    assert (kept["property"], kept["reason"], kept["changed_by"]["kind"]) == ("city", "changed", "write")
    assert [one["property"] for one in by_id[ids[1]]["kept"]] == ["city", "country"]
    assert [one["property"] for one in by_id[new[0]]["kept"]] == ["city"]
    assert state(importer)[ids[0]][1] == {"email": "0@x.org", "city": "Bergen", "country": "Italy"}
    assert state(importer)[ids[1]][1] == {"email": "1@x.org", "city": "Bergen", "country": "Norge"}
    assert state(importer)[ids[2]][1] == {"email": "2@x.org", "city": "Rome", "country": "Italy"}
    # Whoever undoes it again changes nothing, whatever was restored or put back since.
    now = state(importer)
    again, results = undo(importer, job.id)
    assert state(importer) == now
    assert again.updated == 0
    with importer.connection.transaction():
        restore_record(importer.transaction, NamedRecord("contact", new[1]))
    edit(importer, ids[2], city="Oslo")
    now = state(importer)
    again, results = undo(importer, job.id)
    assert state(importer) == now
    assert (again.updated, again.kept + again.gone) == (0, 6)


def test_a_preview_tells_the_same_and_changes_nothing(importer: Importer) -> None:
    importer.as_job([{"email": f"{n}@x.org", "city": "Rome"} for n in range(3)])
    job, results = importer.as_job([{"email": f"{n}@x.org", "city": "Oslo"} for n in range(5)], dedupe_by="email",
                                   on_match="update")  # fmt: skip
    edit(importer, results[0]["id"], city="Bergen")
    before = importer.connection.execute("SELECT id, version, properties FROM record ORDER BY id").fetchall()
    preview, forecast = undo(importer, job.id, dry_run=True)
    assert importer.connection.execute("SELECT id, version, properties FROM record ORDER BY id").fetchall() == before
    real, results = undo(importer, job.id)
    assert forecast == results
    assert preview.counts == real.counts
    with pytest.raises(PrismdError, match="dry run"):
        undo(importer, preview.id)


def test_contacts_made_of_addresses_go_with_the_rows_that_named_them(importer: Importer) -> None:
    before = state(importer)
    rows = [{"linkedin": f"n{n}", "email_addresses": [f"{n // 2}@x.org"]} for n in range(6)]
    job, results = importer.as_job(rows, "identity", chunk=2)
    assert job.contacts_created == 3
    preview, _ = undo(importer, job.id, dry_run=True)
    assert (preview.total, preview.updated) == (9, 9)
    # A record of somebody else refers to one of them since.
    contact = results[0]["contacts_created"][0]["id"]
    other, [extra] = importer.as_job([{"linkedin": "other", "email_addresses": [contact]}], "identity")
    undone, results = undo(importer, job.id)
    assert (undone.total, undone.updated, undone.kept) == (9, 8, 1)
    [kept] = [result for result in results if result["outcome"] == "kept"]
    assert (kept["id"], kept["object_type"]) == (contact, "contact")
    assert kept["kept"][0]["referred_to_by"] == {"object_type": "identity", "id": extra["id"]}
    assert state(importer).keys() == {contact, extra["id"]}
    undo(importer, other.id)
    undo(importer, job.id)
    assert state(importer) == before
    redone, results = undo(importer, undone.id)
    assert [result for result in results if result["outcome"] != "reverted"] == []
    assert redone.updated == 8


def test_a_restored_record_does_not_double_a_key(importer: Importer) -> None:
    job, _ = importer.as_job([{"email": "a@x.org"}, {"email": "b@x.org"}], dedupe_by="email")
    undone, _ = undo(importer, job.id)
    importer.as_job([{"email": "a@x.org"}], dedupe_by="email")
    redone, results = undo(importer, undone.id)
    assert (redone.updated, redone.kept) == (1, 1)
    [kept] = [one for result in results for one in result.get("kept", ())]
    assert kept["reason"] == "key_taken"
    assert "a@x.org" in kept["message"]


def test_what_was_cancelled_can_be_undone(importer: Importer) -> None:
    job_id = importer.submit([{"email": f"{n}@x.org"} for n in range(9)], chunk=3)
    with pytest.raises(PrismdError) as caught:
        undo(importer, job_id)
    assert caught.value.code == "import_not_ended"
    importer.step()
    importer.step()
    with importer.connection.transaction():
        cancel_job(importer.transaction, job_id)
    assert len(state(importer)) == 6
    undone, _ = undo(importer, job_id)
    assert (undone.total, undone.updated) == (6, 6)
    assert state(importer) == {}


def test_an_undo_that_was_cancelled_goes_on_with_another(importer: Importer) -> None:
    job, _ = importer.as_job([{"email": f"{n}@x.org"} for n in range(9)], chunk=3)
    with importer.connection.transaction():
        first = undo_job(importer.transaction, job.id).job
    importer.step()
    with importer.connection.transaction():
        cancel_job(importer.transaction, first.id)
    assert importer.job(first.id).updated == 3
    undone, _ = undo(importer, job.id)
    assert (undone.updated, undone.gone, state(importer)) == (6, 3, {})
    # What each of them took back, each of them makes again.
    undo(importer, first.id)
    assert len(state(importer)) == 3
    undo(importer, undone.id)
    assert len(state(importer)) == 9


def test_a_small_import_is_undone_by_its_change_set(importer: Importer) -> None:
    results = importer.at_once([{"email": "a@x.org"}])
    [(job_id,)] = importer.connection.execute("SELECT import_id FROM record WHERE id = %s", (results[0]["id"],))
    undone, _ = undo(importer, str(job_id))
    assert (undone.updated, state(importer)) == (1, {})


@pytest.mark.parametrize("why", ["dry run", "no record", "unknown", "of another team"])
def test_what_cannot_be_undone_is_refused(importer: Importer, why: str, make_team: Callable[[], int]) -> None:
    importer.as_job([{"email": "a@x.org"}])
    match why:
        case "dry run":
            job, _ = importer.as_job([{"email": "b@x.org"}], dry_run=True)
        case "no record":
            job, _ = importer.as_job([{"email": "a@x.org"}], dedupe_by="email")
        case _:
            job, _ = importer.as_job([{"email": "b@x.org"}])
    job_id = job.id if why != "unknown" else "0192f0c1-0000-7000-8000-000000000000"
    if why == "of another team":
        importer = Importer(importer.connection, importer.runtime, make_team())
    with pytest.raises(PrismdError) as caught:
        undo(importer, job_id)
    assert caught.value.code == ("not_found" if why in ("unknown", "of another team") else "nothing_to_undo")


def test_purged_records_leave_no_values_and_count_as_gone(importer: Importer) -> None:
    made, results = importer.as_job([{"email": "a@x.org", "city": "Rome"}, {"email": "b@x.org"}])
    job, _ = importer.as_job([{"email": "a@x.org", "city": "Oslo"}], dedupe_by="email", on_match="update")
    edit(importer, results[0]["id"], city="Bergen")
    named = NamedRecords("contact", [BatchItem(results[0]["id"])])
    with importer.connection.transaction():
        delete_records(importer.transaction, named)
        purge_records(importer.transaction, named)
    for table in ("import_touch", "record_change"):
        rows = importer.connection.execute(
            f"SELECT before::text, after::text FROM {table} WHERE team_id = %s", (importer.team_id,)
        ).fetchall()
        assert rows
        assert not any(city in f"{row}" for row in rows for city in ("Rome", "Oslo", "Bergen"))
    undone, _ = undo(importer, job.id)
    assert (undone.total, undone.gone) == (1, 1)
    undone, _ = undo(importer, made.id)
    assert (undone.total, undone.gone, undone.updated) == (2, 1, 1)


def test_records_made_for_references_by_key_go_after_what_refers_to_them(importer: Importer) -> None:
    rows = [{"email": f"{n}@x.org", "company": {"primary_domain": f"d{n // 2}.org"}} for n in range(5)]
    job, results = importer.as_job(rows, chunk=2, on_missing_reference="create")
    assert (job.failed, job.references_created) == (0, 3), results
    undone, results = undo(importer, job.id)
    assert (undone.total, undone.updated, state(importer)) == (8, 8, {})
    assert [one["object_type"] for one in results] == ["contact"] * 5 + ["organization"] * 3
    redone, _ = undo(importer, undone.id)
    assert (redone.updated, len(state(importer))) == (8, 8)
