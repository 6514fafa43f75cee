"""Cancelling an import, running its failed rows again, and how many of them a team may have."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from prismd.core.errors import PrismdError
from prismd.core.imports.job import Job, State
from prismd.core.imports.request import RequestLimits
from prismd.core.imports.retry import RetryRequest, parse_retry
from prismd.services.imports.control import cancel_job, retry_job
from prismd.services.imports.stepping import step_next
from prismd.services.records.reading import count_records
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from tests.conftest import sole
from tests.services.importing import Importer, people


def cancel(importer: Importer, job_id: str) -> Job:
    with importer.connection.transaction():
        return cancel_job(importer.transaction, job_id)


def retry(importer: Importer, job_id: str, body: bytes = b"") -> tuple[Job, list[Any]]:
    settings = replace(importer.runtime.settings, sync_rows_max=0)
    request = parse_retry(body, RequestLimits(100))
    with importer.connection.transaction():
        runtime = replace(importer.runtime, settings=settings)
        child = retry_job(Transaction(Session(runtime, importer.team_id), importer.connection), job_id, request).job.id
    while importer.job(child).status == "processing":
        assert importer.step()
    return importer.job(child), importer.verdicts(child)


def test_a_cancelled_job_keeps_what_is_done_and_tells_what_is_not(importer: Importer) -> None:
    job_id = importer.submit(people(10), chunk=3)
    importer.step()
    assert cancel(importer, job_id).state is State.CANCELLED
    assert importer.step() is None
    job = importer.job(job_id)
    assert (job.status, job.error_code) == ("failed", "cancelled")
    assert (job.processed, job.not_attempted, len(importer.verdicts(job_id))) == (3, 7, 3)
    assert count_records(importer.transaction, "contact") == 3


def test_what_has_ended_cannot_be_cancelled(importer: Importer) -> None:
    done, _ = importer.as_job(people(1))
    cancelled = importer.submit(people(1))
    cancel(importer, cancelled)
    for job_id in (done.id, cancelled):
        with pytest.raises(PrismdError) as caught:
            cancel(importer, job_id)
        assert (caught.value.code, caught.value.status) == ("import_ended", 409)
    with pytest.raises(PrismdError, match="no import job"):
        cancel(importer, "nonsense")


def test_cancelling_waits_for_the_chunk_under_way_and_no_longer(importer: Importer, database_url: str) -> None:
    job_id = importer.submit(people(10), chunk=3)
    runtime, entered, go_on = importer.runtime, threading.Event(), threading.Event()

    def slow_id() -> str:
        entered.set()
        assert go_on.wait(60)
        return runtime.new_id()

    def work() -> None:
        with connect(database_url, Settings(), autocommit=True) as connection:
            step_next(sole(replace(runtime, new_id=slow_id), connection))

    worker, canceller = threading.Thread(target=work), threading.Thread(target=cancel, args=(importer, job_id))
    worker.start()
    assert entered.wait(60)
    canceller.start()
    go_on.set()
    worker.join()
    canceller.join()
    job = importer.job(job_id)
    assert (job.state, job.processed) == (State.CANCELLED, 3)
    assert count_records(importer.transaction, "contact") == 3


ROWS: list[dict[str, Any]] = [
    {"email": "a@x.org"},
    {"email": 5},
    {"email": "c@x.org", "nope": 1},
    {"email": "a@x.org"},
    {"email": "e@x.org", "seniority": "martian"},
]


def test_a_retry_runs_the_failed_rows_alone_corrected_where_given(importer: Importer) -> None:
    parent, _ = importer.as_job(ROWS, chunk=2, dedupe_by="email")
    body = (
        b'{"objects":[{"input_index":2,"default":{"email":"c@x.org"}},{"input_index":1,"default":{"email":"A@x.org"}}]}'
    )
    child, verdicts = retry(importer, parent.id, body)
    assert (child.parent_job_id, child.total, child.created, child.existing, child.failed) == (parent.id, 3, 1, 1, 1)
    assert [v["parent_input_index"] for v in verdicts] == [1, 2, 4]
    assert [v["input_index"] for v in verdicts] == [0, 1, 2]
    assert verdicts[2]["error"]["code"] == "invalid_option"
    grandchild, verdicts = retry(importer, child.id, b'{"objects":[{"input_index":2,"default":{"email":"e@x.org"}}]}')
    assert (grandchild.created, verdicts[0]["parent_input_index"]) == (1, 2)
    with pytest.raises(PrismdError) as caught:
        retry(importer, grandchild.id)
    assert caught.value.code == "nothing_to_retry"


def test_a_retry_can_go_on_where_a_cancelled_import_stopped(importer: Importer) -> None:
    job_id = importer.submit([{"nope": 1}, *people(5)], chunk=2)
    importer.step()
    with pytest.raises(PrismdError) as caught:
        retry(importer, job_id)
    assert caught.value.code == "import_not_ended"
    cancel(importer, job_id)
    child, verdicts = retry(importer, job_id, b'{"not_attempted": true}')
    assert (child.total, child.created, child.failed) == (5, 4, 1)
    assert [v["parent_input_index"] for v in verdicts] == [0, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", ".body"),
        (b'{"objects":{}}', ".body.objects"),
        (b'{"objects":[{"default":{}}]}', ".body.objects[0].input_index"),
        (b'{"objects":[{"input_index":-1}]}', ".body.objects[0].input_index"),
        (b'{"objects":[{"input_index":true}]}', ".body.objects[0].input_index"),
        (b'{"objects":[{"input_index":1},{"input_index":1}]}', ".body.objects"),
        (b'{"not_attempted":1}', ".body.not_attempted"),
    ],
)
def test_another_retry_is_refused_at_its_field(body: bytes, field: str) -> None:
    with pytest.raises(PrismdError) as caught:
        parse_retry(body, RequestLimits(10))
    assert caught.value.problems[0].field == field


def test_only_failed_rows_can_be_corrected(importer: Importer) -> None:
    parent, _ = importer.as_job(ROWS)
    with pytest.raises(PrismdError, match="row 0 of the import did not fail"):
        retry(importer, parent.id, b'{"objects":[{"input_index":0,"default":{}}]}')


def test_a_team_has_only_so_many_imports_under_way(importer: Importer, make_team: Callable[[], int]) -> None:
    importer.runtime = replace(
        importer.runtime, settings=replace(importer.runtime.settings, active_jobs_per_team_max=2)
    )
    first = importer.submit(people(1))
    importer.submit(people(1))
    with pytest.raises(PrismdError) as caught:
        importer.submit(people(1))
    assert (caught.value.code, caught.value.status) == ("too_many_imports", 429)
    assert caught.value.retry_after_s
    assert len(importer.at_once(people(1))) == 1
    Importer(importer.connection, importer.runtime, make_team()).submit(people(1))
    cancel(importer, first)
    importer.submit(people(1))


def test_only_so_many_imports_of_a_team_take_turns(importer: Importer, make_team: Callable[[], int]) -> None:
    importer.runtime = replace(
        importer.runtime, settings=replace(importer.runtime.settings, running_jobs_per_team_max=1)
    )
    other = Importer(importer.connection, importer.runtime, make_team())
    one, two, theirs = importer.submit(people(4), chunk=2), importer.submit(people(2)), other.submit(people(2))
    order = []
    while (step := importer.step()) is not None:
        order.append(step.job.id)
    assert order == [one, theirs, one, two]


def test_an_empty_retry_request_asks_for_the_failed_rows_as_sent() -> None:
    assert parse_retry(b" ", RequestLimits(1)) == RetryRequest()
