"""One decision mends all failed rows of a cause, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.api.making import define
from tests.api.test_import_control import code

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]


@pytest.fixture
def api(serve: Serve) -> Api:
    """An application that cuts imports into small chunks."""
    return serve(rows_per_chunk=50)


@pytest.fixture
def job(api: Api) -> str:
    """An import of deals of which 70 failed for one cause, and 30 for another."""
    define(api, name="Size", slug="size", type="select_str", options=[{"value": "United Kingdom", "slug": "uk_1"}])
    rows: list[Any] = [{"default": {"name": f"Deal {at}"}} for at in range(20)]
    rows += [{"default": {"name": f"Big {at}", "size": "UK", "amount": at}, "extended": {}} for at in range(70)]
    rows += [{"default": {"name": f"Odd {at}", "size": "UK", "amount": "1,5"}} for at in range(30)]
    answer = api.start(rows, "deal")
    assert answer.status_code == 202, answer.text
    api.work()
    return str(answer.json()["job_id"])


def decide(api: Api, job: str, **decision: Any) -> httpx.Response:
    headers = decision.pop("headers", {})
    return api.send("POST", f"/imports/{job}/decide", json=decision, headers=headers)


def done(api: Api, answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 202), answer.text
    api.work()
    child = answer.json()
    return dict(api.send("GET", f"/imports/{child['job_id']}").json()) if child["job_id"] else dict(child)


def deals(api: Api) -> dict[str, Any]:
    lines = api.send("POST", "/deal/export", json={"importable": True}).text.split("\n")
    rows = [json.loads(line)["default"] for line in lines if line]
    return {row["name"]: row for row in rows}


def test_a_value_is_mapped_in_all_rows_of_its_group_and_in_no_others(api: Api, job: str) -> None:
    child = done(api, decide(api, job, property="size", pattern="UK", do="map", value="United Kingdom"))
    assert (child["parent_job_id"], child["total"], child["created"], child["failed"]) == (job, 100, 70, 30)
    assert {result["error"]["code"] for result in child["results"] if "error" in result} == {"invalid_value"}
    found = deals(api)
    assert len(found) == 90
    assert found["Big 7"] == {"name": "Big 7", "size": "United Kingdom", "amount": 7}
    child = done(api, decide(api, child["job_id"], property="amount", pattern="9,9", do="leave_out"))
    assert (child["total"], child["created"]) == (30, 30)
    assert deals(api)["Odd 3"] == {"name": "Odd 3", "size": "United Kingdom"}
    assert api.send("GET", f"/imports/{job}").json()["failed"] == 100


def test_unknown_values_become_options(api: Api, job: str) -> None:
    child = done(api, decide(api, job, property="size", code="invalid_option", do="make_option"))
    assert (child["total"], child["created"], child["failed"]) == (100, 70, 30)
    assert deals(api)["Big 7"]["size"] == "UK"


def test_a_property_is_left_out(api: Api, job: str) -> None:
    child = done(api, decide(api, job, property="amount", do="leave_out"))
    assert (child["total"], child["failed"]) == (30, 30)
    child = done(api, decide(api, child["job_id"] or job, property="size", pattern="UK", do="leave_out"))
    assert "size" not in deals(api)["Big 7"]


def test_a_decision_that_is_repeated_under_its_key_is_made_once(api: Api, job: str) -> None:
    key = {"idempotency-key": "once"}
    first = decide(api, job, property="size", do="make_option", headers=key)
    again = decide(api, job, property="size", do="make_option", headers=key)
    assert (again.json(), again.headers["idempotent-replay"]) == (first.json(), "true")


@pytest.mark.parametrize(
    ("decision", "field"),
    [
        ({"property": "size", "do": "map"}, ".body.value"),
        ({"property": "size", "do": "map", "value": None}, ".body.value"),
        ({"property": "size", "do": "leave_out", "value": 1}, ".body.value"),
        ({"property": "size", "do": "forget"}, ".body.do"),
        ({"do": "leave_out"}, ".body.property"),
        ({"property": "size", "do": "leave_out", "patern": "UK"}, ".body.patern"),
    ],
)
def test_a_decision_that_is_none_is_refused(api: Api, job: str, decision: dict[str, Any], field: str) -> None:
    answer = decide(api, job, **decision)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["errors"][0]["field"] == field


def test_without_rows_there_is_nothing_to_decide(api: Api, job: str) -> None:
    assert code(decide(api, job, property="size", pattern="FR", do="leave_out")) == (409, "nothing_to_retry")
    assert code(decide(api, job, property="name", do="leave_out")) == (409, "nothing_to_retry")
    running = api.start([{"default": {"size": "UK"}}] * 100, "deal").json()["job_id"]
    assert code(decide(api, running, property="size", do="leave_out")) == (409, "import_not_ended")
    key = api.make_key(None, "import:contact")
    answer = api.send("POST", f"/imports/{job}/decide", json={"property": "size", "do": "leave_out"}, key=key)
    assert code(answer) == (403, "missing_scope")
