"""The audit: an entry for everything that is done, in its transaction, and none for anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
import pytest

from prismd.api.authentication.failed_authentication import ENTRIES_MAX
from prismd.api.document.operations import OPERATIONS
from prismd.core.audit import IDS_MAX, Action, Deed, Doer
from prismd.services.api_keys.api_keys import WantedKey, create_key, list_keys, revoke_key, rotate_key
from prismd.services.runtime import SoleRuntime
from prismd.settings import Settings
from prismd.store import audit
from prismd.store.connections.postgres import connect
from prismd.worker.retention import Purge
from tests.api.conftest import stop_serving
from tests.statements import count_statements

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api
    from tests.conftest import Clock

NOWHERE = "01920000-0000-7000-8000-000000000000"


def entries(api: Api, **filters: str) -> list[dict[str, Any]]:
    """Return all that the audit has, newest first, but the making of the team's own key."""
    found: list[dict[str, Any]] = []
    asked: dict[str, str] = dict(filters)
    while True:
        answer = api.send("GET", "/audit", params=asked)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        if not page["has_more"]:
            assert page["next_cursor"] is None
            return [one for one in found if one["action"] != "key.created" or filters]
        asked["cursor"] = page["next_cursor"]


def key_id(api: Api, key: str = "") -> str:
    with api.runtime.of_all_teams() as connection:
        return next(one.id for one in list_keys(connection, api.team) if (key or api.key).endswith(one.hint))


def done(api: Api, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    answer = api.send(method, path, **({} if body is None else {"json": body}), **more)
    assert answer.is_success, answer.text
    return answer


def made(api: Api, path: str, body: Any) -> str:
    answer: dict[str, Any] = done(api, "POST", path, body).json()
    return str(answer.get("id") or answer["view"]["id"])


@dataclass
class Team:
    """Some of everything, to do something with."""

    api: Api
    deal: str
    gone: str
    prop: str
    select: str
    option: str
    view: str
    job: str


@pytest.fixture
def team(api: Api) -> Team:
    deal, gone = (made(api, "/deal", {"default": {"name": name}}) for name in ("x", "gone"))
    done(api, "DELETE", f"/deal/{gone}")
    prop = made(api, "/deal/properties", {"name": "Free", "type": "str"})
    select = made(api, "/deal/properties", {"name": "Colour", "type": "select_str"})
    option = made(api, f"/deal/properties/{select}/options", {"value": "Red", "type": "select_str"})
    view = made(api, "/deal/views", {"name": "v", "view_type": "grid", "select": ["name"]})
    job = api.start([{"default": {"no_such": 1}}] * 120, "deal").json()["job_id"]
    api.work()
    return Team(api, deal, gone, prop, select, option, view, job)


NAMED = {"default": {"name": "y"}}

#: By operation: what it is asked for, what the audit says then, and what it was done to.
DEEDS: dict[str, tuple[str, Callable[[Team], tuple[str, Any]], str | None]] = {
    "createRecord": ("record.created", lambda _: ("/deal", NAMED), None),
    "updateRecord": ("record.updated", lambda t: (f"/deal/{t.deal}", NAMED), "deal"),
    "upsertRecord": ("record.updated", lambda _: ("/deal/by/name/x", {"default": {"amount": 1}}), "deal"),
    "deleteRecord": ("record.deleted", lambda t: (f"/deal/{t.deal}", None), "deal"),
    "restoreRecord": ("record.restored", lambda t: (f"/deal/{t.gone}/restore", None), "gone"),
    "duplicateRecord": ("record.created", lambda t: (f"/deal/{t.deal}/duplicate", None), None),
    "updateRecords": ("record.updated", lambda t: ("/deal/batch/update", {"items": [{"id": t.deal, **NAMED}]}), "deal"),
    "deleteRecords": ("record.deleted", lambda t: ("/deal/batch/delete", {"ids": [t.deal]}), "deal"),
    "restoreRecords": ("record.restored", lambda t: ("/deal/batch/restore", {"ids": [t.gone]}), "gone"),
    "purgeRecords": ("record.purged", lambda t: ("/deal/batch/purge", {"ids": [t.gone]}), "gone"),
    "findOrCreateRecord": (
        "record.created",
        lambda _: ("/organization/find-or-create", {"match": {"primary_domain": "x.org"}}),
        None,
    ),
    "startImport": ("import.ended", lambda _: ("/deal/import", {"objects": [{}]}), None),
    "cancelImport": ("import.cancelled", lambda t: (f"/imports/{queued(t.api)}/cancel", None), None),
    "retryImport": ("import.started", lambda t: (f"/imports/{t.job}/retry", None), None),
    "decideImport": (
        "import.started",
        lambda t: (f"/imports/{t.job}/decide", {"property": "no_such", "do": "leave_out"}),
        None,
    ),
    "undoImport": ("undo.started", lambda t: (f"/imports/{imported(t.api)}/undo", None), None),
    "createProperty": ("property.created", lambda _: ("/deal/properties", {"name": "Size", "type": "num"}), None),
    "updateProperty": (
        "property.updated",
        lambda t: (f"/deal/properties/{t.prop}", {"name": "Freed", "type": "str"}),
        "prop",
    ),
    "deleteProperty": ("property.deleted", lambda t: (f"/deal/properties/{t.prop}?type=str", None), "prop"),
    "createOption": (
        "option.created",
        lambda t: (f"/deal/properties/{t.select}/options", {"value": "Blue", "type": "select_str"}),
        "select",
    ),
    "updateOption": (
        "option.updated",
        lambda t: (f"/deal/properties/{t.select}/options/{t.option}", {"value": "Rouge", "type": "select_str"}),
        "option",
    ),
    "deleteOption": (
        "option.deleted",
        lambda t: (f"/deal/properties/{t.select}/options/{t.option}?type=select_str", None),
        "option",
    ),
    "createList": ("list.created", lambda _: ("/lists", {"name": "l", "template_id": "deal_flow"}), None),
    "putGrant": ("grant.changed", lambda t: (f"/deal/{t.deal}/grant", {"user_id": [{"ada": "r"}]}), "deal"),
    "createView": (
        "view.created",
        lambda _: ("/deal/views", {"name": "w", "view_type": "grid", "select": ["name"]}),
        None,
    ),
    "updateView": ("view.updated", lambda t: (f"/deal/views/{t.view}", {"name": "w"}), "view"),
    "deleteView": ("view.deleted", lambda t: (f"/deal/views/{t.view}", None), "view"),
    "pinViewRecord": ("view.pinned", lambda t: (f"/deal/views/{t.view}/records/{t.deal}", None), "view"),
    "orderViewRecords": ("view.pinned", lambda t: (pinned(t), {"object_ids": [t.deal]}), "view"),
    "unpinViewRecord": ("view.pinned", lambda t: (f"{pinned(t)}/{t.deal}", None), "view"),
}
METHODS = {operation.name: operation.method for operation in OPERATIONS}
#: What changes nothing that anybody owns.
#: Their entries are about no record or job; the tests of exports, files and mappings hold these.
ELSEWHERE = {"exportRecords", "uploadFile", "deleteFile", "putMapping", "deleteMapping"}
HARMLESS = {"queryRecords", "validateValues", "createRealtimeTicket"}


def queued(api: Api) -> str:
    return str(api.start([{}] * 120, "deal").json()["job_id"])


def imported(api: Api) -> str:
    """Import deals, and return the job."""
    job = queued(api)
    api.work()
    return job


def pinned(team: Team) -> str:
    done(team.api, "POST", f"/deal/views/{team.view}/records/{team.deal}")
    return f"/deal/views/{team.view}/records"


def test_every_operation_that_changes_something_is_tried_here() -> None:
    assert set(DEEDS) == {name for name, method in METHODS.items() if method != "GET"} - HARMLESS - ELSEWHERE


@pytest.mark.parametrize("name", DEEDS)
def test_what_is_done_is_in_the_audit(team: Team, clock: Clock, name: str) -> None:
    action, ask, object_name = DEEDS[name]
    path, body = ask(team)
    before = entries(team.api)
    clock.advance(seconds=1)
    answer = done(team.api, METHODS[name], path, body)
    entry, *others = entries(team.api)
    assert others == before
    assert (entry["action"], entry["key"]["id"], entry["key"]["name"]) == (action, key_id(team.api), "test")
    assert entry["key"]["hint"] == team.api.key[-4:]
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["at"] == team.api.runtime.now().isoformat().replace("+00:00", "Z")
    assert entry["object_type"] in {"deal", "organization"}
    assert entry["total"] == len(entry["object_ids"]) >= 1
    if object_name is not None:
        assert getattr(team, object_name) in entry["object_ids"]
    else:
        assert set(entry["object_ids"]) - {NOWHERE}
    for one in entry["object_ids"]:
        assert entry in entries(team.api, object_id=one)


def test_reads_and_what_is_refused_are_in_no_audit(team: Team) -> None:
    api, before = team.api, entries(team.api)
    for path in ("/deal", f"/deal/{team.deal}", "/deal/count", "/imports", "/properties", "/audit"):
        done(api, "GET", path)
    assert api.send("POST", "/deal", json={"default": {"no_such": 1}}).status_code == 400
    assert api.send("DELETE", f"/deal/{NOWHERE}").status_code == 404
    assert api.send("PATCH", f"/deal/{team.deal}", json=NAMED, headers={"if-match": '"9"'}).status_code == 412
    assert api.send("POST", "/deal/import", json={"objects": [{}], "options": {"dedupe_by": "no"}}).status_code == 400
    done(api, "PATCH", f"/deal/{team.deal}", {"default": {"name": "x"}})  # as it is
    assert entries(api) == before


def test_a_replay_is_no_second_deed(api: Api) -> None:
    for _ in range(2):
        done(api, "POST", "/deal", NAMED, headers={"idempotency-key": "one"})
    assert [one["action"] for one in entries(api)] == ["record.created"]


def test_a_batch_is_one_entry_with_all_that_it_was_done_to(api: Api, clock: Clock) -> None:
    ids = [row["id"] for row in api.start([{}] * 50, "deal").json()["results"]]
    clock.advance(seconds=1)
    done(api, "POST", "/deal/batch/delete", {"ids": [*ids, NOWHERE]})
    entry = entries(api)[0]
    assert (entry["action"], entry["total"], set(entry["object_ids"])) == ("record.deleted", 50, set(ids))


def test_what_one_write_makes_besides_is_told_of_too(api: Api) -> None:
    made(api, "/identity", {"default": {"email_addresses": ["ada@x.org"]}})
    assert {(one["action"], one["object_type"]) for one in entries(api)} == {
        ("record.created", "identity"), ("record.created", "contact"),
    }  # fmt: skip


# --- imports ---


def test_an_import_is_told_of_as_it_is_accepted_and_at_its_end(api: Api, clock: Clock) -> None:
    rows = [{"default": {"email": f"{number}@x.org"}} for number in range(120)] + [{"default": {"no_such": 1}}] * 3
    job = api.start(rows, "contact", dedupe_by="email").json()["job_id"]
    (started,) = entries(api)
    assert (started["action"], started["object_ids"], started["object_type"]) == ("import.started", [job], "contact")
    assert started["details"] == {
        "total": 123, "options": {"dedupe_by": "email", "fold_case": True, "on_match": "skip", "key": "email"}
    }  # fmt: skip
    clock.advance(minutes=1)
    api.work()
    ended, again = entries(api)
    assert again == started
    assert (ended["action"], ended["object_ids"]) == ("import.ended", [job])
    assert (ended["key"], ended["request_id"]) == (started["key"], started["request_id"])
    assert ended["details"] == {
        "state": "complete", "total": 123, "created": 120, "existing": 0, "updated": 0, "failed": 3,
        "contacts_created": 0, "not_attempted": 0, "dry_run": False,
    }  # fmt: skip


@pytest.mark.parametrize("rows", [0, 1, 99])
def test_an_import_that_is_answered_at_once_has_one_entry(api: Api, rows: int) -> None:
    done(api, "POST", "/contact/import", {"objects": [{}] * rows, "options": {"dry_run": rows == 1}})
    (ended,) = entries(api)
    assert (ended["action"], ended["key"]["id"]) == ("import.ended", key_id(api))
    assert (ended["details"]["created"], ended["details"]["dry_run"]) == (rows, rows == 1)


def test_an_import_that_is_cancelled_says_so_and_has_no_other_end(api: Api, clock: Clock) -> None:
    job = queued(api)
    clock.advance(seconds=1)
    other = api.make_key(None, "import")
    api.send("POST", f"/imports/{job}/cancel", key=other)
    api.work()
    cancelled, started = entries(api)
    assert (cancelled["action"], started["action"]) == ("import.cancelled", "import.started")
    assert (cancelled["key"]["id"], cancelled["details"]["not_attempted"]) == (key_id(api, other), 120)


def test_a_retry_names_the_import_that_it_goes_back_to(team: Team, clock: Clock) -> None:
    clock.advance(seconds=1)
    done(team.api, "POST", f"/imports/{team.job}/retry")
    assert entries(team.api)[0]["details"]["parent_job_id"] == team.job


def test_an_import_costs_the_same_statements_however_many_rows_it_has(api: Api) -> None:
    def sent(rows: int) -> int:
        with count_statements(api.runtime) as statements:
            api.start([{"default": {"email": f"{rows}-{number}@x.org"}} for number in range(rows)])
        assert sum("audit_entry" in one for one in statements) == 1
        return len(statements)

    sent(1)
    assert sent(2) == sent(90)


def test_a_write_gains_no_statement(api: Api) -> None:
    with count_statements(api.runtime) as statements:
        made(api, "/deal", NAMED)
    assert [one for one in statements if "audit_entry" in one] == [one for one in statements if "pg_notify" in one]


# --- in the transaction of what is done ---


@contextmanager
def broken(api: Api, table: str, how: str) -> Iterator[None]:
    """Have every transaction that writes to a table of this team fail: at the write, or only as it commits."""
    name = f"break_{api.team.replace('-', '_')}_{table}"
    when = "AFTER INSERT OR UPDATE ON" if how == "at the commit" else "BEFORE INSERT OR UPDATE ON"
    kind, late = ("CONSTRAINT", "DEFERRABLE INITIALLY DEFERRED") if how == "at the commit" else ("", "")
    with psycopg.connect(api.database_url, autocommit=True) as admin:
        admin.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'broken on purpose' USING ERRCODE = 'disk_full'; END $$".encode()
        )
        admin.execute(
            f"CREATE {kind} TRIGGER {name} {when} {table} {late} FOR EACH ROW WHEN (NEW.team_id = {api.team_id()})"
            f" EXECUTE FUNCTION {name}()".encode()
        )
        try:
            yield
        finally:
            admin.execute(f"DROP FUNCTION {name} CASCADE".encode())


@pytest.mark.parametrize("how", ["at the write", "at the commit"])
@pytest.mark.parametrize("table", ["audit_entry", "audit_object", "record"])
def test_neither_the_deed_nor_its_entry_is_there_without_the_other(api: Api, table: str, how: str) -> None:
    with broken(api, table, how):
        assert api.send("POST", "/deal", json=NAMED).status_code == 503
    assert entries(api) == []
    assert api.send("GET", "/deal/count").json()["total"] == 0
    made(api, "/deal", NAMED)
    assert len(entries(api)) == api.send("GET", "/deal/count").json()["total"] == 1


def test_an_import_whose_end_cannot_be_told_has_not_ended(api: Api, clock: Clock) -> None:
    job = queued(api)
    with broken(api, "audit_entry", "at the commit"):
        api.work(steps=1)
    assert api.send("GET", f"/imports/{job}").json()["status"] == "processing"
    assert api.send("GET", "/deal/count").json()["total"] == 0
    clock.advance(minutes=1)
    api.work()
    assert [one["action"] for one in entries(api)] == ["import.ended", "import.started"]


# --- only ever added to, and kept for a time ---


@pytest.mark.parametrize("table", ["audit_entry", "audit_object"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}", "DELETE FROM {} WHERE at <= now()"]
)
def test_what_is_in_the_audit_is_never_changed(api: Api, table: str, statement: str) -> None:
    made(api, "/deal", NAMED)
    with (
        psycopg.connect(api.database_url, autocommit=True) as admin,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"),
    ):
        admin.execute(statement.format(table).encode())
    assert len(entries(api)) == 1


def test_not_even_the_purge_deletes_what_is_to_be_kept(api: Api) -> None:
    made(api, "/deal", NAMED)
    with psycopg.connect(api.database_url) as admin:
        admin.execute("SELECT set_config('prismd.audit_purged_until', '2020-01-01T00:00:00Z', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            admin.execute("DELETE FROM audit_entry WHERE team_id = %s", (api.team_id(),))


def test_the_purge_takes_what_is_older_than_the_audit_is_kept(api: Api, clock: Clock) -> None:
    old = made(api, "/deal", NAMED)
    clock.advance(days=200)
    new = made(api, "/deal", NAMED)
    clock.advance(days=165)
    with connect(api.database_url, Settings(), autocommit=True) as connection:
        purge, runtime = Purge(), SoleRuntime(connection, Settings(), clock.now, api.runtime.new_id)
        while purge.step(runtime):
            pass
        kept = [one["object_ids"] for one in entries(api)]
        assert kept == [[new]]
        objects = "SELECT count(*) FROM audit_object WHERE team_id = %s AND object_id = %s"
        found = [connection.execute(objects, (api.team_id(), one)).fetchone() for one in (old, new)]
        assert found == [(0,), (1,)]


def test_an_entry_names_a_thousand_and_counts_the_others(api: Api) -> None:
    ids = [f"00000000-0000-7000-8000-{number:012}" for number in range(IDS_MAX + 5)]
    with api.runtime.of_all_teams() as connection:
        audit.write_entry(connection, api.team_id(), Doer(api.runtime.now()), Deed(Action.RECORD_UPDATED, ids))
    (entry,) = entries(api)
    assert (entry["total"], entry["object_ids"], entry["key"]) == (IDS_MAX + 5, ids[:IDS_MAX], None)


# --- reading it ---


@pytest.fixture
def days(api: Api, clock: Clock) -> list[str]:
    """Deals that were made one a day, and changed by another key half a day later."""
    other, found = api.make_key(), []
    for _ in range(5):
        found.append(made(api, "/deal", NAMED))
        clock.advance(hours=12)
        api.send("PATCH", f"/deal/{found[-1]}", json={"default": {"name": "z"}}, key=other)
        clock.advance(hours=12)
    return found


def test_pages_are_newest_first_and_bounded(api: Api, days: list[str]) -> None:
    whole = entries(api)
    assert [one["object_ids"][0] for one in whole] == [one for one in reversed(days) for _ in range(2)]
    assert [one["at"] for one in whole] == sorted((one["at"] for one in whole), reverse=True)
    assert [one for one in entries(api, limit="3") if one["action"] != "key.created"] == whole
    assert len(api.send("GET", "/audit?limit=3").json()["data"]) == 3
    assert len(api.send("GET", "/audit?limit=1000000").json()["data"]) <= api.settings.page_max


def test_what_is_done_while_somebody_pages_shifts_nothing(api: Api, days: list[str]) -> None:
    first = api.send("GET", "/audit?limit=4").json()
    made(api, "/deal", NAMED)
    second = api.send("GET", f"/audit?limit=4&cursor={first['next_cursor']}").json()
    assert [one["object_ids"][0] for one in first["data"] + second["data"]] == [
        one for one in reversed(days[1:]) for _ in range(2)
    ]


def test_filters_leave_out_everything_else(api: Api, days: list[str]) -> None:
    whole = entries(api)
    by = whole[0]["key"]["id"]
    moments = [datetime.fromisoformat(one["at"]) for one in whole]

    def at(moment: datetime) -> str:
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

    assert entries(api, action="record.updated", key_id=by) == [one for one in whole if one["key"]["id"] == by]
    assert entries(api, object_id=days[2]) == [one for one in whole if one["object_ids"] == [days[2]]]
    assert entries(api, object_id=days[2].upper(), action="record.created", key_id=key_id(api)) == [
        one for one in whole if one["object_ids"] == [days[2]] and one["action"] == "record.created"
    ]
    # From a moment on, and before one.
    assert entries(api, since=at(moments[6]), until=at(moments[3]), action="record.created") == [
        one for one in whole[4:7] if one["action"] == "record.created"
    ]
    assert entries(api, object_id=days[0], since=at(moments[0] + timedelta(seconds=1))) == []
    assert entries(api, key_id=NOWHERE) == entries(api, object_id=NOWHERE) == []


@pytest.mark.parametrize(
    ("query", "field", "told"),
    [
        ("action=record.change", ".query.action", "did you mean"),
        ("object_id=x", ".query.object_id", "expected an id"),
        ("key_id=1", ".query.key_id", "expected an id"),
        ("since=yesterday", ".query.since", "expected a day or a moment"),
        ("until=2026-02-31", ".query.until", "expected a day or a moment"),
        ("since=2026-01-01T00:00:00+01:00", ".query.since", "%2B"),
        ("limit=0", ".query.limit", "from 1"),
        ("cursor=x", ".query.cursor", "not a cursor"),
        ("object=x", ".query.object", "object_id"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(api: Api, query: str, field: str, told: str) -> None:
    error = api.send("GET", f"/audit?{query}").json()["error"]
    assert (error["code"], error["errors"][0]["field"]) == ("invalid_request", field)
    assert told in error["message"]


@pytest.mark.parametrize(
    "when", ["2026-01-05", "2026-01-05T00:00:00Z", "2026-01-05T01:00:00%2B01:00", "2026-01-05T00:00"]
)
def test_a_time_may_be_written_in_any_way_that_a_date_may(api: Api, when: str) -> None:
    with api.runtime.of_all_teams() as connection:
        for hours in (-1, 0):
            at = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hours)
            audit.write_entry(connection, api.team_id(), Doer(at), Deed(Action.VIEW_UPDATED, [NOWHERE]))
    since, until = (api.send("GET", f"/audit?{name}={when}").json()["data"] for name in ("since", "until"))
    assert [one["at"] for one in since if one["action"] == "view.updated"] == ["2026-01-05T00:00:00Z"]
    assert [one["at"] for one in until] == ["2026-01-04T23:00:00Z"]


def test_a_cursor_is_good_for_its_own_filters_and_team_alone(
    api: Api, serve: Callable[..., Api], days: list[str]
) -> None:
    cursor = api.send("GET", f"/audit?limit=1&object_id={days[0]}").json()["next_cursor"]
    for query in ("", f"&object_id={days[1]}", f"&object_id={days[0]}&action=record.created"):
        assert api.send("GET", f"/audit?cursor={quote(cursor)}{query}").status_code == 400
    assert serve().send("GET", f"/audit?cursor={quote(cursor)}&object_id={days[0]}").status_code == 400
    assert api.send("GET", f"/audit?cursor={quote(cursor)}&object_id={days[0]}").status_code == 200


# --- keys ---


def test_the_life_of_a_key_is_in_the_audit(api: Api) -> None:
    first = create_key(api.runtime, WantedKey(api.team, "robot"))
    second = rotate_key(api.runtime, first.id, team=None, overlap=timedelta(days=1)).new
    revoke_key(api.runtime, first.id, team=None)
    found = {one["action"]: one for one in entries(api, object_id=first.id)}
    assert set(found) == {"key.created", "key.rotated", "key.revoked"}
    assert all(one["key"] is None for one in found.values())
    assert found["key.created"]["details"] == {
        "name": "robot", "scopes": ["read", "write", "import", "admin"], "replaces": None
    }  # fmt: skip
    assert set(found["key.rotated"]["object_ids"]) == {first.id, second.id}


def failures(api: Api) -> list[dict[str, Any]]:
    """Stop the server, which writes what it has counted, and return what the database then has."""
    stop_serving(api)
    with api.runtime.of_all_teams() as connection:
        found = connection.execute(
            "SELECT key_id::text, details FROM audit_entry WHERE team_id = %s AND action = 'authentication.failed'",
            (api.team_id(),),
        ).fetchall()
    return [{"key": key, **details} for key, details in found]


def test_keys_that_are_refused_are_counted_by_address_and_key(serve: Callable[..., Api], clock: Clock) -> None:
    api = serve(now=clock.now)
    revoked, other = api.make_key(revoked=True), api.make_key(f"{api.team}-other")
    for key, times in (("wrong", 3), ("also wrong", 2), (revoked, 4), (other, 1)):
        for _ in range(times):
            assert api.send("GET", "/imports", key=key).status_code == 403
    with api.runtime.of_all_teams() as connection:
        revoked_id = next(one.id for one in list_keys(connection, api.team) if one.revoked_at)
    assert sorted(failures(api), key=lambda one: one["requests"]) == [
        {"key": None, "reason": "other_team", "address": "127.0.0.1", "requests": 1},
        {"key": revoked_id, "reason": "revoked", "address": "127.0.0.1", "requests": 4},
        {"key": None, "reason": "unknown", "address": "127.0.0.1", "requests": 5},
    ]


@pytest.mark.parametrize("team", ["nobody", "%00", "%F0%9F%98%80", "a%0Ab", "x" * 5000])
def test_a_team_that_there_is_not_has_no_audit(serve: Callable[..., Api], team: str) -> None:
    api = serve()
    assert api.send("GET", f"/v2/prism/{team}/imports", key="wrong").status_code == 403
    assert api.send("POST", "/v2/realtime/ticket", key="wrong").status_code == 403
    assert failures(api) == []


def test_many_addresses_cannot_fill_the_audit(serve: Callable[..., Api]) -> None:
    api = serve(trusted_proxies="127.0.0.1")
    for number in range(ENTRIES_MAX + 30):
        headers = {"x-forwarded-for": f"192.0.2.{number}"}
        assert api.send("GET", "/imports", key="wrong", headers=headers).status_code == 403
    found = failures(api)
    assert len(found) == ENTRIES_MAX + 1
    assert sum(one["requests"] for one in found) == ENTRIES_MAX + 30
    assert [one["requests"] for one in found if one["address"] == "other addresses"] == [30]
