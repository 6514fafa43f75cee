"""Traces in this process: a span for each request, chunk and group of statements, tied by the id of the request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from prismd.settings import SettingError, Settings
from prismd.telemetry import traces
from tests.api.conftest import Api


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    end = traces.begin_with(SimpleSpanProcessor(kept))
    yield kept
    end()


def of_request(exporter: InMemorySpanExporter, request_id: str) -> list[ReadableSpan]:
    trace_id = UUID(request_id).int
    return [span for span in exporter.get_finished_spans() if span.context and span.context.trace_id == trace_id]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_request_is_a_span_with_a_span_for_each_group_of_its_statements(
    api: Api, exporter: InMemorySpanExporter
) -> None:
    answer = api.send("GET", "/contact/nobody")
    assert answer.status_code == 404
    *groups, root = of_request(exporter, answer.headers["x-request-id"])
    assert root.name == "GET /v2/prism/{teamId}/{objectType}/{recordId}"
    assert root.parent is None
    assert attributes(root)["http.response.status_code"] == 404
    assert [span.name for span in groups] == ["database"] * len(groups)
    assert len(groups) >= 2  # who calls, and what for
    assert {span.parent and span.parent.span_id for span in groups} == {root.context and root.context.span_id}
    assert "nobody" not in "".join(span.to_json() for span in (*groups, root))


def test_the_chunks_of_an_import_are_in_the_trace_of_its_request(api: Api, exporter: InMemorySpanExporter) -> None:
    answer = api.start([{"default": {"email": f"p{number}@x.org"}} for number in range(150)], dedupe_by="email")
    request_id, job = answer.headers["x-request-id"], answer.json()["job_id"]
    api.work()
    spans = of_request(exporter, request_id)
    [root] = [span for span in spans if span.parent is None]
    [chunk] = [span for span in spans if span.name == "chunk"]
    assert root.context
    assert chunk.parent
    assert chunk.context
    assert chunk.parent.span_id == root.context.span_id
    assert attributes(chunk) == {"prismd.job": job, "prismd.chunk": 0, "prismd.team": api.team}
    phases = [span.name for span in spans if span.parent and span.parent.span_id == chunk.context.span_id]
    assert phases == ["read", "lock", "parse", "resolve", "match", "write", "finish", "commit"]


def test_rows_that_are_done_at_once_are_phases_of_their_request(api: Api, exporter: InMemorySpanExporter) -> None:
    answer = api.start([{"default": {"email": "ada@x.org"}}])
    names = [span.name for span in of_request(exporter, answer.headers["x-request-id"])]
    assert {"parse", "write", "finish", "database"} <= set(names)


def test_hostile_paths_make_no_names(api: Api, exporter: InMemorySpanExporter) -> None:
    for number in range(20):
        api.send("GET", f"/nowhere/{number}")
        api.send("PROPFIND", f"/contact/{number}")
    roots = {span.name for span in exporter.get_finished_spans() if span.parent is None}
    assert roots == {"other other", "other /v2/prism/{teamId}/{objectType}/{recordId}"}


def test_without_a_collector_nothing_is_traced(api: Api) -> None:
    traces.begin(Settings(), "server")()
    assert not traces.tracing()
    assert api.send("GET", "/imports").status_code == 200


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"traces_endpoint": "localhost:4318"}, "PRISMD_TRACES_ENDPOINT must be an http or https URL"),
        ({"traces_endpoint": "http://x", "traces_share": 7}, "PRISMD_TRACES_SHARE must be at most 1, not 7"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingError, match=said):
        traces.begin(Settings(**settings), "server")


def test_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingError, match=r"pip install 'prismd\[traces\]'"):
        traces.begin(Settings(traces_endpoint="http://127.0.0.1:1"), "server")
