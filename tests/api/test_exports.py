"""Exports over HTTP: what stands in a row, how a stream ends, and who may have it."""

from __future__ import annotations

import csv
import io
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import psycopg
import pytest

from prismd.core.api_keys.scopes import Scope, Scopes
from prismd.importer import exports as importer_exports
from prismd.importer.calls import ClientError, Outside, PrismClient
from prismd.importer.exports import ExportRun
from prismd.services.api_keys.api_keys import WantedKey, create_key, revoke_key
from prismd.services.runtime import system_clock
from prismd.store.queries import pages
from tests.api.making import define, make_id, make_list
from tests.processes import eventually

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]


def export(api: Api, object_type: str = "contact", **asked: Any) -> httpx.Response:
    return api.send("POST", f"/{object_type}/export", json=asked)


def lines_of(api: Api, object_type: str = "contact", **asked: Any) -> list[dict[str, Any]]:
    answer = export(api, object_type, **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.split("\n") if line]


def cells_of(api: Api, object_type: str = "contact", **asked: Any) -> list[dict[str, str]]:
    answer = export(api, object_type, format="csv", **asked)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def fill(api: Api, count: int, object_type: str = "deal", **options: Any) -> None:
    for start in range(0, count, 99):
        rows = [{"default": {"name": f"Deal {at:05d}"}} for at in range(start, min(count, start + 99))]
        assert api.start(rows, object_type, **options).status_code == 200


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def test_a_row_has_ids_keys_behind_references_labels_and_times(api: Api) -> None:
    acme = make_id(api, "organization", name="Acme", primary_domain="acme.org")
    ada = make_id(api, email="ada@acme.org", company=acme, seniority="c_suite", department=["it", "legal"])
    bare = make_id(api, full_name="Nobody")
    first, second = lines_of(api)
    made = first["default"].pop("created_at")
    assert first["default"].pop("updated_at") == first["default"].pop("last_updated_at") == made
    assert first == {
        "id": ada,
        "default": {
            "email": "ada@acme.org",
            "company": {"id": acme, "primary_domain": "acme.org"},
            "seniority": "C-suite",
            "department": ["IT", "Legal"],
        },
    }
    assert (second["id"], second["default"]["full_name"]) == (bare, "Nobody")
    [row, _] = cells_of(api)
    assert (row["id"], row["company"], row["company.primary_domain"]) == (ada, acme, "acme.org")
    assert (row["seniority"], row["department"], row["created_at"]) == ("C-suite", '["IT","Legal"]', made)


def test_a_query_chooses_records_properties_and_values_of_references(api: Api) -> None:
    acme = make_id(api, "organization", name="Acme")
    ada = make_id(api, email="ada@acme.org", company=acme)
    make_id(api, email="bob@acme.org", company=acme)
    query = {"select": ["email", "company.name"], "filter": [{"email": {"begins_with": "ada"}}]}
    [row] = lines_of(api, query=query)
    assert row == {"id": ada, "default": {"email": "ada@acme.org", "company": {"id": acme, "name": "Acme"}}}
    assert cells_of(api, query=query) == [{"id": ada, "email": "ada@acme.org", "company": acme, "company.name": "Acme"}]
    [row] = lines_of(api, query=query, keys=False)
    assert row["default"]["company"] == {"id": acme, "name": "Acme"}
    [row] = lines_of(api, id=[ada], keys=False)
    assert row["default"]["company"] == acme
    found = [row["default"]["email"] for row in lines_of(api, query={"filter": [{"company.name": {"=": "Acme"}}]})]
    assert found == ["ada@acme.org", "bob@acme.org"]


def test_the_key_of_a_deleted_target_is_null_and_its_id_stays(api: Api) -> None:
    acme = make_id(api, "organization", primary_domain="acme.org")
    make_id(api, email="ada@acme.org", company=acme)
    api.send("DELETE", f"/organization/{acme}")
    [row] = lines_of(api)
    assert row["default"]["company"] == {"id": acme, "primary_domain": None}


def test_deleted_records_are_exported_where_they_are_asked_for(api: Api) -> None:
    gone = make_id(api, email="gone@acme.org")
    api.send("DELETE", f"/contact/{gone}")
    assert lines_of(api) == []
    [row] = lines_of(api, deleted="only")
    assert (row["id"], bool(row["deleted_at"])) == (gone, True)
    [cells] = cells_of(api, deleted=True)
    assert cells["deleted_at"] == row["deleted_at"]


def test_lists_come_with_membership_and_stage(api: Api) -> None:
    sales = make_list(api)["id"]
    body = {"default": {"name": "In"}, "list": {sales: {"app_stage": "qualified"}}}
    assert api.send("POST", "/deal", json=body).status_code == 201
    make_id(api, "deal", name="Out")
    inside, outside = lines_of(api, "deal", importable=True)
    label = inside["list"][sales]["app_stage"]
    assert (inside["default"], outside) == ({"name": "In"}, {"default": {"name": "Out"}})
    assert label.lower() == "qualified"
    [row] = lines_of(api, "deal", query={"list_id": sales})
    assert row["list"] == {sales: {"app_stage": label}}
    [cells] = cells_of(api, "deal", query={"list_id": sales})
    assert (cells["name"], cells["app_stage"]) == ("In", label)
    assert [json.loads(cells["list"] or "null") for cells in cells_of(api, "deal")] == [row["list"], None]


def test_what_is_importable_reads_back_as_the_same_rows_in_an_empty_team(api: Api, serve: Serve) -> None:
    other = serve()
    for team in (api, other):
        define(team, name="Size", slug="size", type="select_str", options=[{"value": "00 Big", "slug": "big"}])
        define(team, name="Code", slug="code", type="str")
    sent = [
        {"default": {"name": "=1+1", "code": "00123", "size": "big", "amount": 12345678901234567890}},
        {"default": {"name": "line\r\nend", "code": "  ", "amount": "0.10"}},
    ]
    assert api.start(sent, "deal").json()["failed"] == 0
    rows = lines_of(api, "deal", importable=True)
    answer = other.start(rows, "deal").json()
    assert (answer["created"], answer["failed"]) == (2, 0)
    assert lines_of(other, "deal", importable=True) == rows


def test_people_go_to_an_empty_team_with_the_addresses_of_their_contacts(api: Api, serve: Serve) -> None:
    make_id(api, "identity", full_name="Ada", email_addresses=["ada@acme.org", "ada@home.org"])
    [row] = lines_of(api, "identity", importable=True)
    assert row == {"default": {"full_name": "Ada", "email_addresses": ["ada@acme.org", "ada@home.org"]}}
    other = serve()
    assert other.start([row], "identity").json()["created"] == 1
    assert lines_of(other, "identity", importable=True) == [row]


def test_contacts_go_to_another_team_with_their_companies_by_domain(api: Api, serve: Serve) -> None:
    acme = make_id(api, "organization", name="Acme", primary_domain="acme.org")
    nameless = make_id(api, "organization", name="No domain")
    make_id(api, email="ada@acme.org", company=acme)
    make_id(api, email="bob@acme.org", company=nameless)
    ada, bob = lines_of(api, importable=True)
    assert ada == {"default": {"email": "ada@acme.org", "company": {"primary_domain": "acme.org"}}}
    assert bob["default"]["company"] == nameless
    assert [row["company"] for row in cells_of(api, importable=True)] == [acme, nameless]
    other = serve()
    there = make_id(other, "organization", primary_domain="acme.org")
    answer = other.start([ada, bob]).json()
    assert (answer["created"], answer["results"][1]["error"]["code"]) == (1, "not_found")
    [row] = lines_of(other, keys=False)
    assert row["default"]["company"] == there


def test_all_pages_come_once_and_nothing_that_is_made_meanwhile(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(export_page_rows_max=10)
    fill(api, 95)
    read = pages.query_page

    def reads_while_others_write(*given: Any, **named: Any) -> Any:
        make_id(api, "deal", name="Late")
        return read(*given, **named)

    monkeypatch.setattr("prismd.services.exports.pages.query_page", reads_while_others_write)
    # One is made before the newest is looked for, and so it was there at the start.
    names = [row["default"]["name"] for row in lines_of(api, "deal")]
    assert names == [f"Deal {at:05d}" for at in range(95)] + ["Late"]


def test_marks_tell_columns_and_cursors_and_a_cursor_goes_on(serve: Serve) -> None:
    api = serve(export_page_rows_max=10)
    fill(api, 25)
    head, *lines = lines_of(api, "deal", marks=True, query={"select": ["name"]})
    assert head["mark"]["total"] == 25
    assert [(column["name"], column["kind"]) for column in head["mark"]["columns"]] == [("id", "str"), ("name", "str")]
    marks = [line["mark"] for line in lines if "mark" in line]
    assert [mark["rows"] for mark in marks] == [10, 20, 25]
    assert marks[-1]["cursor"] is None
    rows = [line for line in lines if "mark" not in line]
    left = lines_of(api, "deal", query={"select": ["name"]}, cursor=marks[0]["cursor"])
    assert left == rows[10:]
    answer = export(api, "deal", query={"filter": [{"name": {"=": "x"}}]}, cursor=marks[0]["cursor"])
    assert refused(answer)[:2] == (400, "invalid_request")


def test_records_that_are_large_together_come_on_smaller_pages(serve: Serve) -> None:
    api = serve(read_bytes_max=200_000)
    texts = [str(at) * 9_000 for at in range(1, 10)] * 10
    assert api.start([{"default": {"name": text}} for text in texts], "deal").json()["created"] == 90
    assert [row["default"]["name"] for row in lines_of(api, "deal")] == texts


def test_a_record_that_no_request_may_read_breaks_the_stream_and_says_so(serve: Serve) -> None:
    api = serve(read_bytes_max=100_000, export_page_rows_max=10)
    fill(api, 20)
    assert api.start([{"default": {"name": "x" * 150_000}}], "deal").json()["created"] == 1
    with pytest.raises(httpx.RemoteProtocolError):
        export(api, "deal")
    with pytest.raises(httpx.RemoteProtocolError):
        export(api, "deal", format="csv")
    lines: list[str] = []
    url, headers = api.url + api.path("/deal/export"), {"x-api-key": api.key}
    with api.http.stream("POST", url, json={"marks": True}, headers=headers) as answer:
        parts = answer.iter_lines()
        with pytest.raises(httpx.RemoteProtocolError):
            lines.extend(parts)
    error = json.loads(lines[-1])["mark"]["error"]
    assert error["code"] == "invalid_request"
    assert "PRISMD_READ_BYTES_MAX" in error["message"]


def test_a_database_that_goes_away_breaks_the_stream(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(export_page_rows_max=10)
    fill(api, 50)
    read = pages.query_page
    calls: list[int] = []

    def fails_later(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) > 3:
            raise psycopg.OperationalError("it went away")
        return read(*given, **named)

    monkeypatch.setattr("prismd.services.exports.pages.query_page", fails_later)
    with pytest.raises(httpx.RemoteProtocolError):
        export(api, "deal")


def test_a_key_that_is_revoked_ends_its_exports(serve: Serve) -> None:
    api = serve(export_page_rows_max=10, events_heartbeat_s=0.02)
    rows = [{"default": {"name": f"{at} {'long' * 2_000}"}} for at in range(99)]
    for _ in range(20):
        assert api.start(rows, "deal").status_code == 200
    runtime = replace(api.runtime, now=system_clock)
    made = create_key(runtime, WantedKey(api.team, "test", scopes=Scopes.of(Scope)))
    url, headers = api.url + api.path("/deal/export"), {"x-api-key": made.key}
    with api.http.stream("POST", url, json={}, headers=headers) as answer:
        lines = answer.iter_lines()
        next(lines)
        revoke_key(runtime, made.id, team=None)
        time.sleep(0.2)
        with pytest.raises(httpx.RemoteProtocolError):
            list(lines)


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ({"query": {"sort": [{"name": "asc"}]}}, ".body.query.sort", "order of their creation"),
        ({"query": {"limit": 5}}, ".body.query.limit", "an export has no pages"),
        ({"filter": []}, ".body.filter", 'put it inside "query"'),
        ({"format": "xml"}, ".body.format", "ndjson"),
        ({"format": "csv", "marks": True}, ".body.marks", "ndjson"),
        ({"apostrophes": True}, ".body.apostrophes", "csv"),
        ({"query": {"select": ["nme"]}}, ".body.query.select[0]", 'did you mean "name"'),
        ({"query": {"select": ["company.contacts"]}}, ".body.query.select[0]", "other side"),
        ({"query": {"filter": [{"name": {"like": "x"}}]}}, ".body.query.filter[0].name.like", "like_regex"),
        ({"query": {"list_id": "x"}}, ".body.query.list_id", "there is no list"),
        ({"id": ["x"]}, ".body.id[0]", "id of a record"),
        ({"cursor": "x"}, ".body.cursor", "not a cursor"),
        ({"query": []}, ".body.query", "object"),
        ({"importable": "yes"}, ".body.importable", "true or false"),
        ({"deleted": "some"}, ".body.deleted", "only"),
    ],
)
def test_a_wrong_member_is_named(api: Api, asked: dict[str, Any], field: str, words: str) -> None:
    answer = export(api, "deal", **asked)
    assert answer.status_code == 400, answer.text
    [problem] = answer.json()["error"]["errors"]
    assert problem["field"] == field, problem
    assert words in problem["message"], problem


def test_cells_are_unaltered_unless_apostrophes_are_asked_for(api: Api) -> None:
    make_id(api, "deal", name="=HYPERLINK(1)")
    assert cells_of(api, "deal")[0]["name"] == "=HYPERLINK(1)"
    assert cells_of(api, "deal", apostrophes=True)[0]["name"] == "'=HYPERLINK(1)"


def test_a_key_exports_what_it_may_read(api: Api) -> None:
    acme = make_id(api, "organization", primary_domain="acme.org")
    make_id(api, email="ada@acme.org", company=acme)
    key = api.make_key(None, "read:contact")
    answer = api.send("POST", "/contact/export", json={"marks": True}, key=key)
    head, row, _ = map(json.loads, answer.text.splitlines())
    assert row["default"]["company"] == acme
    assert "company.primary_domain" in head["mark"]["left_out"]
    answer = api.send("POST", "/deal/export", json={}, key=key)
    assert refused(answer)[:2] == (403, "missing_scope")
    answer = api.send("POST", "/contact/export", json={"query": {"select": ["company.name"]}}, key=key)
    assert refused(answer)[:2] == (403, "missing_scope")


def test_an_export_is_in_the_audit(api: Api) -> None:
    export(api, "deal", format="csv", query={"filter": [{"name": {"=": "secret"}}]})
    [entry] = api.send("GET", "/audit", params={"action": "record.exported"}).json()["data"]
    assert (entry["object_type"], entry["details"]) == ("deal", {"format": "csv", "filters": 1})


def test_a_team_has_a_limited_number_of_exports_at_once(serve: Serve) -> None:
    api = serve(exports_per_team_max=1)
    fill(api, 3)
    seats = exports_seats(api)
    seats.take(api.team_id())
    answer = export(api, "deal")
    assert refused(answer)[:2] == (429, "too_many_exports")
    assert int(answer.headers["retry-after"]) > 0
    seats.leave(api.team_id())
    # Neither a refused export nor one that ended keeps a seat.
    assert export(api, "deal", format="xml").status_code == 400
    assert export(api, "deal").status_code == 200
    eventually(lambda: seats.taken == 0)


def exports_seats(api: Api) -> Any:
    return api.app._app.state.exports


def client_of(api: Api) -> PrismClient:
    """A client that waits for nothing."""
    return PrismClient(api.url, api.key, api.team, Outside(lambda _: None, time.monotonic, lambda: 0.5, system_clock))


def names_in(pages_: list[list[bytes]]) -> list[str]:
    return [json.loads(row)["default"]["name"] for page in pages_ for row in page]


def test_a_client_goes_on_behind_its_last_whole_page(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(export_page_rows_max=10)
    fill(api, 95)
    read, calls = pages.query_page, itertools.count()

    def fails_now_and_then(*given: Any, **named: Any) -> Any:
        if next(calls) % 5 == 4:
            raise psycopg.OperationalError("it went away")
        return read(*given, **named)

    monkeypatch.setattr("prismd.services.exports.pages.query_page", fails_now_and_then)
    with client_of(api) as client:
        run = ExportRun(client, "deal", {})
        assert names_in(list(run.pages())) == [f"Deal {at:05d}" for at in range(95)]
    assert run.breaks > 1


def test_half_a_page_that_came_before_a_break_does_not_count(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(export_page_rows_max=10)
    fill(api, 45)
    lines, cuts = importer_exports._lines, iter([17, 3, 26])

    def cut(response: httpx.Response) -> Iterator[bytes]:
        most = next(cuts, None)
        yield from itertools.islice(lines(response), most)
        if most is not None:
            raise httpx.ReadError("the connection was reset")

    monkeypatch.setattr(importer_exports, "_lines", cut)
    with client_of(api) as client:
        run = ExportRun(client, "deal", {})
        assert names_in(list(run.pages())) == [f"Deal {at:05d}" for at in range(45)]
    assert run.breaks == 3


def test_a_stream_that_ends_without_its_last_mark_is_not_whole(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    api = serve(export_page_rows_max=10)
    fill(api, 45)
    lines = importer_exports._lines
    monkeypatch.setattr(importer_exports, "_lines", lambda response: itertools.islice(lines(response), 5))
    with client_of(api) as client:
        run = ExportRun(client, "deal", {})
        with pytest.raises(ClientError, match="broke off 9 times in a row"):
            list(run.pages())


def test_a_lasting_refusal_is_told_at_once(api: Api) -> None:
    with client_of(api) as client:
        run = ExportRun(client, "deal", {"query": {"select": ["nme"]}})
        with pytest.raises(ClientError, match='did you mean "name"'):
            list(run.pages())
    assert run.breaks == 0
