"""No request reads or answers more than it may: it is refused with the name of the limit, and with what to do."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from prismd.core.records.reading_budget import VALUE_BYTES, ReadingBudget
from prismd.store.connections.postgres import connect
from tests.processes import eventually
from tests.refusals import error_of

if TYPE_CHECKING:
    from tests.api.conftest import Api

Serve = Callable[..., "Api"]

LARGE = "x" * 20_000
ANSWER = 100_000
READ = 300_000


@pytest.fixture
def api(serve: Serve) -> Api:
    return serve(answer_bytes_max=ANSWER, read_bytes_max=READ)


def made(api: Api, object_type: str = "contact", count: int = 1, **values: Any) -> list[str]:
    answer = api.start([{"default": values}] * count, object_type)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["results"]]


def too_large(answer: httpx.Response, *names: str) -> str:
    message: str = error_of(answer, 400, "invalid_request")["message"]
    assert any(f"({name})" in message for name in names), message
    return message


def query(api: Api, *select: str, object_type: str = "contact", **more: Any) -> httpx.Response:
    body = {"query": {"select": list(select), **more.pop("query", {})}, **more}
    return api.send("POST", f"/{object_type}/query", json=body)


def test_a_page_of_large_records_is_refused_and_fewer_of_them_are_not(api: Api) -> None:
    made(api, count=20, title=LARGE)
    for answer in (
        api.send("GET", "/contact"),
        query(api, "title"),
        api.send("GET", "/contact", params={"select": "title"}),
    ):
        message = too_large(answer, "PRISMD_READ_BYTES_MAX", "PRISMD_ANSWER_BYTES_MAX")
        assert "fewer" in message
    few = query(api, "title", query={"limit": 3})
    assert [len(row["properties"]["title"]) for row in few.json()["data"]] == [len(LARGE)] * 3
    assert few.json()["has_more"]
    everything, cursor = [], None
    while True:
        page = api.send("GET", "/contact", params={"limit": 3} if cursor is None else {"cursor": cursor}).json()
        everything += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(everything) == 20


def test_what_is_not_selected_counts_for_nothing(api: Api) -> None:
    made(api, count=30, title=LARGE, city="Rome")
    found = query(api, "city", "id", query={"limit": 30}).json()["data"]
    assert [row["properties"]["city"] for row in found] == ["Rome"] * 30
    assert len(api.send("GET", "/contact", params={"select": "city", "limit": 30}).json()["data"]) == 30


def test_the_records_of_a_view_are_a_page_like_any_other(api: Api) -> None:
    made(api, "deal", 20, name=LARGE)
    view = api.send("POST", "/deal/views", json={"name": "All", "view_type": "grid"}).json()["id"]
    for path in (f"/deal/views/{view}/records", f"/deal/views/{view}?include=records"):
        too_large(api.send("GET", path), "PRISMD_READ_BYTES_MAX", "PRISMD_ANSWER_BYTES_MAX")
    assert len(api.send("GET", f"/deal/views/{view}/records?limit=3").json()["data"]) == 3


def test_a_large_record_shown_in_many_places_counts_in_each(api: Api) -> None:
    [company] = made(api, "organization", name=LARGE)
    people = made(api, "contact", 20, company=company, title="T")
    message = too_large(query(api, "company.name"), "PRISMD_ANSWER_BYTES_MAX")
    assert "the answer would take more than 100,000 bytes" in message
    assert len(query(api, "company.name", query={"limit": 4}).json()["data"]) == 4
    # From the other side, and back again: 400 times what is stored once.
    paths = "contacts.company.contacts.company.name", "contacts.company.name"
    for path in paths:
        too_large(query(api, path, object_type="organization"), "PRISMD_ANSWER_BYTES_MAX")
        too_large(api.send("GET", f"/organization/{company}?select={path}"), "PRISMD_ANSWER_BYTES_MAX")
    assert api.send("GET", f"/contact/{people[0]}?select=company.name").json()["default"]["company"]["properties"] == {
        "name": LARGE
    }


def test_records_behind_references_are_read_within_limits(serve: Serve) -> None:
    api = serve(read_bytes_max=READ)
    companies = made(api, "organization", 20, name=LARGE)
    api.start([{"default": {"company": company}} for company in companies])
    too_large(query(api, "company.name"), "PRISMD_READ_BYTES_MAX")
    # What is not shown of them is not read.
    found = query(api, "company.created_at").json()["data"]
    assert len(found) == 20
    assert all(row["properties"]["company"]["properties"]["created_at"] for row in found)


def test_a_record_that_is_too_large_can_be_read_in_parts_and_deleted(api: Api) -> None:
    [record] = made(api, title=LARGE, city="Rome")
    for slug in ("full_name", "country", "linkedin", "twitter"):
        with connect(api.database_url, api.settings, autocommit=True) as other:
            other.execute(
                "UPDATE record SET properties = properties || jsonb_build_object(%s::text, %s::text) WHERE id = %s",
                (slug, "y" * 30_000, record),
            )
    too_large(api.send("GET", f"/contact/{record}"), "PRISMD_ANSWER_BYTES_MAX")
    assert api.send("GET", f"/contact/{record}?select=city").json()["default"] == {"city": "Rome"}
    assert api.send("DELETE", f"/contact/{record}").status_code == 204
    assert api.send("GET", f"/contact/{record}?select=city").status_code == 404


def test_a_batch_whose_answer_is_too_large_does_nothing(api: Api) -> None:
    [record] = made(api, title=LARGE)
    body = {"items": [{"id": record, "default": {"city": f"City {n}"}} for n in range(10)]}
    message = too_large(api.send("POST", "/contact/batch/update", json=body), "PRISMD_ANSWER_BYTES_MAX")
    assert "nothing was written: send fewer items at once" in message
    assert "city" not in api.send("GET", f"/contact/{record}").json()["default"]
    body["items"] = body["items"][:2]
    answer = api.send("POST", "/contact/batch/update", json=body)
    assert [one["status"] for one in answer.json()["results"]] == ["ok", "ok"]
    assert api.send("GET", f"/contact/{record}").json()["default"]["city"] == "City 1"


def test_a_batch_that_reads_too_much_does_nothing_and_its_repeat_is_told_so(api: Api) -> None:
    records = made(api, count=40, title=LARGE)
    items = [{"id": record, "default": {"city": "Rome"}} for record in records]
    for _ in range(2):
        answer = api.send("POST", "/contact/batch/update", json={"items": items}, headers={"idempotency-key": "once"})
        too_large(answer, "PRISMD_READ_BYTES_MAX")
    assert answer.headers["idempotent-replay"] == "true"
    assert query(api, "city", query={"filter": [{"city": {"=": "Rome"}}]}).json()["data"] == []
    # Deleting needs nothing of what they hold.
    assert api.send("POST", "/contact/batch/delete", json={"ids": records}).json()["summary"]["failed"] == 0
    assert api.send("POST", "/contact/batch/purge", json={"ids": records}).json()["summary"]["failed"] == 0


def test_a_write_whose_answer_is_too_large_does_nothing(serve: Serve) -> None:
    api = serve(answer_bytes_max=5_000)
    [record] = made(api, city="Rome")
    message = too_large(
        api.send("PATCH", f"/contact/{record}", json={"default": {"title": LARGE}}), "PRISMD_ANSWER_BYTES_MAX"
    )
    assert "nothing was written" in message
    too_large(api.send("POST", "/contact", json={"default": {"title": LARGE}}), "PRISMD_ANSWER_BYTES_MAX")
    assert api.send("GET", f"/contact/{record}").json()["default"]["city"] == "Rome"
    assert api.send("GET", "/contact/count").json()["total"] == 1


def test_a_value_that_many_records_have_is_looked_up_among_few(serve: Serve) -> None:
    api = serve(read_bytes_max=READ)
    made(api, count=90, city="Rome", title="x" * 10_000)
    for answer in (
        api.send("GET", "/contact/by/city/Rome"),
        api.send("PUT", "/contact/by/city/Rome", json={"default": {"title": "T"}}),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "multiple_matches")
        assert "more than 10 records have the city" in answer.json()["error"]["message"]
    [verdict] = api.start([{"default": {"city": "Rome"}}], dedupe_by="city").json()["results"]
    assert verdict["error"]["code"] == "multiple_matches"
    assert "more than 10 records carry this city" in verdict["error"]["message"]


def test_rows_that_match_large_records_are_imported_in_parts(serve: Serve) -> None:
    api = serve(read_bytes_max=50_000)
    api.start([{"default": {"email": f"{n}@x.org", "title": LARGE}} for n in range(8)])
    rows = [{"default": {"email": f"{n}@x.org", "city": "Rome"}} for n in range(8)]
    answer = api.start(rows, dedupe_by="email", on_match="update")
    assert [row["updated"] for row in answer.json()["results"]] == [True] * 8
    found = query(api, "city", query={"filter": [{"city": {"=": "Rome"}}]}).json()["data"]
    assert len(found) == 8


def test_a_list_of_large_views_is_refused_and_fewer_of_them_are_not(api: Api) -> None:
    for n in range(12):
        body = {"name": f"View {n}", "view_type": "grid", "filter": [{"name": {"=": LARGE}}]}
        assert api.send("POST", "/deal/views", json=body).status_code == 201
    too_large(api.send("GET", "/deal/views"), "PRISMD_READ_BYTES_MAX", "PRISMD_ANSWER_BYTES_MAX")
    assert len(api.send("GET", "/deal/views?limit=2").json()["data"]) == 2


def test_a_page_of_results_ends_early_where_verdicts_are_large(serve: Serve) -> None:
    api = serve(results_bytes_max=20_000, rows_per_chunk=500)
    rows: list[Any] = [
        {"default": {f"wrong_{n}_{m}": 1 for m in range(5)}} if n % 3 else {"default": {}} for n in range(1_200)
    ]
    job = api.start(rows).json()["job_id"]
    api.work()
    whole = api.send("GET", f"/imports/{job}").json()["results"]
    assert [row["input_index"] for row in whole] == list(range(1_200))
    for outcome in (None, "failed", "created"):
        wanted = [row for row in whole if outcome in (None, "failed" if "error" in row else "created")]
        found: list[Any] = []
        query: dict[str, Any] = {"limit": 1_000, **({"outcome": outcome} if outcome else {})}
        pages = 0
        while True:
            page = api.send("GET", f"/imports/{job}/results", params=query)
            assert len(page.content) < 400_000
            found += page.json()["data"]
            pages += 1
            if not page.json()["has_more"]:
                break
            query = {"cursor": page.json()["next_cursor"]}
        assert found == wanted
        assert pages > 1
        lines = api.send(
            "GET",
            f"/imports/{job}/results",
            params={"outcome": outcome} if outcome else {},
            headers={"accept": "application/x-ndjson"},
        )
        assert [json.loads(line) for line in lines.text.splitlines()] == wanted


def test_the_time_of_a_query_is_that_of_all_its_statements(serve: Serve) -> None:
    api = serve(query_timeout_s=0.5)
    [company] = made(api, "organization", name="Acme")
    made(api, company=company)
    assert query(api, "company.name", "company.contacts.email").status_code == 200
    with connect(api.database_url, api.settings) as other:
        other.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
        for answer in (
            query(api, "email"),
            api.send("GET", "/contact/count"),
            api.send("GET", "/contact"),
        ):
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "query_timeout"), answer.text
        other.rollback()


@contextmanager
def unread(api: Api, connections: int, body: bytes) -> Iterator[list[socket.socket]]:
    """Ask on some connections, and read nothing of the answers."""
    url = urlsplit(api.url)
    head = (
        f"POST {api.path('/contact/query')} HTTP/1.1\r\nhost: {url.netloc}\r\nx-api-key: {api.key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with ExitStack() as stack:
        opened = []
        for _ in range(connections):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            one.connect((url.hostname, url.port))
            one.sendall(head.encode() + body)
            opened.append(one)
        yield opened


def test_a_team_that_reads_none_of_its_answers_gets_no_more_of_them(serve: Serve) -> None:
    api = serve(unread_bytes_max=10_000_000)
    made(api, count=8, title="x" * 900_000)
    other = api.make_key(f"{api.team}-other")
    body = json.dumps({"query": {"select": ["title"]}}).encode()
    with unread(api, 5, body):
        eventually(lambda: api.send("GET", "/contact/count").status_code == 429)
        error = api.send("GET", "/contact/count")
        assert error.json()["error"]["code"] == "too_many_requests"
        assert "(PRISMD_UNREAD_BYTES_MAX)" in error.json()["error"]["message"]
        assert error.headers["retry-after"] == "1"
        path = f"/v2/prism/{api.team}-other/contact/count"
        assert api.send("GET", path, key=other).status_code == 200
    eventually(lambda: api.send("GET", "/contact/count").status_code == 200)
    assert len(api.send("POST", "/contact/query", content=body).json()["data"]) == 8


def test_a_budget_counts_bytes_of_text_and_values() -> None:
    budget = ReadingBudget(1_000)
    budget.take("é" * 100, 2)
    assert budget.taken == 200 + 2 * VALUE_BYTES
    budget.take("x" * 600)
    with pytest.raises(Exception, match=r"more than 1,000 bytes of records \(PRISMD_READ_BYTES_MAX\)"):
        budget.take("x")
    with pytest.raises(Exception, match="more than 1,000 bytes"):
        ReadingBudget(1_000).take(None)


def test_a_type_has_so_many_options_in_all(serve: Serve) -> None:
    api = serve(options_per_type_max=10, options_per_property_max=8)
    native = sum(
        len(prop.get("options", ())) for prop in api.send("GET", "/engagement/properties").json()["engagement"].values()
    )
    api = serve(options_per_type_max=native + 6)
    body = {"name": "Colour", "type": "select_str", "options": [{"value": f"Colour {n}"} for n in range(5)]}
    made = api.send("POST", "/engagement/properties", json=body)
    assert made.status_code == 201, made.text
    message = too_large(
        api.send("POST", "/engagement/properties", json={**body, "name": "Other"}), "PRISMD_OPTIONS_PER_TYPE_MAX"
    )
    assert "room for 1 more options in all" in message
    rows = [{"default": {"colour": f"New {n}"}} for n in range(3)]
    verdicts = api.start(rows, "engagement", create_missing_options=True).json()["results"]
    assert [row["created"] for row in verdicts] == [True, False, False]
    assert {row["error"]["code"] for row in verdicts[1:]} == {"invalid_option"}
    options = f"/engagement/properties/{made.json()['id']}/options"
    too_large(
        api.send("POST", options, json={"value": "One more", "type": "select_str"}), "PRISMD_OPTIONS_PER_TYPE_MAX"
    )
