"""A repeated write is done once, whatever happens in between."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest

from prismd.api.http.idempotency import Write, answer_once
from prismd.core.errors import PrismdError
from prismd.services.idempotency.claims import Answer
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.store.connections.postgres import Connection

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock

ADA = [{"default": {"full_name": "Ada"}}]


def refuse(error: PrismdError) -> Answer:
    return Answer(error.status, error.code.encode(), {"x-request-id": "first"})


def count(api: Api) -> int:
    return int(api.send("GET", "/contact/count").json()["total"])


def test_a_replay_is_the_first_answer_again(api: Api) -> None:
    first, second = (api.start(ADA, idempotency_key="k") for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert "idempotent-replay" not in first.headers
    assert second.headers["idempotent-replay"] == "true"
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert count(api) == 1


def test_a_replayed_job_is_the_same_job(api: Api) -> None:
    first = api.start(ADA * 100, idempotency_key="k")
    api.work()
    second = api.start(ADA * 100, idempotency_key="k")
    assert (second.status_code, second.content) == (202, first.content)
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["retry-after"] == "1"
    assert len(api.send("GET", "/imports").json()["data"]) == 1


def test_a_refusal_is_replayed_with_the_id_of_the_first_request(api: Api) -> None:
    first, second = (api.start(ADA, idempotency_key="k", dedupe_by="emial") for _ in range(2))
    assert (second.status_code, second.content) == (400, first.content)
    assert second.headers["idempotent-replay"] == "true"
    assert second.headers["x-request-id"] == second.json()["error"]["request_id"] == first.headers["x-request-id"]


def test_a_body_that_is_not_json_is_replayed_too(api: Api) -> None:
    answers = [api.send("POST", "/contact/import", content="{", headers={"idempotency-key": "k"}) for _ in range(2)]
    assert [answer.headers.get("idempotent-replay") for answer in answers] == [None, "true"]


def test_another_query_under_the_key_is_a_mismatch(api: Api) -> None:
    headers = {"idempotency-key": "k"}
    assert api.send("POST", "/contact", json={}, headers=headers).status_code == 201
    other = api.send("POST", f"/contact?list_id={uuid.uuid4()}", json={}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_mismatch")


@pytest.mark.parametrize("change", ["body", "white space", "type", "escape"])
def test_another_request_under_the_key_is_a_mismatch(api: Api, change: str) -> None:
    body = json.dumps({"objects": ADA})
    send = {
        "body": ("/contact/import", json.dumps({"objects": ADA * 2})),
        "white space": ("/contact/import", body + " "),
        "type": ("/deal/import", body),
        "escape": ("/c%6Fntact/import", body),
    }[change]
    headers = {"idempotency-key": "k"}
    assert api.send("POST", "/contact/import", content=body, headers=headers).status_code == 200
    other = api.send("POST", send[0], content=send[1], headers=headers)
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "idempotency_key_mismatch"
    assert other.headers["x-should-retry"] == "false"
    assert count(api) == 1


def test_a_key_is_alive_then_stale_then_free(api: Api, clock: Clock) -> None:
    api.start(ADA, idempotency_key="k")
    clock.advance(hours=24, seconds=-1)
    assert api.start(ADA, idempotency_key="k").headers["idempotent-replay"] == "true"
    clock.advance(seconds=1)
    stale = api.start(ADA, idempotency_key="k")
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "idempotency_key_stale")
    assert stale.headers["x-should-retry"] == "false"
    clock.advance(days=7, seconds=-1)
    assert api.start(ADA, idempotency_key="k").status_code == 409
    clock.advance(seconds=1)
    assert "idempotent-replay" not in api.start(ADA, idempotency_key="k").headers
    assert api.start(ADA, idempotency_key="k").headers["idempotent-replay"] == "true"
    assert count(api) == 2


@pytest.mark.parametrize(("key", "keyword"), [("", "minLength"), ("x" * 256, "maxLength")])
def test_a_key_has_1_to_255_characters(api: Api, key: str, keyword: str) -> None:
    refused = api.start(ADA, idempotency_key=key)
    assert refused.status_code == 400
    assert refused.json()["error"]["errors"][0]["code"] == f"{keyword}.openapi.validation"
    assert count(api) == 0
    assert api.start(ADA, idempotency_key="x" * 255).status_code == 200


def test_two_keys_in_one_request_are_refused(api: Api) -> None:
    headers = [("x-api-key", api.key), ("idempotency-key", "a"), ("idempotency-key", "b")]
    refused = api.http.post(api.url + api.path("/contact/import"), headers=headers, content='{"objects": []}')
    assert refused.status_code == 400


def test_teams_do_not_share_keys_but_the_keys_of_a_team_do(api: Api, serve: Callable[..., Api]) -> None:
    api.start(ADA, idempotency_key="k")
    assert "idempotent-replay" not in serve().start(ADA, idempotency_key="k").headers
    api.key = api.make_key()
    assert api.start(ADA, idempotency_key="k").headers["idempotent-replay"] == "true"


def test_reads_take_no_notice_of_a_key(api: Api) -> None:
    headers = {"idempotency-key": "k"}
    before = api.send("GET", "/contact/count", headers=headers).json()
    api.start(ADA)
    assert api.send("GET", "/contact/count", headers=headers).json() != before


def test_a_refused_caller_leaves_the_key_free(api: Api) -> None:
    good, api.key = api.key, "wrong"
    assert api.start(ADA, idempotency_key="k").status_code == 403
    api.key = good
    assert api.start(ADA, idempotency_key="k").status_code == 200


def test_while_the_first_is_under_way_the_second_is_told_to_wait(
    runtime: Runtime, make_team: Callable[[], int]
) -> None:
    team = make_team()
    under_way, may_end = threading.Event(), threading.Event()

    def slow(_transaction: Transaction) -> Answer:
        under_way.set()
        assert may_end.wait(60)
        return Answer(200, b"done", {})

    def quick(_transaction: Transaction) -> Answer:
        return Answer(200, b"again", {})

    with ThreadPoolExecutor(1) as other:
        first = other.submit(answer_once, Session(runtime, team), Write("k", b"same", slow, refuse))
        assert under_way.wait(60)
        second = answer_once(Session(runtime, team), Write("k", b"same", quick, refuse))
        may_end.set()
        assert first.result() == (Answer(200, b"done", {}), False)
    assert second == (Answer(409, b"idempotency_key_in_progress", {"x-request-id": "first"}), False)
    assert answer_once(Session(runtime, team), Write("k", b"same", quick, refuse)) == (Answer(200, b"done", {}), True)


def test_many_at_once_do_the_work_once(api: Api) -> None:
    start_together = threading.Barrier(6)

    def send() -> int:
        start_together.wait(60)
        while (answer := api.start(ADA, idempotency_key="k")).status_code == 409:
            assert answer.json()["error"]["code"] == "idempotency_key_in_progress"
        return int(answer.status_code)

    with ThreadPoolExecutor(6) as threads:
        assert [done.result() for done in [threads.submit(send) for _ in range(6)]] == [200] * 6
    assert count(api) == 1


def _note(connection: Connection, team: int) -> None:
    connection.execute("INSERT INTO key_property (team_id, object_type, key) VALUES (%s, 'contact', 'note')", (team,))


def _noted(runtime: Runtime, team: int) -> bool:
    with runtime.of_all_teams() as connection:
        return connection.execute("SELECT FROM key_property WHERE team_id = %s", (team,)).fetchone() is not None


@pytest.mark.parametrize("fault", [RuntimeError, psycopg.OperationalError])
def test_a_crash_leaves_neither_work_nor_claim(
    runtime: Runtime, make_team: Callable[[], int], fault: type[Exception]
) -> None:
    team = make_team()

    def crash(transaction: Transaction) -> Answer:
        _note(transaction.connection, team)
        raise fault

    with pytest.raises(fault):
        answer_once(Session(runtime, team), Write("k", b"same", crash, refuse))
    assert not _noted(runtime, team)
    assert answer_once(Session(runtime, team), Write("k", b"other", lambda _: Answer(200, b"", {}), refuse))[1] is False


def test_a_lost_connection_leaves_neither_work_nor_claim(
    runtime: Runtime, database_url: str, make_team: Callable[[], int]
) -> None:
    team = make_team()

    def cut_off(transaction: Transaction) -> Answer:
        _note(transaction.connection, team)
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", (transaction.connection.info.backend_pid,))
        transaction.connection.execute("SELECT 1")
        raise AssertionError("the connection survived")

    with pytest.raises(psycopg.OperationalError):
        answer_once(Session(runtime, team), Write("k", b"same", cut_off, refuse))
    assert not _noted(runtime, team)
    assert answer_once(Session(runtime, team), Write("k", b"same", lambda _: Answer(200, b"", {}), refuse))[1] is False


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("invalid_request", True),
        ("not_found", True),
        ("name_taken", True),
        ("unauthorized", False),
        ("forbidden", False),
        ("rate_limited", False),
        ("internal_error", False),
        ("service_unavailable", False),
    ],
)
def test_refusals_take_back_the_work_and_are_kept_where_a_repeat_would_change_nothing(
    runtime: Runtime, make_team: Callable[[], int], code: str, *, kept: bool
) -> None:
    team = make_team()

    def half_way(transaction: Transaction) -> Answer:
        _note(transaction.connection, team)
        raise PrismdError(code, "no")

    for replayed in (False, kept):
        answer, was_replay = answer_once(Session(runtime, team), Write("k", b"same", half_way, refuse))
        assert (answer.body, was_replay) == (code.encode(), replayed)
    assert not _noted(runtime, team)


def test_without_a_key_a_refusal_takes_back_the_work(runtime: Runtime, make_team: Callable[[], int]) -> None:
    team = make_team()

    def half_way(transaction: Transaction) -> Answer:
        _note(transaction.connection, team)
        raise PrismdError("not_found", "no")

    assert answer_once(Session(runtime, team), Write(None, b"", half_way, refuse))[0].status == 404
    assert not _noted(runtime, team)
