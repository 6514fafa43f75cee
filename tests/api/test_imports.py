"""Imports over HTTP: one shape, at once or as a job, looked after, listed, and read row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock

ALWAYS = {
    "change_set_id",
    "contacts_created",
    "references_created",
    "references_left_empty",
    "job_id",
    "status",
    "total",
    "processed",
    "not_attempted",
    "succeeded",
    "failed",
    "created_at",
    "updated_at",
    "expires_at",
    "object_type",
    "state",
    "created",
    "existing",
    "updated",
    "dry_run",
    "parent_job_id",
}
IMPORTABLE = ("contact", "organization", "identity", "deal", "action", "document", "engagement")


def rows(count: int) -> list[dict[str, Any]]:
    return [{"default": {"full_name": f"Person {number}", "email": f"{number}@example.org"}} for number in range(count)]


def start_job(api: Api, count: int = 150, **options: Any) -> str:
    answer = api.start(rows(count), **options)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


@pytest.mark.parametrize("object_type", IMPORTABLE)
def test_a_small_import_of_any_type_is_answered_at_once(api: Api, object_type: str) -> None:
    answer = api.start([{}, {"default": {}}], object_type)
    job = answer.json()
    assert answer.status_code == 200
    assert "location" not in answer.headers
    assert set(job) == {*ALWAYS, "results"}
    assert (job["job_id"], job["expires_at"], job["status"], job["state"]) == (None, None, "complete", "complete")
    assert (job["total"], job["processed"], job["succeeded"], job["failed"], job["created"]) == (2, 2, 2, 0, 2)
    assert job["object_type"] == object_type
    assert job["created_at"].endswith("Z")
    assert [set(result) for result in job["results"]] == [{"input_index", "id", "created", "existing", "updated"}] * 2


def test_an_import_of_nothing_is_complete(api: Api) -> None:
    job = api.start([]).json()
    assert (job["status"], job["total"], job["results"]) == ("complete", 0, [])


@pytest.mark.parametrize(("count", "status"), [(99, 200), (100, 202)])
def test_a_hundred_rows_become_a_job(api: Api, count: int, status: int) -> None:
    assert api.start(rows(count)).status_code == status


def test_a_job_is_looked_after_until_it_is_complete(serve: Callable[..., Api], clock: Clock) -> None:
    api = serve(rows_per_chunk=100)
    accepted = api.start(rows(150), dedupe_by="email")
    job = accepted.json()
    assert set(job) == ALWAYS
    assert (job["status"], job["state"], job["total"], job["processed"]) == ("processing", "queued", 150, 0)
    assert accepted.headers["location"] == api.path(f"/imports/{job['job_id']}")
    assert accepted.headers["retry-after"] == "1"

    polled = api.send("GET", accepted.headers["location"])
    assert polled.json() == job
    assert polled.headers["retry-after"] == "1"

    clock.advance(seconds=5)
    api.work(steps=1)
    halfway = api.send("GET", accepted.headers["location"]).json()
    assert set(halfway) == ALWAYS
    assert (halfway["status"], halfway["state"], halfway["processed"]) == ("processing", "running", 100)
    assert halfway["updated_at"] > halfway["created_at"]

    api.work()
    polled = api.send("GET", accepted.headers["location"])
    done = polled.json()
    assert polled.headers["content-type"] == "application/json"
    assert "retry-after" not in polled.headers
    assert set(done) == {*ALWAYS, "results"}
    assert (done["status"], done["state"], done["processed"], done["created"]) == ("complete", "complete", 150, 150)
    assert [result["input_index"] for result in done["results"]] == list(range(150))


def test_a_team_with_spaces_and_slashes_finds_its_job_by_location(api: Api) -> None:
    team = "My Team/Ünï"
    key = api.make_key(team)
    path = "/v2/prism/My%20Team%2F%C3%9Cn%C3%AF"
    accepted = api.send("POST", f"{path}/contact/import", key=key, content=json.dumps({"objects": rows(100)}))
    assert accepted.status_code == 202
    assert accepted.headers["location"].startswith(f"{path}/imports/")
    assert api.send("GET", accepted.headers["location"], key=key).status_code == 200


def test_a_job_is_kept_seven_days(api: Api, clock: Clock) -> None:
    path = f"/imports/{start_job(api)}"
    clock.advance(days=7, seconds=-1)
    assert api.send("GET", path).status_code == 200
    clock.advance(seconds=1)
    assert api.send("GET", path).status_code == 404
    assert api.send("GET", f"{path}/results").status_code == 404
    assert api.send("GET", "/imports").json()["data"] == []


def test_another_team_does_not_find_the_job(api: Api, serve: Callable[..., Api]) -> None:
    job = start_job(api)
    stranger = serve()
    for path in (f"/imports/{job}", f"/imports/{job}/results"):
        assert stranger.send("GET", path).status_code == 404
        assert stranger.send("GET", api.path(path)).status_code == 403


@pytest.mark.parametrize(
    "job_id", ["jobId", "count", "00000000-0000-0000-0000-000000000000", "%00", "%FF", "%2F", "a%2Fb", "x" * 5000]
)
def test_what_is_no_job_is_not_found(api: Api, job_id: str) -> None:
    assert api.send("GET", f"/imports/{job_id}").status_code == 404
    assert api.send("GET", f"/imports/{job_id}/results").status_code == 404


def test_matched_rows_say_so(api: Api) -> None:
    ada = {"default": {"email": "ada@example.org", "full_name": "Ada"}}
    first = api.start([ada], dedupe_by="email").json()["results"][0]
    job = api.start(
        [{"default": {"email": "ADA@example.org", "title": "Countess"}}] * 2, dedupe_by=["email"], update_existing=True
    ).json()
    assert [(result["id"], result["existing"], result["updated"]) for result in job["results"]] == [
        (first["id"], True, True),
        (first["id"], True, False),
    ]
    assert job["results"][1]["duplicate_of"] == 0
    assert (job["succeeded"], job["created"], job["existing"], job["updated"]) == (2, 0, 2, 1)


def test_a_dry_run_answers_and_writes_nothing(api: Api) -> None:
    job = api.start(rows(3), dry_run=True).json()
    assert (job["dry_run"], job["created"]) == (True, 3)
    assert api.send("GET", "/contact/count").json() == {"total": 0}


@pytest.mark.parametrize(
    ("object_type", "status"),
    [
        ("event", 405),
        ("agent_site", 405),
        ("ai_chat_thread", 405),
        ("contakt", 400),
        ("imports", 405),
        ("query", 400),
        ("%FF", 400),
    ],
)
def test_other_types_cannot_be_imported(api: Api, object_type: str, status: int) -> None:
    refused = api.send("POST", f"/{object_type}/import", content='{"objects": []}')
    assert refused.status_code == status
    if status == 405:
        assert "allow" in refused.headers


def test_an_unknown_type_names_the_nearest(api: Api) -> None:
    problem = api.send("POST", "/organisation/import", content="{}").json()["error"]["errors"][0]
    assert problem["field"] == ".path.objectType"
    assert 'did you mean "organization"?' in problem["message"]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "text/JSON+json", ""])
def test_unknown_members_are_ignored_and_json_need_not_be_called_so(api: Api, content_type: str) -> None:
    body = json.dumps({"objects": rows(1), "future": {"deep": [1]}, "options": None})
    answer = api.send("POST", "/contact/import", content=body, headers={"content-type": content_type})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ["/contact/import", "/contact", "/contact/query"])
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "text/csv"])
def test_what_is_called_something_else_than_json_is_refused(api: Api, path: str, content_type: str) -> None:
    body = json.dumps({"objects": rows(1), "query": {"select": []}})
    answer = api.send("POST", path, content=body, headers={"content-type": content_type})
    assert answer.status_code == 400
    assert answer.json()["error"]["errors"][0]["field"] == ".headers.content-type"


class TestListing:
    def test_jobs_come_newest_first_and_in_pages(self, api: Api, clock: Clock) -> None:
        jobs: list[str] = []
        for _ in range(5):
            jobs.insert(0, start_job(api))
            clock.advance(seconds=1)
        api.start(rows(1))
        found, cursor, sizes = [], "", []
        while True:
            page = api.send("GET", f"/imports?limit=2{cursor}").json()
            assert set(page) == {"data", "has_more", "next_cursor"}
            found += [job["job_id"] for job in page["data"]]
            sizes.append(len(page["data"]))
            assert page["has_more"] == (page["next_cursor"] is not None)
            if not page["has_more"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == jobs
        assert sizes == [2, 2, 1]

    def test_filters_hold_and_go_along_with_the_cursor(self, api: Api) -> None:
        start_job(api)
        api.work()
        waiting = {start_job(api), start_job(api)}
        first = api.send("GET", "/imports?state=queued&object_type=contact&limit=1").json()
        second = api.send("GET", f"/imports?cursor={first['next_cursor']}").json()
        assert {first["data"][0]["job_id"], second["data"][0]["job_id"]} == waiting
        assert second["has_more"] is False
        assert api.send("GET", "/imports?object_type=deal").json()["data"] == []
        other = api.send("GET", f"/imports?state=complete&cursor={first['next_cursor']}")
        assert other.status_code == 400

    @pytest.mark.parametrize(
        "query",
        [
            "limit=0",
            "limit=-1",
            "limit=ten",
            "limit=1.5",
            "limit=%C2%B2",
            "limit=2&limit=3",
            "state=done",
            "object_type=event",
            "cursor=x",
            "cursor=%00",
            "cursor=%F0%9F%98%80",
            "cursor=AAAA",
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, api: Api, query: str) -> None:
        refused = api.send("GET", f"/imports?{query}")
        assert refused.status_code == 400
        assert refused.json()["error"]["errors"][0]["field"] == ".query." + query.partition("=")[0]

    def test_a_large_limit_is_cut(self, api: Api) -> None:
        start_job(api)
        assert len(api.send("GET", "/imports?limit=99999999999999999999").json()["data"]) == 1


class TestResults:
    @pytest.fixture
    def job(self, serve: Callable[..., Api]) -> tuple[Api, str]:
        """A job of which 120 rows are done: 30 failed, 30 match, 60 are created."""
        api = serve(rows_per_chunk=50, results_page_max=50)
        known = [{"default": {"email": f"{number}@example.org"}} for number in range(30)]
        api.start(known)
        failing = [{"default": {"email": number}} for number in range(30)]
        job = api.start([*failing, *known, *_fresh(60)], dedupe_by="email").json()
        api.work()
        return api, job["job_id"]

    def test_pages_hold_every_row_once(self, job: tuple[Api, str]) -> None:
        api, job_id = job
        whole = api.send("GET", f"/imports/{job_id}").json()["results"]
        found, cursor = [], ""
        while cursor is not None:
            page = api.send("GET", f"/imports/{job_id}/results?limit=7{cursor and '&cursor=' + cursor}").json()
            assert len(page["data"]) == 7 or not page["has_more"]
            found += page["data"]
            cursor = page["next_cursor"]
        assert found == whole

    @pytest.mark.parametrize(("outcome", "count"), [("created", 60), ("existing", 30), ("updated", 0), ("failed", 30)])
    def test_an_outcome_is_picked(self, job: tuple[Api, str], outcome: str, count: int) -> None:
        api, job_id = job
        found, cursor = [], ""
        while cursor is not None:
            query = f"outcome={outcome}&limit=25{cursor and '&cursor=' + cursor}"
            page = api.send("GET", f"/imports/{job_id}/results?{query}").json()
            found += page["data"]
            cursor = page["next_cursor"]
        assert len(found) == count

    def test_ndjson_gives_all_at_once(self, job: tuple[Api, str]) -> None:
        api, job_id = job
        answer = api.send("GET", f"/imports/{job_id}/results", headers={"accept": "application/x-ndjson"})
        assert answer.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert lines == api.send("GET", f"/imports/{job_id}").json()["results"]

    def test_csv_gives_all_at_once(self, job: tuple[Api, str]) -> None:
        api, job_id = job
        answer = api.send("GET", f"/imports/{job_id}/results?outcome=failed", headers={"accept": "text/csv"})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        found = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["input_index"] for row in found] == [str(index) for index in range(30)]
        assert {row["error_code"] for row in found} == {"invalid_value"}
        assert {row["created"] for row in found} == {"false"}

    @pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson"])
    def test_texts_are_paged_too_where_asked_for(self, job: tuple[Api, str], accept: str) -> None:
        api, job_id = job
        page = api.send("GET", f"/imports/{job_id}/results?limit=40", headers={"accept": accept})
        rest = f"/imports/{job_id}/results?cursor={page.headers['x-next-cursor']}"
        lines = len(page.text.splitlines()) + len(api.send("GET", rest, headers={"accept": accept}).text.splitlines())
        assert lines == 80 + (2 if accept == "text/csv" else 0)

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "application/*;q=0.5", "", "nonsense"])
    def test_anything_else_gets_json(self, job: tuple[Api, str], accept: str) -> None:
        api, job_id = job
        answer = api.send("GET", f"/imports/{job_id}/results", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json"

    def test_a_running_job_can_be_followed(self, serve: Callable[..., Api]) -> None:
        api = serve(rows_per_chunk=50)
        job_id = start_job(api, 100)
        first = api.send("GET", f"/imports/{job_id}/results")
        assert (first.json()["data"], first.json()["has_more"], first.headers["retry-after"]) == ([], True, "1")
        api.work(steps=1)
        second = api.send("GET", f"/imports/{job_id}/results?cursor={first.json()['next_cursor']}").json()
        assert ([row["input_index"] for row in second["data"]], second["has_more"]) == (list(range(50)), True)
        api.work()
        third = api.send("GET", f"/imports/{job_id}/results?cursor={second['next_cursor']}").json()
        assert ([row["input_index"] for row in third["data"]], third["has_more"]) == (list(range(50, 100)), False)

    def test_the_cursor_of_another_job_is_refused(self, job: tuple[Api, str]) -> None:
        api, job_id = job
        cursor = api.send("GET", f"/imports/{job_id}/results?limit=1").json()["next_cursor"]
        other = start_job(api)
        assert api.send("GET", f"/imports/{other}/results?cursor={cursor}").status_code == 400
        assert api.send("GET", f"/imports?cursor={cursor}").status_code == 400

    def test_no_cell_of_the_csv_is_a_formula(self, api: Api) -> None:
        job_id = api.start([{"default": {"=1+1": "x"}}] * 100).json()["job_id"]
        api.work()
        answer = api.send("GET", f"/imports/{job_id}/results", headers={"accept": "text/csv"})
        for row in csv.reader(io.StringIO(answer.text)):
            assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def _fresh(count: int) -> list[dict[str, Any]]:
    return [{"default": {"email": f"new{number}@example.org"}} for number in range(count)]
