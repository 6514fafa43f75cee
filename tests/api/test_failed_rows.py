"""The failed rows of an import over HTTP, and a retry of repaired rows alone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_import_control import code, retry

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]


@pytest.fixture
def api(serve: Serve) -> Api:
    """An application that cuts imports into small chunks."""
    return serve(rows_per_chunk=50)


def started(api: Api) -> str:
    rows = [f'{{"default": {{"name": "Deal {at}"}}}}' for at in range(117)]
    rows[3] = '{\n  "default": {"name": "=3",\r\n "amount": 1e999},\n "list": {"x": 1}}'
    rows[60] = '"no row"'
    rows[115] = '{"default": {"name": "Last", "amount": "1,5", "status": "none such"}}'
    body = f'{{"objects": [{",".join(rows)}]}}'
    answer = api.send("POST", "/deal/import", content=body.encode())
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def lines(api: Api, job: str) -> list[dict[str, Any]]:
    answer = api.send("GET", f"/imports/{job}/failed-rows", params={"format": "ndjson"})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.split("\n") if line]


def test_each_failed_row_comes_as_it_was_sent_with_its_token_and_problems(api: Api) -> None:
    job = started(api)
    assert lines(api, job) == []
    api.work(steps=1)
    answer = api.send("GET", f"/imports/{job}/failed-rows", params={"format": "ndjson"})
    assert (answer.headers["retry-after"], len(answer.text.splitlines())) == ("1", 1)
    api.work()
    first, second, third = lines(api, job)
    assert [one["row_token"] for one in (first, second, third)] == [f"{job}.{index}" for index in (3, 60, 115)]
    assert (first["row"]["default"]["name"], second["row"]) == ("=3", "no row")
    assert third["row"]["default"] == {"name": "Last", "amount": "1,5", "status": "none such"}
    assert [one["property"] for one in third["problems"]] == ["amount", "status"]


def test_a_table_has_problems_beside_cells_and_no_formulas(api: Api) -> None:
    job = started(api)
    api.work()
    answer = api.send("GET", f"/imports/{job}/failed-rows")
    assert answer.headers["content-type"].startswith("text/csv")
    first, second, third = csv.DictReader(io.StringIO(answer.text, newline=""))
    assert first["name"] == "'=3"
    assert json.loads(first["other"]) == {"list": {"x": 1}}
    assert second["other"] == '"no row"'
    assert third["amount problem"] in third["problems"]
    assert (third["status"], bool(third["status problem"])) == ("none such", True)


def test_a_retry_of_repaired_rows_alone_leaves_the_others(api: Api) -> None:
    job = started(api)
    api.work()
    repaired = {"input_index": 115, "default": {"name": "Last", "amount": 1.5}}
    answer = retry(api, job, {"objects": [repaired], "only_corrected": True})
    assert answer.status_code == 200, answer.text
    [result] = answer.json()["results"]
    assert (result["parent_input_index"], result["created"]) == (115, True)
    assert retry(api, job, {"objects": [repaired]}).json()["total"] == 3
    assert code(retry(api, job, {"only_corrected": True})) == (409, "nothing_to_retry")
    assert code(retry(api, job, {"only_corrected": 1})) == (400, "invalid_request")


def test_who_may_not_see_the_import_gets_no_rows(api: Api) -> None:
    job = started(api)
    key = api.make_key(None, "read:contact")
    assert code(api.send("GET", f"/imports/{job}/failed-rows", key=key)) == (403, "missing_scope")
    assert code(api.send("GET", "/imports/unknown/failed-rows")) == (404, "not_found")
    assert code(api.send("GET", f"/imports/{job}/failed-rows", params={"format": "xml"})) == (400, "invalid_request")


def test_an_undo_has_no_rows_that_could_fail(api: Api) -> None:
    job = started(api)
    api.work()
    answer = api.send("POST", f"/imports/{job}/undo")
    assert answer.status_code == 202, answer.text
    undo = str(answer.json()["job_id"])
    api.work()
    assert lines(api, undo) == []
    found = api.send("GET", f"/imports/{undo}/problems").json()
    assert (found["failed"], found["data"]) == (0, [])
    decision = {"property": "amount", "do": "leave_out"}
    assert code(api.send("POST", f"/imports/{undo}/decide", json=decision)) == (409, "nothing_to_retry")
