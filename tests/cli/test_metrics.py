"""Metrics of a real server: what they say of known requests and imports, also after restarts, and what they cost."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from launch.programs import children_of
from prismd.api.document.operations import OPERATIONS
from prismd.settings import Settings
from prismd.telemetry.declared import METRICS
from tests.processes import PATIENCE_S, RunningServer, ended, eventually, start_prismd, url_of

KEY, TEAM = "a-key-for-metrics-that-is-long-7Wq2", "0c9f4f2a-31c4-4a5d-9a4f-0f6f3f1f8a12"
IMPORTS = "/v2/prism/{teamId}/{objectType}/import"

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Observed:
    """A server whose metrics are read."""

    def __init__(self, directory: Path, database_url: str, **settings: str) -> None:
        self.port = free_port()
        environment = {
            "MICRO_TEAM_ID": TEAM,
            "MICRO_API_KEY": KEY,
            "PRISMD_DATABASE_URL": database_url,
            "PRISMD_METRICS_PORT": str(self.port),
            "TMPDIR": str(directory),
            **settings,
        }
        process = start_prismd(["serve", "--port", "0"], environment, directory)
        self.server = RunningServer(url_of(process), KEY, TEAM, database_url, process)

    def read(self) -> Samples:
        answer = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=PATIENCE_S)
        assert answer.status_code == 200
        families = list(text_string_to_metric_families(answer.text))
        known = {one.name.removesuffix("_total") for one in METRICS}
        assert {family.name for family in families} <= known
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in families
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples with some labels, from a page that is made anew."""
        time.sleep(1.1)
        return total(self.read(), name, **labels)

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = f"{self.server.url}/v2/prism/{TEAM}{path}"
        return httpx.request(method, url, headers={"x-api-key": KEY}, timeout=PATIENCE_S, **options)

    def import_rows(self, rows: int, first: int = 0, **options: Any) -> None:
        objects: list[Any] = [{"default": {"email": f"p{first + number}@x.org"}} for number in range(rows)]
        objects.append({"default": {"email": 5}})
        body = {"objects": objects, "options": {"dedupe_by": "email", **options}}
        job = self.send("POST", "/contact/import", json=body).json()["job_id"]
        eventually(lambda: job is None or self.send("GET", f"/imports/{job}").json()["status"] != "processing")

    def kill(self, program: str) -> None:
        """Kill a process of the server, and wait for its successor."""
        [pid] = [pid for pid, line in children_of(self.server.process.pid).items() if program in line]
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: [pid] != [new for new, line in self._children() if program in line] != [])

    def stop(self) -> None:
        self.server.process.send_signal(signal.SIGTERM)
        code, _, errors = ended(self.server.process)
        assert code == 0, errors

    def _children(self) -> list[tuple[int, str]]:
        return list(children_of(self.server.process.pid).items())


def total(samples: Samples, name: str, **labels: str) -> float:
    wanted = labels.items()
    return sum(value for (found, with_), value in samples.items() if found == name and wanted <= dict(with_).items())


@pytest.fixture
def database(make_database: Callable[[], str]) -> str:
    return make_database()


def test_they_say_what_was_done(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database, PRISMD_ROWS_PER_CHUNK="100")
    for _ in range(3):
        assert observed.send("GET", "/imports").status_code == 200
    assert observed.send("GET", "/contact/nobody").status_code == 404
    assert observed.send("DELETE", "/imports").status_code == 405
    observed.import_rows(20)
    observed.import_rows(250, first=10, on_match="update")
    observed.import_rows(250, dry_run=True)
    time.sleep(1.1)
    samples = observed.read()
    requests = "prismd_http_requests_total"
    listed = {"route": "/v2/prism/{teamId}/imports"}
    assert total(samples, requests, method="GET", status="200", **listed) == 3
    assert total(samples, requests, method="other", status="405", **listed) == 1
    assert total(samples, requests, route="/v2/prism/{teamId}/{objectType}/{recordId}", status="404") == 1
    assert total(samples, requests, route=IMPORTS, method="POST") == 3
    assert total(samples, "prismd_http_request_duration_seconds_count", route=IMPORTS) == 3
    rows = {
        (outcome, dry): total(samples, "prismd_import_rows_total", outcome=outcome, dry_run=dry)
        for outcome in ("created", "existing", "updated", "failed")
        for dry in ("false", "true")
    }
    assert rows == {
        ("created", "false"): 260, ("existing", "false"): 10, ("updated", "false"): 0, ("failed", "false"): 2,
        ("created", "true"): 0, ("existing", "true"): 250, ("updated", "true"): 0, ("failed", "true"): 1,
    }  # fmt: skip
    assert total(samples, "prismd_import_chunks_total", result="done") == 6
    phases = {dict(labels)["phase"] for name, labels in samples if name.endswith("phase_duration_seconds_count")}
    assert phases == {"claim", "read", "lock", "parse", "resolve", "match", "write", "finish", "commit"}
    for phase in phases:
        assert total(samples, "prismd_import_phase_duration_seconds_count", phase=phase, kind="job") == 6
    assert total(samples, "prismd_import_phase_duration_seconds_count", phase="write", kind="request") == 1
    assert total(samples, "prismd_import_jobs") == total(samples, "prismd_import_rows_waiting") == 0
    assert total(samples, "prismd_workers") == 1
    assert total(samples, "prismd_database_up") == 1
    assert total(samples, "prismd_database_bytes") > 2**20
    assert total(samples, "prismd_database_table_bytes", table="record_key", part="rows") > 0
    assert total(samples, "prismd_pool_connections") >= 2
    processes = {dict(labels)["process"] for name, labels in samples if name == "prismd_process_resident_bytes"}
    assert processes == {"server", "worker-0"}
    assert not [labels for _, labels in samples if TEAM in str(labels) or KEY in str(labels)]
    observed.stop()
    assert list(tmp_path.glob("prismd-metrics-*")) == []


def test_they_outlive_the_processes_that_count(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database, PRISMD_PROCESSES="2", PRISMD_WORKERS="1")
    observed.import_rows(150)
    observed.import_rows(50, first=1_000)
    before = observed.value("prismd_http_requests_total", route=IMPORTS)
    assert before == 2
    assert observed.value("prismd_import_rows_total", outcome="created") == 200
    files = sorted(path.name for path in tmp_path.glob("prismd-metrics-*/*"))
    for round_ in range(2):
        observed.kill("--name worker-0")
        observed.kill("--number 0")
        observed.import_rows(150, first=10_000 * (1 + round_))
        assert observed.value("prismd_import_rows_total", outcome="created") == 200 + 150 * (1 + round_)
        assert observed.value("prismd_http_requests_total", route=IMPORTS) == before + 1 + round_
        assert observed.value("prismd_process_restarts_total", program="worker") == 1 + round_
        assert observed.value("prismd_process_restarts_total", program="API process") == 1 + round_
    # A restart makes no further file, so scrapes cost what they cost.
    assert sorted(path.name for path in tmp_path.glob("prismd-metrics-*/*")) == files
    observed.stop()


def test_no_client_can_make_them_many(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database)
    url = urlsplit(observed.server.url)
    templates = {operation.path for operation in OPERATIONS}
    with contextlib.closing(HTTPConnection(str(url.hostname), url.port, timeout=PATIENCE_S)) as client:
        for number in range(400):
            method = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "PROPFIND", "OPTIONS")[number % 8]
            path = (
                f"/{number}/x", f"/v2/prism/team-{number}/imports/{number}", f"/v2/prism/{number}/type-{number}/query",
                f"/v2/prism/{TEAM}/contact/%0a{number}", "//" * (number % 9), f"/v1/{number}", f"/metrics?{number}",
            )[number % 7]  # fmt: skip
            client.request(method, path or "/")
            client.getresponse().read()
    for raw in (b"\x00\r\n\r\n", b"GET / HTTP/7.7\r\n\r\n", b"GET /" + b"a" * 99_000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection((url.hostname, url.port), timeout=PATIENCE_S) as connection:
            connection.sendall(raw)
            connection.recv(65536)
    time.sleep(1.1)
    samples = observed.read()
    labels = [dict(labels) for name, labels in samples if name == "prismd_http_requests_total"]
    assert {one["route"] for one in labels} <= {*templates, "other", "unread"}
    assert {one["method"] for one in labels} <= {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other"}
    assert len(labels) < 80
    assert total(samples, "prismd_http_requests_total") >= 400
    assert total(samples, "prismd_http_requests_total", route="unread") == 3
    observed.stop()


def test_scrapes_are_answered_in_time_while_the_database_is_away(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database, PRISMD_DATABASE_WAIT_S="2")
    assert observed.value("prismd_database_up") == 1
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    admin = psycopg.conninfo.make_conninfo(database, dbname="postgres")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        time.sleep(1.1)
        began = time.monotonic()
        samples = observed.read()
        assert time.monotonic() - began < 10
        assert total(samples, "prismd_database_up") == 0
        assert ("prismd_workers", frozenset()) not in samples
        assert ("prismd_pool_waiting", frozenset()) in samples
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
    eventually(lambda: observed.value("prismd_database_up") == 1)
    observed.stop()


def test_bytes_of_bodies_are_in_flight_until_they_are_answered(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database)
    url = urlsplit(observed.server.url)
    body = json.dumps({"objects": [{"default": {"email": "ada@x.org", "first_name": "A" * 200_000}}]}).encode()
    head = (
        f"POST /v2/prism/{TEAM}/contact/import HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((url.hostname, url.port), timeout=PATIENCE_S) as connection:
        connection.sendall(head.encode() + body[:-1])
        eventually(lambda: observed.value("prismd_body_bytes_in_flight") == len(body) - 1)
        connection.sendall(body[-1:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    eventually(lambda: observed.value("prismd_body_bytes_in_flight") == 0)
    observed.stop()


def test_nothing_else_is_served_there(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database)
    base = f"http://127.0.0.1:{observed.port}"
    assert httpx.get(f"{base}/").status_code == 404
    assert httpx.post(f"{base}/metrics").status_code == 405
    assert httpx.head(f"{base}/metrics").content == b""
    open_metrics = httpx.get(f"{base}/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert open_metrics.headers["content-type"].startswith("application/openmetrics-text")
    assert open_metrics.text.endswith("# EOF\n")
    assert httpx.get(f"{observed.server.url}/metrics").status_code == 404
    observed.stop()


def test_a_worker_by_itself_serves_its_own(tmp_path: Path, database: str) -> None:
    observed = Observed(tmp_path, database, PRISMD_WORKERS="0")
    port = free_port()
    environment = {"PRISMD_DATABASE_URL": database, "PRISMD_METRICS_PORT": str(port), "TMPDIR": str(tmp_path)}
    worker = start_prismd(["worker"], environment, tmp_path)
    observed.import_rows(150)
    samples = Observed.read(_at(port))
    assert total(samples, "prismd_import_rows_total", outcome="created") == 150
    assert observed.value("prismd_import_rows_total", outcome="created") == 0
    worker.send_signal(signal.SIGTERM)
    code, _, errors = ended(worker)
    assert code == 0, errors
    observed.stop()
    assert list(tmp_path.glob("prismd-metrics-*")) == []


def _at(port: int) -> Observed:
    observed = Observed.__new__(Observed)
    observed.port = port
    return observed


def test_they_are_off_and_private_unless_somebody_says_otherwise() -> None:
    assert Settings().metrics_port == 0
    assert Settings().metrics_host == "127.0.0.1"


def test_an_address_that_is_taken_is_told(tmp_path: Path, database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        environment = {"PRISMD_DATABASE_URL": database, "PRISMD_METRICS_PORT": port}
        code, _, errors = ended(start_prismd(["serve", "--port", "0"], environment, tmp_path))
    assert code != 0
    assert f"port {port} of 127.0.0.1 is in use: choose another with PRISMD_METRICS_PORT" in errors
