"""Traces as a collector gets them, from a server and its worker, which are other processes."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.processes import PATIENCE_S, ended, eventually, start_prismd, url_of

KEY, TEAM = "a-key-for-traces-that-is-long-4Tz9", "5d5f4f2a-31c4-4a5d-9a4f-0f6f3f1f8a15"


class Collector:
    """Takes traces, as OpenTelemetry's own collectors do."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.take(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def take(self, sent: Any) -> None:
        for resource in sent.resource_spans:
            [place] = [
                one.value.string_value for one in resource.resource.attributes if one.key == "service.instance.id"
            ]
            self.spans += [(place, span) for scope in resource.scope_spans for span in scope.spans]

    def of(self, trace_id: str) -> set[tuple[str, str]]:
        """Return which process made which spans of a trace."""
        return {(place, span.name) for place, span in self.spans if span.trace_id.hex() == trace_id.replace("-", "")}


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.mark.parametrize("processes", [1, 2])
def test_the_trace_of_an_import_goes_on_in_the_worker(
    tmp_path: Path, make_database: Callable[[], str], collector: Collector, processes: int
) -> None:
    environment = {
        "MICRO_TEAM_ID": TEAM,
        "MICRO_API_KEY": KEY,
        "PRISMD_DATABASE_URL": make_database(),
        "PRISMD_TRACES_ENDPOINT": collector.url,
        "PRISMD_PROCESSES": str(processes),
    }
    process = start_prismd(["serve", "--port", "0"], environment, tmp_path)
    imports = f"{url_of(process)}/v2/prism/{TEAM}/contact/import"
    body = {"objects": [{"default": {"email": f"p{number}@x.org"}} for number in range(150)]}
    answer = httpx.post(imports, json=body, headers={"x-api-key": KEY}, timeout=PATIENCE_S)
    trace_id = answer.headers["x-request-id"]
    eventually(lambda: ("worker-0", "chunk") in collector.of(trace_id))
    process.send_signal(signal.SIGTERM)
    code, _, errors = ended(process)
    assert (code, errors) == (0, "")
    made = collector.of(trace_id)
    api = {place for place, name in made if name.startswith("POST /v2/prism/{teamId}/{objectType}/import")}
    assert api <= {"server", "api-0", "api-1"}
    assert len(api) == 1
    assert {(place, "database") for place in api} < made
    assert {("worker-0", "match"), ("worker-0", "commit")} < made
    assert KEY not in str(collector.spans)


def test_a_collector_that_is_away_holds_nothing_up(tmp_path: Path, make_database: Callable[[], str]) -> None:
    environment = {
        "MICRO_TEAM_ID": TEAM,
        "MICRO_API_KEY": KEY,
        "PRISMD_DATABASE_URL": make_database(),
        "PRISMD_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces",
    }
    process = start_prismd(["serve", "--port", "0"], environment, tmp_path)
    url = url_of(process)
    for _ in range(50):
        assert httpx.get(f"{url}/healthz/live", timeout=PATIENCE_S).status_code == 200
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code, _, errors = ended(process)
    assert code == 0, errors
    assert time.monotonic() - began < 30
