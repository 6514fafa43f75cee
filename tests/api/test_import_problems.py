"""The problems of an import, grouped by cause, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_import_control import code

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]


@pytest.fixture
def api(serve: Serve) -> Api:
    """An application that cuts imports into small chunks."""
    return serve(rows_per_chunk=50)


def rows() -> list[Any]:
    made: list[Any] = [{"default": {"name": f"Deal {at}"}} for at in range(20)]
    made += [{"default": {"status": "UK"}} for _ in range(70)]
    made += [{"default": {"status": "uk", "amount": f"{at},50"}} for at in range(10, 40)]
    made += [{"default": {"amount": "1,50"}}, "no row", {"default": {"company": {"name": "Nobody"}}}]
    return made


def problems(api: Api, job: str, **params: Any) -> dict[str, Any]:
    answer = api.send("GET", f"/imports/{job}/problems", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_problems_are_grouped_by_cause_and_all_rows_are_counted(api: Api) -> None:
    job = start_deals(api)
    api.work()
    found = problems(api, job)
    assert (found["failed"], found["groups"], found["has_more"]) == (103, 6, False)
    told = [(one["code"], one["property"], one["pattern"], one["count"]) for one in found["data"]]
    assert told == [
        ("invalid_option", "status", "UK", 70),
        ("invalid_option", "status", "uk", 30),
        ("invalid_value", "amount", "99,99", 30),
        ("invalid_value", "amount", "9,99", 1),
        ("invalid_row", None, None, 1),
        ("not_found", "company", '{"name":"Nobody"}', 1),
    ]
    first, _, third, *_ = found["data"]
    assert first["rows"] == list(range(20, 30))
    assert first["examples"] == ["UK"]
    assert third["examples"] == ["10,50", "11,50", "12,50", "13,50", "14,50"]
    assert "UK" in first["message"]
    assert api.send("GET", f"/imports/{job}").json()["failed"] == found["failed"]


def start_deals(api: Api) -> str:
    answer = api.start(rows(), "deal")
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def test_problems_come_in_pages(api: Api) -> None:
    job = start_deals(api)
    api.work()
    whole = problems(api, job)["data"]
    page = problems(api, job, limit=4)
    assert (page["data"], page["has_more"]) == (whole[:4], True)
    page = problems(api, job, cursor=page["next_cursor"])
    assert (page["data"], page["has_more"], page["next_cursor"]) == (whole[4:], False, None)
    other = start_deals(api)
    cursor = problems(api, job, limit=1)["next_cursor"]
    answer = api.send("GET", f"/imports/{other}/problems", params={"cursor": cursor})
    assert code(answer) == (400, "invalid_request")


def test_problems_are_told_while_the_import_runs(api: Api) -> None:
    job = start_deals(api)
    assert problems(api, job)["data"] == []
    api.work(steps=1)
    answer = api.send("GET", f"/imports/{job}/problems")
    assert answer.headers["retry-after"] == "1"
    assert [one["count"] for one in answer.json()["data"]] == [30]


def test_many_causes_are_told_apart_up_to_a_limit_and_counted_together_beyond(serve: Serve) -> None:
    api = serve(rows_per_chunk=50, problem_groups_max=3)
    answer = api.start([{"default": {"status": f"no {at}"}} for at in range(120)], "deal")
    api.work()
    found = problems(api, answer.json()["job_id"])
    assert [(one["pattern"], one["is_rest"], one["count"]) for one in found["data"]] == [
        (None, True, 117),
        ("no 0", False, 1),
        ("no 1", False, 1),
        ("no 2", False, 1),
    ]


def test_who_may_neither_read_nor_import_the_type_gets_no_problems(api: Api) -> None:
    job = start_deals(api)
    key = api.make_key(None, "read:contact")
    assert code(api.send("GET", f"/imports/{job}/problems", key=key)) == (403, "missing_scope")
    assert code(api.send("GET", "/imports/unknown/problems")) == (404, "not_found")
