"""The realtime stream tells of every change that is committed, of no other, in order, and to the own team alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from prismd.api.realtime import hub, notification_listener
from prismd.api.realtime.hub import IDS_PER_MESSAGE
from prismd.core.notifications import Change, ImportMoved, RecordsChanged
from prismd.services.realtime.notifications import changes_of_chunk
from prismd.services.session import Transaction
from prismd.store.connections.postgres import Connection
from tests.api.making import make_id
from tests.api.realtime import Stream, hub_of, listening, opened, tell, tell_of_records, ticket
from tests.api.test_imports import rows
from tests.processes import eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api
    from tests.conftest import Clock


@pytest.fixture
def api(serve: Callable[..., Api]) -> Api:
    """An application for each test, as they look at who listens inside it."""
    return serve()


Serve = Callable[..., "Api"]

LISTENER = "FROM pg_stat_activity WHERE application_name = 'prismd changes' AND datname = current_database()"


def make_contact(api: Api, **values: Any) -> str:
    return make_id(api, **(values or {"full_name": "Ada"}))


def records(change: str, *ids: str, object_type: str = "contact") -> dict[str, Any]:
    return {"type": "records", "object_type": object_type, "change": change, "ids": list(ids)}


def told(*ids: str) -> dict[str, Any]:
    return records("updated", *ids, object_type="deal")


def test_the_stream_begins_with_hello(api: Api, clock: Clock) -> None:
    with opened(api, ticket(api)) as stream:
        assert stream.next() == {"type": "hello", "team_id": api.team, "at": f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"}


def test_each_change_of_a_record_is_told_to_all_who_listen(api: Api) -> None:
    with listening(api) as one, listening(api) as other:
        made = make_contact(api)
        path = f"/contact/{made}"
        assert api.send("PATCH", path, json={"default": {"title": "Countess"}}).status_code == 200
        assert api.send("DELETE", path).status_code == 204
        assert api.send("POST", f"{path}/restore").status_code == 200
        for stream in (one, other):
            for change in ("created", "updated", "deleted", "restored"):
                assert stream.next() == records(change, made)


def test_a_batch_is_told_of_as_one(api: Api) -> None:
    made = [make_contact(api) for _ in range(3)]
    with listening(api) as stream:
        assert api.send("POST", "/contact/batch/delete", json={"ids": made}).status_code == 200
        message = stream.next()
        assert (message["change"], sorted(message["ids"])) == ("deleted", sorted(made))


def test_what_is_not_committed_or_changes_nothing_is_not_told(api: Api) -> None:
    made = make_contact(api, full_name="Ada")
    with listening(api) as stream:
        assert api.send("POST", "/contact", json={"default": {"nowhere": 1}}).status_code == 400
        assert api.send("PATCH", f"/contact/{made}", json={"default": {"full_name": "Ada"}}).status_code == 200
        with api.runtime.of_all_teams() as connection:
            tell_of_records(connection, RecordsChanged(api.team_id(), "contact", Change.DELETED, [made]))
            connection.rollback()
        tell(api, "last")
        assert stream.next() == told("last")


def test_no_change_is_told_of_before_it_can_be_read(api: Api) -> None:
    with listening(api) as stream, api.runtime.of_all_teams() as connection:
        tell_of_records(connection, RecordsChanged(api.team_id(), "contact", Change.UPDATED, ["later"]))
        tell(api, "sooner")
        assert stream.next() == told("sooner")
        connection.commit()
        assert stream.next() == records("updated", "later")


def test_many_ids_are_told_in_parts(api: Api) -> None:
    ids = [f"{number:036}" for number in range(400)]
    with listening(api) as stream:
        tell(api, *ids)
        found: list[str] = []
        while len(found) < len(ids):
            message = stream.next()
            assert message == told(*message["ids"])
            found += message["ids"]
        assert found == ids


def test_nobody_hears_of_another_team(api: Api) -> None:
    other = api.make_key("some other team")
    with listening(api) as own, listening(api, other) as others:
        made = make_contact(api)
        api.start(rows(2))
        api.start(rows(150))
        api.work()
        tell(api, "last of ours")
        path = "/v2/prism/some%20other%20team/contact"
        theirs = api.send("POST", path, key=other, json={"default": {"full_name": "Eve"}}).json()["id"]
        assert others.next() == records("created", theirs)
        assert own.next() == records("created", made)
        while (message := own.next()) != told("last of ours"):
            assert theirs not in message.get("ids", ())
        tell(api, "the end")
        assert own.next() == told("the end")


# --- imports ---


def test_an_import_is_told_of_from_its_beginning_to_its_end(serve: Serve) -> None:
    api = serve(rows_per_chunk=100)
    with listening(api) as stream:
        job = api.start(rows(150), dedupe_by="email").json()
        queued = stream.next()
        assert queued == {
            "type": "import", "job_id": job["job_id"], "object_type": "contact", "state": "queued",
            "status": "processing", "dry_run": False, "total": 150, "processed": 0, "succeeded": 0, "failed": 0,
            "created": 0, "existing": 0, "updated": 0, "contacts_created": 0,
        }  # fmt: skip
        api.work()
        shown = api.send("GET", f"/imports/{job['job_id']}").json()
        made = [one["id"] for one in shown["results"]]
        assert stream.next() == records("created", *made[:100])
        assert stream.next() == {**queued, "state": "running", "processed": 100, "succeeded": 100, "created": 100}
        assert stream.next() == records("created", *made[100:])
        last = stream.next()
        assert last == {"type": "import", **{name: shown[name] for name in last if name != "type"}}
        assert (last["state"], last["processed"]) == ("complete", 150)


def test_a_large_chunk_is_told_in_messages_of_some_size(api: Api) -> None:
    count = 2 * IDS_PER_MESSAGE + 200
    with listening(api) as stream:
        api.start(rows(count))
        assert stream.next()["state"] == "queued"
        api.work()
        assert [len(stream.next()["ids"]) for _ in range(3)] == [IDS_PER_MESSAGE, IDS_PER_MESSAGE, 200]
        assert stream.next()["state"] == "complete"


def imported(api: Api, found: list[dict[str, Any]], **options: Any) -> Any:
    answer = api.start([{"default": row} for row in found], dedupe_by="email", **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_import_that_is_answered_at_once_tells_of_its_records_alone(api: Api) -> None:
    known = make_contact(api, email="a@x.org", title="Countess")
    same = make_contact(api, email="b@x.org", title="Queen")
    with listening(api) as stream:
        news: list[dict[str, Any]] = [
            {"email": "a@x.org", "title": "Dr"},
            {"email": "b@x.org", "title": "Queen"},
            {"email": "c@x.org", "title": "Mr"},
            {"email": "c@x.org", "title": "Sir"},
            {"email": "a@x.org", "title": "Prof"},
            {"nowhere": 1},
        ]
        results = imported(api, news, on_match="update")["results"]
        assert [one["id"] for one in results[:2]] == [known, same]
        assert stream.next() == records("created", results[2]["id"])
        assert stream.next() == records("updated", known)
        imported(api, news[:1])
        tell(api, "last")
        assert stream.next() == told("last")


def test_a_dry_run_changes_no_records(api: Api) -> None:
    with listening(api) as stream:
        imported(api, [{"email": "a@x.org"}], dry_run=True)
        api.start(rows(100), dry_run=True)
        assert stream.next()["dry_run"] is True
        api.work()
        assert (message := stream.next())["type"] == "import"
        assert (message["state"], message["created"]) == ("complete", 100)


def test_cancelling_is_told(serve: Serve) -> None:
    api = serve(rows_per_chunk=50)
    with listening(api) as stream:
        job = api.start(rows(150)).json()["job_id"]
        api.work(steps=1)
        assert api.send("POST", f"/imports/{job}/cancel").status_code == 200
        assert [stream.next().get("state") for _ in range(4)] == ["queued", None, "running", "cancelled"]


def test_what_comes_after_a_chunk_is_told_after_it(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    may_read = threading.Event()

    def slow(transaction: Transaction, moved: ImportMoved) -> list[RecordsChanged]:
        may_read.wait()
        return changes_of_chunk(transaction, moved)

    monkeypatch.setattr(hub, "changes_of_chunk", slow)
    with listening(api) as stream:
        [made] = imported(api, [{"email": "a@x.org", "title": "Dr"}])["results"]
        assert api.send("DELETE", f"/contact/{made['id']}").status_code == 204
        may_read.set()
        assert stream.next() == records("created", made["id"])
        assert stream.next() == records("deleted", made["id"])


# --- what may have been missed ---


def test_a_chunk_that_cannot_be_read_may_have_been_missed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_connection: Connection, _moved: ImportMoved) -> list[RecordsChanged]:
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(hub, "changes_of_chunk", broken)
    with listening(api) as stream:
        imported(api, [{"email": "a@x.org"}])
        assert stream.next() == {"type": "resync"}
        tell(api, "last")
        assert stream.next() == told("last")


def test_after_an_outage_of_the_database_clients_are_told_that_they_may_have_missed_something(api: Api) -> None:
    with listening(api) as one, listening(api) as other, psycopg.connect(api.database_url, autocommit=True) as admin:
        assert admin.execute(f"SELECT pg_terminate_backend(pid) {LISTENER}").fetchone() == (True,)
        for stream in (one, other):
            assert stream.next() == {"type": "resync"}
        made = make_contact(api)
        for stream in (one, other):
            assert stream.next() == records("created", made)


def test_a_fault_of_the_server_ends_no_stream(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_text: str) -> None:
        raise ValueError("a fault")

    with listening(api) as stream:
        with monkeypatch.context() as patched:
            patched.setattr(notification_listener, "read_notification", broken)
            tell(api, "never told")
            assert stream.next() == {"type": "resync"}
        tell(api, "last")
        assert stream.next() == told("last")


@pytest.mark.parametrize("word", ["", "1:2", "{}", '{"of":"weather"}', json.dumps({"of": "records", "team_id": "x"})])
def test_words_that_mean_nothing_are_passed_over(api: Api, word: str) -> None:
    with listening(api) as stream, api.runtime.of_all_teams() as connection:
        connection.execute("SELECT pg_notify('prismd_changes', %s)", (word,))
        connection.commit()
        tell(api, "last")
        assert stream.next() == told("last")


def test_one_connection_hears_for_all(api: Api) -> None:
    other = api.make_key("yet another team")

    def seen(stream: Stream) -> dict[str, Any]:
        tell(api, "news")
        return stream.next()

    with psycopg.connect(api.database_url, autocommit=True) as admin:
        ticket(api)
        eventually(lambda: admin.execute(f"SELECT count(*) {LISTENER}").fetchone() == (0,))
        with listening(api) as one, listening(api, other), listening(api) as two:
            assert seen(one) == told("news")
            assert two.next() == told("news")
            assert admin.execute(f"SELECT count(*) {LISTENER}").fetchone() == (1,)
    eventually(lambda: hub_of(api).idle)


# --- what it costs ---


def test_writes_tell_nobody_while_nobody_listens(api: Api) -> None:
    with psycopg.connect(api.database_url, autocommit=True) as admin:
        eventually(lambda: admin.execute(f"SELECT count(*) {LISTENER}").fetchone() == (0,))
        admin.execute("LISTEN prismd_changes")
        make_contact(api)
        imported(api, [{"email": "a@x.org"}])
        assert list(admin.notifies(timeout=0)) == []
        with listening(api):
            made = make_contact(api)
        assert [made in one.payload for one in admin.notifies(timeout=1, stop_after=1)] == [True]


def test_a_stream_begins_after_the_writes_that_found_nobody_there(api: Api) -> None:
    found: list[dict[str, Any]] = []

    def listen() -> None:
        with opened(api, ticket(api)) as stream:
            found.append(stream.next())
            found.append(stream.next())

    with psycopg.connect(api.database_url, autocommit=True) as admin, api.runtime.of_all_teams() as connection:
        eventually(lambda: admin.execute(f"SELECT count(*) {LISTENER}").fetchone() == (0,))
        tell_of_records(connection, RecordsChanged(api.team_id(), "contact", Change.UPDATED, ["earlier"]))
        thread = threading.Thread(target=listen)
        thread.start()
        waiting = f"SELECT count(*) {LISTENER} AND wait_event = 'advisory'"
        eventually(lambda: admin.execute(waiting).fetchone() == (1,))
        tell(api, "meanwhile")
        assert found == []
        connection.commit()
        eventually(lambda: found)
        tell(api, "later")
        thread.join()
    assert [found[0]["type"], found[1]] == ["hello", told("later")]


def test_the_connection_goes_some_time_after_the_last_who_listened(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification_listener, "LINGER_S", 0.01)
    with psycopg.connect(api.database_url, autocommit=True) as admin:
        for _ in range(3):
            with listening(api) as stream:
                tell(api, "news")
                assert stream.next() == told("news")
            eventually(lambda: admin.execute(f"SELECT count(*) {LISTENER}").fetchone() == (0,))
