"""Cancelling an import and running its failed rows again, over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from prismd.services.imports.stepping import step_next
from prismd.store.connections.postgres import connect
from tests.api.test_imports import ALWAYS, rows
from tests.conftest import sole
from tests.processes import eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]

#: Refused: it has no such property.
BAD = {"default": {"no_such_property": 1}}


@pytest.fixture
def api(serve: Serve) -> Api:
    """An application that cuts imports into small chunks."""
    return serve(rows_per_chunk=50)


def start(api: Api, sent: list[Any], **options: Any) -> str:
    answer = api.start(sent, **options)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def cancel(api: Api, job: str, **headers: str) -> httpx.Response:
    return api.send("POST", f"/imports/{job}/cancel", headers=headers)


def retry(api: Api, job: str, body: Any = None, **headers: str) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return api.send("POST", f"/imports/{job}/retry", content=content, headers=headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def in_database(api: Api, job: str) -> int:
    with api.runtime.of_all_teams() as connection:
        row = connection.execute("SELECT count(*) FROM record WHERE import_id = %s", (job,)).fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_what_is_done_when_an_import_is_cancelled_stays_done(api: Api, steps: int) -> None:
    job = start(api, rows(150))
    api.work(steps=steps)
    answer = cancel(api, job)
    cancelled = answer.json()
    assert answer.status_code == 200
    assert set(cancelled) == {*ALWAYS, "error"}
    assert (cancelled["state"], cancelled["status"], cancelled["error"]["code"]) == ("cancelled", "failed", "cancelled")
    assert (cancelled["processed"], cancelled["not_attempted"]) == (50 * steps, 150 - 50 * steps)
    api.work()
    after = api.send("GET", f"/imports/{job}").json()
    assert after == {**cancelled, "results": after["results"]}
    assert [result["input_index"] for result in after["results"]] == list(range(50 * steps))
    assert in_database(api, job) == cancelled["created"] == 50 * steps


def test_cancelling_twice_or_after_the_end_is_refused(api: Api) -> None:
    job = start(api, rows(100))
    assert cancel(api, job).status_code == 200
    assert code(cancel(api, job)) == (409, "import_ended")
    job = start(api, rows(100))
    api.work()
    refused = cancel(api, job)
    assert code(refused) == (409, "import_ended")
    assert refused.headers["x-should-retry"] == "false"
    assert api.send("GET", f"/imports/{job}").json()["state"] == "complete"


def test_cancelling_again_under_the_same_key_is_answered_again(api: Api) -> None:
    job = start(api, rows(100))
    first, second = (cancel(api, job, **{"idempotency-key": "stop"}) for _ in range(2))
    assert (second.status_code, second.content) == (200, first.content)
    assert second.headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("what", ["cancel", "retry", "undo"])
@pytest.mark.parametrize("job", ["01920000-0000-7000-8000-000000000000", "no-uuid", "%FF", "count"])
def test_there_is_nothing_to_do_about_an_import_that_is_not_there(api: Api, what: str, job: str) -> None:
    assert code(api.send("POST", f"/imports/{job}/{what}")) == (404, "not_found")


@pytest.mark.parametrize("what", ["cancel", "retry", "undo"])
def test_other_teams_have_no_say(api: Api, what: str) -> None:
    job = start(api, rows(100))
    other = api.make_key(f"other {what}")
    answer = api.send("POST", f"/v2/prism/other%20{what}/imports/{job}/{what}", key=other)
    assert code(answer) == (404, "not_found")
    assert api.send("GET", f"/imports/{job}").json()["state"] == "queued"


def test_cancelling_while_a_chunk_runs_stops_after_that_chunk(api: Api) -> None:
    # The turn must be this job's, so nothing of an earlier test may wait.
    api.work()
    job, team = start(api, rows(150), dedupe_by="email"), api.team_id()
    answers: list[httpx.Response] = []
    with connect(api.database_url, api.settings) as worker, connect(api.database_url, api.settings) as blocker:
        worker.autocommit = True
        # The chunk cannot go on while somebody else holds its type.
        with connect(api.database_url, api.settings) as observer:
            blocker.execute("LOCK TABLE import_result IN SHARE MODE")
            step = threading.Thread(target=step_next, args=(sole(api.runtime, worker),))
            step.start()
            eventually(lambda: waiting(observer, "INSERT INTO import_result"))
            stop = threading.Thread(target=lambda: answers.append(cancel(api, job)))
            stop.start()
            eventually(lambda: waiting(observer, "DELETE FROM import_queue"))
            blocker.rollback()
        step.join()
        stop.join()
    api.work()
    [answer] = answers
    assert answer.status_code == 200
    assert (answer.json()["processed"], answer.json()["created"]) == (50, 50)
    assert in_database(api, job) == 50
    assert api.send("GET", f"/imports/{job}").json()["processed"] == 50
    with api.runtime.of_all_teams() as connection:
        counted = connection.execute(
            "SELECT sum(created)::int, sum(row_count)::int FROM import_result WHERE team_id = %s AND job_id = %s",
            (team, job),
        ).fetchone()
    assert counted == (50, 50)


def waiting(observer: Any, statement: str) -> bool:
    found = observer.execute(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
        "AND position(%s IN query) > 0 AND pid <> pg_backend_pid()",
        (statement,),
    ).fetchone()
    observer.commit()
    return found is not None


def test_failed_rows_run_again_as_they_were_sent(api: Api) -> None:
    coloured = [{"default": {"full_name": f"Person {number}", "shoe_size": number}} for number in range(3)]
    job = start(api, [*rows(60), *coloured, *rows(60)])
    api.work()
    api.send("POST", "/contact/properties", json={"name": "Shoe size", "type": "num"})
    answer = retry(api, job)
    child = answer.json()
    assert answer.status_code == 200
    assert (child["job_id"], child["parent_job_id"], child["created"], child["total"]) == (None, job, 3, 3)
    assert [(result["input_index"], result["parent_input_index"]) for result in child["results"]] == [
        (0, 60),
        (1, 61),
        (2, 62),
    ]


def test_a_large_retry_is_a_job_of_its_own(api: Api) -> None:
    job = start(api, [BAD] * 120)
    api.work()
    corrected = [{"input_index": n, "default": {"full_name": f"Person {n}"}} for n in range(10, 120)]
    answer = retry(api, job, {"objects": corrected})
    child = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == api.path(f"/imports/{child['job_id']}")
    assert answer.headers["retry-after"] == "1"
    assert (child["state"], child["parent_job_id"], child["total"]) == ("queued", job, 120)
    api.work()
    done = api.send("GET", answer.headers["location"]).json()
    assert (done["created"], done["failed"]) == (110, 10)
    assert {result["parent_input_index"]: "error" in result for result in done["results"]} == {
        n: n < 10 for n in range(120)
    }
    assert in_database(api, child["job_id"]) == 110


def test_rows_that_were_never_attempted_run_when_asked_for(api: Api) -> None:
    job = start(api, rows(150))
    api.work(steps=1)
    cancel(api, job)
    assert code(retry(api, job)) == (409, "nothing_to_retry")
    child = retry(api, job, {"not_attempted": True}).json()
    api.work()
    done = api.send("GET", f"/imports/{child['job_id']}").json()
    assert (done["created"], done["total"]) == (100, 100)
    assert [result["parent_input_index"] for result in done["results"]] == list(range(50, 150))


def test_a_retry_under_a_key_is_done_once(api: Api) -> None:
    job = start(api, [BAD] * 100)
    api.work()
    first, second = (retry(api, job, **{"idempotency-key": "again"}) for _ in range(2))
    assert (first.status_code, second.content) == (202, first.content)
    assert second.headers["idempotent-replay"] == "true"
    assert len(api.send("GET", "/imports").json()["data"]) == 2


def test_an_import_that_runs_cannot_be_retried(api: Api) -> None:
    assert code(retry(api, start(api, rows(100)))) == (409, "import_not_ended")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"objects": 7}, ".body.objects"),
        ({"objects": [{"default": {}}]}, ".body.objects[0].input_index"),
        ({"objects": [{"input_index": 99, "default": {}}]}, ".body.objects"),
        ({"not_attempted": 1}, ".body.not_attempted"),
        ([], ".body"),
    ],
)
def test_a_retry_that_cannot_be_meant_is_refused(api: Api, body: Any, field: str) -> None:
    job = start(api, [BAD, *rows(99)])
    api.work()
    answer = retry(api, job, body)
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["field"] == field
