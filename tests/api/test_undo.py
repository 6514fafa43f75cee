"""Undoing an import over HTTP: as a job, once under an idempotency key, within teams and scopes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_imports import ALWAYS, rows

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]


@pytest.fixture
def api(serve: Serve) -> Api:
    """An application that cuts imports into small chunks."""
    return serve(rows_per_chunk=50)


def done(api: Api, sent: list[Any], **options: Any) -> str:
    answer = api.start(sent, **options)
    api.work()
    return str(answer.json()["change_set_id"])


def undone(api: Api, job: str, body: Any = None) -> dict[str, Any]:
    answer = api.send("POST", f"/imports/{job}/undo", **({} if body is None else {"json": body}))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"].endswith(answer.json()["job_id"])
    api.work()
    return dict(api.send("GET", f"/imports/{answer.json()['job_id']}").json())


def test_an_undo_is_a_job_with_a_result_for_each_record(api: Api) -> None:
    job = done(api, rows(120))
    made = api.send("GET", f"/imports/{job}").json()["results"]
    edited = made[7]["id"]
    assert api.send("PATCH", f"/contact/{edited}", json={"default": {"city": "Bergen"}}).status_code == 200
    preview = undone(api, job, {"dry_run": True})
    assert (preview["undo"]["reverted"], preview["undo"]["kept"], preview["dry_run"]) == (119, 1, True)
    undo = undone(api, job)
    assert set(undo) == {*ALWAYS, "undo", "results"}
    assert (undo["status"], undo["total"], undo["processed"], undo["parent_job_id"]) == ("complete", 120, 120, job)
    assert undo["undo"] == {
        "undoes": job, "reverted": 119, "partly_reverted": 0, "kept": 1, "gone": 0, "failed": 0,
    }  # fmt: skip
    assert sorted(one["id"] for one in undo["results"]) == sorted(one["id"] for one in made)
    answer = api.send("GET", f"/imports/{undo['job_id']}/results", params={"outcome": "kept"}).json()
    [kept] = answer["data"]
    [one] = kept["kept"]
    assert (kept["id"], one["property"], one["reason"]) == (edited, "city", "changed")
    assert one["changed_by"]["kind"] == "write"
    assert one["changed_by"]["key_id"]
    assert api.send("GET", f"/contact/{edited}").status_code == 200
    assert api.send("GET", f"/contact/{made[0]['id']}").status_code == 404
    # Undone again, it makes the changes again.
    again = undone(api, undo["job_id"])
    assert (again["total"], again["undo"]["reverted"]) == (119, 119)
    assert api.send("GET", f"/contact/{made[0]['id']}").status_code == 200


def test_a_small_import_is_undone_by_its_change_set(api: Api) -> None:
    answer = api.start(rows(3)).json()
    assert answer["job_id"] is None
    assert undone(api, answer["change_set_id"])["undo"]["reverted"] == 3


def test_an_undo_under_the_same_key_is_done_once(api: Api) -> None:
    job = done(api, rows(100))
    path, headers = f"/imports/{job}/undo", {"idempotency-key": "undo"}
    first, second = (api.send("POST", path, headers=headers) for _ in range(2))
    assert (second.status_code, second.content) == (202, first.content)
    api.work()


@pytest.mark.parametrize("body", [{"dry_run": 1}, {"dryrun": True}, [], "all"])
def test_a_body_that_says_something_else_is_refused(api: Api, body: Any) -> None:
    job = done(api, rows(100))
    answer = api.send("POST", f"/imports/{job}/undo", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request"), answer.text
    assert undone(api, job)["undo"]["reverted"] == 100


def test_the_audit_tells_who_undid_what(api: Api) -> None:
    job = done(api, rows(100))
    undo = undone(api, job)
    entries = api.send("GET", "/audit", params={"object_id": undo["job_id"]}).json()["data"]
    details = {entry["action"]: entry["details"] for entry in entries}
    assert details.keys() == {"undo.ended", "undo.started"}
    assert (details["undo.ended"]["undoes"], details["undo.ended"]["reverted"]) == (job, 100)


def test_an_undo_cannot_be_retried(api: Api) -> None:
    undo = undone(api, done(api, rows(100)))
    answer = api.send("POST", f"/imports/{undo['job_id']}/retry")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "nothing_to_retry")
