"""Repeats of clients that repeat by themselves: what is one, for how long, and what happens while the first is done."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from prismd.api.http.idempotency import Write, answer_once, answered_once
from prismd.core.errors import PrismdError
from prismd.services.api_keys.authentication import Caller
from prismd.services.idempotency.claims import Answer
from prismd.services.idempotency.client_attempts import Attempt
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.settings import Settings
from prismd.store.connections.postgres import connect
from prismd.store.teams import insert_team
from prismd.worker.retention import Purge
from tests.conftest import sole

NOW = datetime(2026, 1, 5, tzinfo=UTC)
KEEP_S = 300


class Client:
    """A client of a team, whose writes count how often they are done."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = replace(runtime, now=lambda: self.now)
        self.now = NOW
        with runtime.of_all_teams() as connection:
            self.caller = Caller(insert_team(connection, runtime.new_id(), NOW), "team", runtime.new_id())
        self.done = 0

    def send(self, *, repeats: bool = False, fingerprint: bytes = b"f", caller: Caller | None = None) -> Answer:
        attempt = Attempt(caller or self.caller, fingerprint, repeats)
        work = answered_once(attempt, self._work)
        return answer_once(Session(self.runtime, self.caller.team_id), Write(None, b"", work, _refused))[0]

    def _work(self, _: Transaction) -> Answer:
        self.done += 1
        return Answer(201, str(self.done).encode(), {"etag": '"1"'})


def _refused(error: PrismdError) -> Answer:
    return Answer(error.status, error.code.encode(), {})


@pytest.fixture
def client(runtime: Runtime) -> Client:
    return Client(runtime)


REPLAY = {"etag": '"1"', "idempotent-replay": "true"}


def test_a_repeat_gets_the_answer_of_the_last_attempt(client: Client) -> None:
    assert client.send() == Answer(201, b"1", {"etag": '"1"'})
    assert client.send().body == b"2"
    assert client.send(repeats=True) == Answer(201, b"2", REPLAY)
    assert client.send(repeats=True) == Answer(201, b"2", REPLAY)


def test_a_repeat_of_what_never_arrived_is_done_and_kept(client: Client) -> None:
    assert client.send(repeats=True) == Answer(201, b"1", {"etag": '"1"'})
    assert client.send(repeats=True) == Answer(201, b"1", REPLAY)


def test_another_request_or_key_is_another_write(client: Client) -> None:
    client.send()
    assert client.send(repeats=True, fingerprint=b"g").body == b"2"
    other = replace(client.caller, key_id=client.runtime.new_id())
    assert client.send(repeats=True, caller=other).body == b"3"


def test_answers_are_kept_for_minutes(client: Client) -> None:
    client.send()
    client.now = NOW + timedelta(seconds=KEEP_S - 1)
    assert client.send(repeats=True).body == b"1"
    client.now = NOW + timedelta(seconds=KEEP_S)
    assert client.send(repeats=True).body == b"2"


def test_what_is_refused_leaves_nothing_to_repeat(client: Client) -> None:
    def refuse(_: Transaction) -> Answer:
        raise PrismdError("rate_limited", "wait")

    attempt = Attempt(client.caller, b"f", repeats=False)
    work = answered_once(attempt, refuse)
    assert (
        answer_once(Session(client.runtime, client.caller.team_id), Write(None, b"", work, _refused))[0].status == 429
    )
    assert client.send(repeats=True).headers == {"etag": '"1"'}


def test_a_repeat_waits_for_the_first_and_firsts_for_nobody(client: Client) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: Transaction) -> Answer:
        begun.set()
        assert go_on.wait(60)
        return Answer(201, b"slow", {})

    attempt = Attempt(client.caller, b"f", repeats=False)
    with ThreadPoolExecutor(1) as other:
        work = answered_once(attempt, slow)
        first = other.submit(
            answer_once, Session(client.runtime, client.caller.team_id), Write(None, b"", work, _refused)
        )
        assert begun.wait(60)
        assert client.send(repeats=True) == Answer(409, b"idempotency_key_in_progress", {})
        assert client.send().body == b"1"
        go_on.set()
        assert first.result()[0].body == b"slow"
    assert client.send(repeats=True).body == b"slow"


def test_old_answers_are_purged(client: Client) -> None:
    client.send()

    def kept() -> int:
        with client.runtime.of_all_teams() as connection:
            found = connection.execute("SELECT FROM attempt_answer WHERE team_id = %s", (client.caller.team_id,))
            return found.rowcount

    def purge(at: datetime) -> None:
        with connect(str(client.runtime.pool.conninfo), Settings(), autocommit=True) as connection:
            purge, runtime = Purge(), sole(replace(client.runtime, now=lambda: at), connection)
            while purge.step(runtime):
                pass

    for seconds, left in ((KEEP_S - 1, 1), (KEEP_S, 0)):
        purge(NOW + timedelta(seconds=seconds))
        assert kept() == left
