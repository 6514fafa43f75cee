"""Every error code of the documentation, provoked once; and the envelope, wherever an error comes from."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg_pool import ConnectionPool
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from prismd.core.errors import HTTP_STATUS, JOB_CODES, ROW_CODES
from prismd.services.files.uploads import Announced, add_bytes, begin_upload
from prismd.services.session import Session
from tests.api.test_exports import exports_seats
from tests.api.test_fair_reading import many, query, records_locked, waiting
from tests.processes import eventually

if TYPE_CHECKING:
    from prismd.core.files import StoredFile
    from prismd.services.session import Transaction
    from tests.api.conftest import Api
    from tests.conftest import Clock

ERRORS_PAGE = Path(__file__).parents[2] / "docs" / "errors.md"


def code_of(response: httpx.Response) -> str:
    """Return the code of an error, after checking the whole envelope."""
    body = response.json()
    assert response.headers["content-type"] == "application/json"
    assert set(body) == {"error"}
    error = body["error"]
    assert set(error) <= {"code", "message", "request_id", "errors", "details"}
    assert error["request_id"] == response.headers["x-request-id"]
    assert error["message"]
    assert HTTP_STATUS[error["code"]] == response.status_code
    for problem in error.get("errors", ()):
        assert set(problem) == {"field", "message", "code"}
        assert problem["field"].startswith((".body", ".path.", ".query.", ".headers."))
        assert problem["code"].endswith(".openapi.validation")
    return str(error["code"])


def _invalid(api: Api) -> httpx.Response:
    return api.send("POST", "/contact/import", content="{")


def _name_taken(api: Api) -> httpx.Response:
    return [api.send("POST", "/contact/properties", json={"name": "Shoe size", "type": "num"}) for _ in range(2)][-1]


def _slug_taken(api: Api) -> httpx.Response:
    return api.send("POST", "/contact/properties", json={"name": "Another", "type": "str", "slug": "email"})


def _colour(api: Api) -> dict[str, Any]:
    options = [{"value": "Red"}, {"value": "Blue"}]
    made = api.send("POST", "/contact/properties", json={"name": "Colour", "type": "select_str", "options": options})
    assert made.status_code == 201, made.text
    assert api.start([{"default": {"colour": "red"}}]).json()["created"] == 1
    return dict(made.json())


def _property_in_use(api: Api) -> httpx.Response:
    return api.send("DELETE", f"/contact/properties/{_colour(api)['id']}?type=select_str")


def _option_in_use(api: Api) -> httpx.Response:
    made = _colour(api)
    option = next(option["id"] for option in made["options"] if option["slug"] == "red")
    return api.send("DELETE", f"/contact/properties/{made['id']}/options/{option}?type=select_str")


def _multiple_matches(api: Api) -> httpx.Response:
    api.start([{"default": {"full_name": "Ada"}}] * 2)
    return api.send("GET", "/contact/by/full_name/ada")


def _mismatch(api: Api) -> httpx.Response:
    return [api.start([{}] * count, idempotency_key="k") for count in (1, 2)][-1]


def _backfill_needed(api: Api) -> httpx.Response:
    api.start([{}])
    made = api.send("POST", "/contact/properties", json={"name": "Shoe size", "type": "num"}).json()
    return api.send("PATCH", f"/contact/properties/{made['id']}", json={"type": "num", "required": True})


def _id_taken(api: Api) -> httpx.Response:
    view = {"name": "All", "view_type": "grid", "id": "01920000-0000-7000-8000-000000000000"}
    return [api.send("POST", "/deal/views", json=view) for _ in range(2)][-1]


def _precondition_failed(api: Api) -> httpx.Response:
    made = api.send("POST", "/contact", json={"default": {}}).json()
    return api.send("PATCH", f"/contact/{made['id']}", json={"default": {}}, headers={"if-match": '"7"'})


def _key_taken(api: Api) -> httpx.Response:
    ada = {"default": {"email": "ada@example.org"}}
    first = api.send("POST", "/contact", json=ada).json()["id"]
    api.send("DELETE", f"/contact/{first}")
    api.send("POST", "/contact", json=ada)
    return api.send("POST", f"/contact/{first}/restore")


PROVOKED: dict[str, Callable[[Api], httpx.Response]] = {
    "invalid_request": _invalid,
    "unauthorized": lambda api: api.send("GET", "/imports", key=None),
    "forbidden": lambda api: api.send("GET", "/imports", key="wrong"),
    "missing_scope": lambda api: api.send("GET", "/imports", key=api.make_key(None, "admin")),
    "not_found": lambda api: api.send("GET", "/imports/unknown"),
    "method_not_allowed": lambda api: api.send("DELETE", "/imports"),
    "idempotency_key_mismatch": _mismatch,
    "multiple_matches": _multiple_matches,
    "name_taken": _name_taken,
    "slug_taken": _slug_taken,
    "property_in_use": _property_in_use,
    "option_in_use": _option_in_use,
    "required_backfill_needed": _backfill_needed,
    "id_taken": _id_taken,
    "precondition_failed": _precondition_failed,
    "key_taken": _key_taken,
}


@pytest.mark.parametrize("code", PROVOKED)
def test_provokes_each_code_of_the_documentation(api: Api, code: str) -> None:
    assert code_of(PROVOKED[code](api)) == code


def test_provokes_headers_too_large(api: Api) -> None:
    assert (
        code_of(api.send("GET", "/imports", headers={f"x-{number}": "" for number in range(100)}))
        == "headers_too_large"
    )


def test_provokes_uri_too_long(api: Api) -> None:
    assert code_of(api.send("GET", f"/imports?{'x' * 20_000}")) == "uri_too_long"


def test_provokes_request_timeout(serve: Callable[..., Api]) -> None:
    api = serve(request_head_s=0.2)
    head, body = _raw(api.url, b"GET /healthz HTTP/1.1\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"]["code"] == "request_timeout"


def test_provokes_payload_too_large(serve: Callable[..., Api]) -> None:
    response = serve(body_bytes_max=1024).start([{"default": {"full_name": "x" * 1024}}])
    assert code_of(response) == "payload_too_large"
    assert "1024 bytes" in response.json()["error"]["message"]


def test_provokes_idempotency_key_stale(api: Api, clock: Clock) -> None:
    assert api.start([], idempotency_key="k").status_code == 200
    clock.advance(hours=24)
    assert code_of(api.start([], idempotency_key="k")) == "idempotency_key_stale"


def test_provokes_idempotency_key_in_progress(api: Api) -> None:
    with api.runtime.of_all_teams() as other:
        other.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('idempotency ' || %s::text || ' k', 0))", (api.team_id(),)
        )
        response = api.start([], idempotency_key="k")
    assert code_of(response) == "idempotency_key_in_progress"
    assert response.headers["retry-after"] == "1"
    assert response.headers["x-should-retry"] == "true"


def test_provokes_rate_limited(serve: Callable[..., Api], clock: Clock) -> None:
    api = serve(requests_per_second_max=0.5)
    assert api.send("GET", "/imports").status_code == 200
    refused = api.send("GET", "/imports")
    assert code_of(refused) == "rate_limited"
    clock.advance(seconds=int(refused.headers["retry-after"]))
    assert api.send("GET", "/imports").status_code == 200


def test_provokes_internal_error_and_tells_no_more_than_that(serve: Callable[..., Api]) -> None:
    def broken_clock() -> None:
        raise RuntimeError("the secret reason")

    with capture_logs(processors=[merge_contextvars]) as logs:
        response = serve(now=broken_clock).send("GET", "/imports")
    assert code_of(response) == "internal_error"
    assert response.json()["error"]["message"] == "Internal error"
    [logged] = logs
    assert logged["request_id"] == response.headers["x-request-id"]
    assert str(logged["exc_info"]) == "the secret reason"


def test_provokes_service_unavailable(serve: Callable[..., Api]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    with ConnectionPool(f"host=127.0.0.1 port={port} dbname=x", min_size=0, max_size=1, timeout=0.2, open=True) as pool:
        api = serve(pool=pool)
        for path in ("/healthz", "/imports"):
            response = api.send("GET", path)
            assert code_of(response) == "service_unavailable"
            assert response.headers["retry-after"] == "1"
        assert api.send("GET", "/healthz/live").json() == {"status": "ok"}


def test_provokes_query_timeout(serve: Callable[..., Api]) -> None:
    api = serve(query_timeout_s=0.2)
    with api.runtime.of_all_teams() as other:
        other.execute("LOCK TABLE record IN ACCESS EXCLUSIVE MODE")
        response = api.send("POST", "/contact/query", json={"query": {"select": []}})
    assert code_of(response) == "query_timeout"
    assert api.send("POST", "/contact/query", json={"query": {"select": []}}).status_code == 200


def test_provokes_not_deleted(api: Api) -> None:
    made = api.send("POST", "/contact", json={}).json()["id"]
    [item] = api.send("POST", "/contact/batch/purge", json={"ids": [made]}).json()["results"]
    assert item["error"]["code"] == "not_deleted"


def _job(api: Api, *, done: bool = False) -> str:
    accepted = api.start([{}] * 100)
    if done:
        api.work()
    return f"/imports/{accepted.json()['job_id']}"


def test_provokes_import_ended(api: Api) -> None:
    assert code_of(api.send("POST", f"{_job(api, done=True)}/cancel")) == "import_ended"


def test_provokes_import_not_ended(api: Api) -> None:
    assert code_of(api.send("POST", f"{_job(api)}/retry")) == "import_not_ended"


def test_provokes_nothing_to_undo(api: Api) -> None:
    job = api.start([{}] * 100, dry_run=True).json()["job_id"]
    api.work()
    assert code_of(api.send("POST", f"/imports/{job}/undo")) == "nothing_to_undo"


def test_provokes_unreadable_file(api: Api) -> None:
    file = api.send("POST", "/files?name=people.csv.gz", content=b"\x1f\x8b\x08 cut off").json()["id"]
    assert code_of(api.send("GET", f"/files/{file}/profile")) == "unreadable_file"


def test_provokes_file_not_whole(api: Api) -> None:
    file = Session(api.runtime, api.team_id()).do(begin_upload, Announced(name="a.csv"))
    assert code_of(api.send("GET", f"/files/{file.id}/content")) == "file_not_whole"


def test_provokes_upload_offset_mismatch(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def deleted(transaction: Transaction, file: StoredFile, data: bytes) -> StoredFile:
        api.send("DELETE", f"/files/{file.id}")
        return add_bytes(transaction, file, data)

    monkeypatch.setattr("prismd.api.files.uploads.add_bytes", deleted)
    assert code_of(api.send("POST", "/files?name=a.csv", content=b"some")) == "upload_offset_mismatch"


def test_provokes_too_many_files(serve: Callable[..., Api]) -> None:
    api = serve(files_max=1)
    assert api.send("POST", "/files?name=a.csv", content=b"some").status_code == 201
    refused = api.send("POST", "/files?name=b.csv", content=b"more")
    assert code_of(refused) == "too_many_files"
    assert int(refused.headers["retry-after"]) > 0


def test_provokes_too_many_exports(serve: Callable[..., Api]) -> None:
    api = serve(exports_per_team_max=1)
    exports_seats(api).take(api.team_id())
    assert code_of(api.send("POST", "/contact/export", json={})) == "too_many_exports"


def test_provokes_nothing_to_retry(api: Api) -> None:
    assert code_of(api.send("POST", f"{_job(api, done=True)}/retry")) == "nothing_to_retry"


def test_provokes_too_many_imports(serve: Callable[..., Api]) -> None:
    api = serve(active_jobs_per_team_max=1)
    path = _job(api)
    refused = api.start([{}] * 100)
    assert code_of(refused) == "too_many_imports"
    assert int(refused.headers["retry-after"]) > 0
    assert api.start([{}]).status_code == 200
    assert api.send("POST", f"{path}/cancel").status_code == 200
    assert api.start([{}] * 100).status_code == 202


def test_provokes_too_many_bytes(serve: Callable[..., Api]) -> None:
    api = serve(body_bytes_max=2**16, team_bodies_bytes_max=2**16)
    address = api.server.servers[0].sockets[0].getsockname()
    head = f"POST {api.path('/contact/import')} HTTP/1.1\r\nhost: x\r\nx-api-key: {api.key}\r\n"
    asking = f"{head}content-length: 60000\r\nexpect: 100-continue\r\n\r\n".encode()
    with socket.create_connection(address) as slow, socket.create_connection(address) as other:
        slow.sendall(asking)
        assert slow.recv(100).startswith(b"HTTP/1.1 100 ")
        other.sendall(asking)
        assert other.recv(100).startswith(b"HTTP/1.1 429 ")  # without having asked for the body
        refused = api.start([{"default": {"full_name": "x" * 10_000}}])
        assert code_of(refused) == "too_many_bytes"
        assert int(refused.headers["retry-after"]) > 0
        assert api.start([{}]).status_code == 200
    eventually(lambda: api.start([{"default": {"full_name": "x" * 10_000}}]).status_code == 200)


def test_provokes_too_many_requests(serve: Callable[..., Api]) -> None:
    api = serve(requests_per_team_max=1, request_turn_s=0.5)
    with many(2) as submit, records_locked(api):
        submit(query, api)
        eventually(lambda: waiting(api) == 1)
        refused = submit(query, api).result()
    assert code_of(refused) == "too_many_requests"
    assert int(refused.headers["retry-after"]) > 0


def test_provokes_too_many_event_streams(serve: Callable[..., Api]) -> None:
    api = serve(event_streams_max=1)
    path = f"{_job(api)}/events"
    with api.http.stream("GET", api.url + api.path(path), headers={"x-api-key": api.key}):
        assert code_of(api.send("GET", path)) == "too_many_event_streams"


def test_every_code_of_an_answer_is_provoked_above() -> None:
    own_tests = set(
        re.findall(r"def test_provokes_([a-z_]+?)(?:_and_tells_no_more_than_that)?\(", Path(__file__).read_text())
    )
    assert set(PROVOKED) | own_tests >= set(HTTP_STATUS)


def test_unknown_routes_and_methods_are_refused_with_the_envelope(api: Api) -> None:
    assert code_of(api.send("GET", "/nowhere")) == "not_found"
    assert code_of(api.send("GET", "/v2/prism")) == "not_found"
    refused = api.send("DELETE", "/contact/import")
    assert code_of(refused) == "method_not_allowed"
    assert set(refused.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
    assert set(api.send("DELETE", "/healthz").headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize(
    "request_text",
    [
        b"this is not HTTP\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: not a host/\r\nConnection: close\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"PROPFIND /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
def test_malformed_requests_are_refused_with_the_envelope(api: Api, request_text: bytes) -> None:
    head, body = _raw(api.url, request_text)
    assert re.match(rb"HTTP/1.1 4\d\d ", head)
    error = json.loads(body)["error"]
    assert f"x-request-id: {error['request_id']}".encode() in head.lower()


def test_a_client_that_leaves_before_its_body_is_whole_is_no_fault_of_the_server(api: Api) -> None:
    parts = urlsplit(api.url)
    head = f"POST /v2/prism/{api.team}/contact/import HTTP/1.1\r\nHost: x\r\nx-api-key: {api.key}\r\n"
    with capture_logs() as logs:
        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            connection.sendall(f"{head}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n".encode())
            assert connection.recv(65536).startswith(b"HTTP/1.1 100 "), "the server waits for the body"
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(65536) == b""
        assert api.send("GET", "/imports").status_code == 200
    assert logs == []


def test_a_success_carries_a_request_id_of_its_own(api: Api) -> None:
    ids = {api.send("GET", path).headers["x-request-id"] for path in ("/healthz", "/docs", "/imports", "/openapi.json")}
    assert len(ids) == 4


def test_every_409_but_one_in_progress_tells_clients_not_to_retry(api: Api) -> None:
    for provoke in (_mismatch, _multiple_matches):
        assert provoke(api).headers["x-should-retry"] == "false"


ROWS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "invalid_row": ([7], {}),
    "invalid_property": ([{"default": {"emial": "a@example.org"}}], {}),
    "invalid_value": ([{"default": {"first_interaction_date": "soon"}}], {}),
    "invalid_option": ([{"default": {"seniority": "emperor"}}], {}),
    "read_only_property": ([{"default": {"created_at": "2020-01-01"}}], {}),
    "missing_key": ([{"default": {"full_name": "Ada"}}], {"dedupe_by": "email", "require_key": True}),
    "not_found": ([{"default": {"company": "01920000-0000-7000-8000-000000000000"}}], {}),
}
# A row is the caller's; when the server is at fault, the whole part of the import is done again.
NEVER_OF_A_ROW = {"internal_error"}


@pytest.mark.parametrize("code", ROWS)
def test_provokes_each_code_of_a_row(api: Api, code: str) -> None:
    rows, options = ROWS[code]
    answer = api.start([*rows, {"default": {"full_name": "Grace", "email": "grace@example.org"}}], **options)
    assert answer.status_code == 200, answer.text
    refused, spared = answer.json()["results"]
    assert refused["error"]["code"] == code
    assert refused["errors"][0]["code"] == code
    assert refused["id"] is None
    assert spared["created"] is True


def test_a_row_that_matches_several_records_says_so(api: Api) -> None:
    api.start([{"default": {"full_name": "Ada"}}] * 2)
    row = api.start([{"default": {"full_name": "ADA"}}], dedupe_by="full_name").json()["results"][0]
    assert row["error"]["code"] == "multiple_matches"


def test_a_row_without_the_stage_that_its_list_demands_says_so(api: Api) -> None:
    made = api.send("POST", "/lists", json={"template_id": "sales_deals"}).json()
    options = {"list_id": made["id"], "require_list_stage": True}
    row = api.start([{"default": {"name": "x"}}], "deal", **options).json()["results"][0]
    assert row["error"]["code"] == "missing_required"


def test_a_reference_by_key_to_what_the_key_may_not_read_says_so(api: Api) -> None:
    key = api.make_key(api.team, "import:contact")
    rows = {"objects": [{"default": {"company": {"name": "Acme"}}}]}
    [row] = api.send("POST", "/contact/import", key=key, json=rows).json()["results"]
    assert row["error"]["code"] == "missing_scope"


def test_every_code_of_a_row_is_provoked_above() -> None:
    assert set(ROWS) | {"multiple_matches", "missing_required", "missing_scope"} | NEVER_OF_A_ROW == set(ROW_CODES)


def test_a_job_that_cannot_go_on_fails_with_its_error_and_the_results_so_far(
    serve: Callable[..., Api], clock: Clock
) -> None:
    api = serve(sync_rows_max=0, rows_per_chunk=1, step_attempts_max=1)
    location = api.start([{"default": {"full_name": name}} for name in ("Ada", "Grace")]).headers["location"]
    _damage_second_chunk(api)
    for _ in range(10):
        api.work()
        clock.advance(hours=1)
    job = api.send("GET", location).json()
    assert (job["status"], job["state"], job["processed"], job["total"]) == ("failed", "failed", 1, 2)
    assert job["error"]["code"] in JOB_CODES
    assert [result["created"] for result in job["results"]] == [True]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        *(("request", code) for code in HTTP_STATUS),
        *(("row", code) for code in ROW_CODES),
        *(("job", code) for code in JOB_CODES),
    ],
)
def test_every_code_is_documented_with_an_example_and_what_to_do(part: str, code: str) -> None:
    parts = dict(
        re.findall(r"^## Codes of a (\w+)\n(.*?)(?=^## |\Z)", ERRORS_PAGE.read_text(), re.MULTILINE | re.DOTALL)
    )
    section = re.search(rf"^### `{code}`\n(.*?)(?=^### |\Z)", parts[part], re.MULTILINE | re.DOTALL)
    assert section, f"docs/errors.md has no section on {code} of a {part}"
    assert re.search(r"\n```\w*\n.+\n```\n", section[1], re.DOTALL)
    assert "**What to do**: " in section[1]
    if part == "request":
        assert section[1].strip().startswith(f"Status {HTTP_STATUS[code]}")


def test_a_database_that_goes_away_in_the_middle_is_told_as_503_and_found_again(
    serve: Callable[..., Api], database_url: str
) -> None:
    conninfo = make_conninfo(database_url, application_name="cut off")
    with ConnectionPool(conninfo, min_size=2, max_size=2, timeout=20, open=True) as pool:
        api = serve(pool=pool)
        assert api.send("GET", "/imports").status_code == 200
        with psycopg.connect(conninfo, application_name="admin", autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cut off'")
        answers = [api.send("GET", "/imports") for _ in range(4)]
    assert code_of(answers[0]) == "service_unavailable"
    assert answers[-1].status_code == 200


def _damage_second_chunk(api: Api) -> None:
    with api.runtime.of_all_teams() as connection:
        connection.execute(
            "UPDATE import_chunk SET rows = %s WHERE team_id = %s AND number = 1", (b"damaged", api.team_id())
        )


def _raw(url: str, request_text: bytes) -> tuple[bytes, bytes]:
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(request_text)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, body = answer.split(b"\r\n\r\n", 1)
    return head, body
