"""Writes of the same record at the same time: of those meant for one version one wins, and nothing appended is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

from tests.api.making import make_id

if TYPE_CHECKING:
    from tests.api.conftest import Api

THREADS = 8


def at_once(send: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """Send as many requests as there are threads, all released at the same moment."""
    gate = threading.Barrier(THREADS)

    def one(number: int) -> httpx.Response:
        gate.wait()
        return send(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(THREADS)))


def same(api: Api, method: str, path: str, body: Any, _number: int) -> httpx.Response:
    return api.send(method, path, json=body)


def test_of_patches_for_one_version_exactly_one_wins(api: Api) -> None:
    path = f"/contact/{make_id(api)}"
    for _ in range(25):
        before = api.send("GET", path)
        headers = {"if-match": before.headers["etag"]}

        def patch(number: int, headers: dict[str, str] = headers, version: str = before.headers["etag"]) -> Any:
            return api.send("PATCH", path, json={"default": {"title": f"{number} of {version}"}}, headers=headers)

        answers = at_once(patch)
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * (THREADS - 1)
        [winner] = [answer for answer in answers if answer.status_code == 200]
        after = api.send("GET", path)
        assert (after.json(), after.headers["etag"]) == (winner.json(), winner.headers["etag"])
        assert int(after.headers["etag"].strip('"')) == int(before.headers["etag"].strip('"')) + 1


def test_of_deletions_for_one_version_exactly_one_wins(api: Api) -> None:
    path = f"/contact/{make_id(api)}"
    for _ in range(10):
        headers = {"if-match": api.send("GET", path).headers["etag"]}

        def write(number: int, headers: dict[str, str] = headers) -> Any:
            if number % 2:
                return api.send("DELETE", path, headers=headers)
            return api.send("PATCH", path, json={"default": {"title": headers["if-match"]}}, headers=headers)

        answers = at_once(write)
        assert sum(answer.is_success for answer in answers) == 1
        assert {answer.status_code for answer in answers if not answer.is_success} <= {404, 412}
        api.send("POST", f"{path}/restore")


def test_nothing_appended_at_the_same_time_is_lost(api: Api) -> None:
    path, wanted = f"/organization/{make_id(api, 'organization')}", set()
    for turn in range(15):

        def append(number: int, turn: int = turn) -> Any:
            values = [f"{turn}-{number}.org"]
            return api.send("PATCH", path, json={"default": {"domains": {"_op": "append", "values": values}}})

        assert all(answer.status_code == 200 for answer in at_once(append))
        wanted |= {f"{turn}-{number}.org" for number in range(THREADS)}
        assert set(api.send("GET", path).json()["default"]["domains"]) == wanted
    assert api.send("GET", path).headers["etag"] == f'"{1 + 15 * THREADS}"'


def test_upserts_at_the_same_time_make_one_record(api: Api) -> None:
    for turn in range(10):
        path = f"/contact/by/email/{turn}@x.org"
        answers = at_once(partial(same, api, "PUT", path, {}))
        assert sorted(answer.status_code for answer in answers) == [200] * (THREADS - 1) + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1
    assert api.send("GET", "/contact/count").json() == {"total": 10}


def test_find_or_create_at_the_same_time_makes_one_record(api: Api) -> None:
    for turn in range(5):
        person = {"match": {"email_address": f"{turn}@x.org"}, "defaults": {"default": {"full_name": "Ada"}}}
        company = {"match": {"primary_domain": f"{turn}.org"}}
        for object_type, body in [("identity", person), ("organization", company)]:
            answers = at_once(partial(same, api, "POST", f"/{object_type}/find-or-create", body))
            assert sorted(answer.status_code for answer in answers) == [200] * (THREADS - 1) + [201]
            assert len({answer.json()["record"]["id"] for answer in answers}) == 1
    for object_type in ("identity", "organization", "contact"):
        assert api.send("GET", f"/{object_type}/count").json() == {"total": 5}


def test_writes_of_different_kinds_wait_for_each_other_without_end(api: Api) -> None:
    ids = [make_id(api) for _ in range(6)]

    def write(number: int) -> Any:
        if number % 4 == 0:
            return api.send("POST", "/contact/batch/delete", json={"ids": ids[::-1]})
        if number % 4 == 1:
            items = [{"id": one, "default": {"title": str(number)}} for one in ids]
            return api.send("POST", "/contact/batch/update", json={"items": items})
        if number % 4 == 2:
            return api.send("POST", f"/contact/{ids[number % 6]}/restore?allow_taken_key=true")
        return api.start([{"default": {"title": "0"}}] * 5, dedupe_by="title", update_existing=True)

    for _ in range(10):
        assert all(answer.status_code == 200 for answer in at_once(write))
