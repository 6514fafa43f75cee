"""A tiny Prism server on loopback for tests of the client: it keeps records in memory and fails as it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "test key"
TEAM = "My Team"


@dataclass(frozen=True)
class Fault:
    """What happens to one POST of an import.

    Args:
        drop: ``before`` or ``after`` the work, the connection is closed without an answer.
        status: An answer instead of the work.
        code: Its error code.
        message: Its sentence.
        headers: Its further headers.
    """

    drop: str = ""
    status: int = 0
    code: str = ""
    message: str = "as scripted"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class ScriptedPrism:
    """The state of the server; tests read and change it."""

    properties: dict[str, str] | None = field(
        default_factory=lambda: {"email": "str", "name": "str", "zip": "str", "tags": "multi_str", "first_name": "str"}
    )
    read_only: set[str] = field(default_factory=set)
    lists_imports: bool = True
    answers_at_once_below: int = 100
    polls_per_job: int = 2
    faults: deque[Fault] = field(default_factory=deque)
    poll_faults: deque[Fault] = field(default_factory=deque)
    streams: deque[bytes | Fault] = field(default_factory=deque)
    cancelled: list[str] = field(default_factory=list)
    forgets_keys: bool = False
    results_missing: int = 0
    tells_all: bool = True
    job_error: dict[str, str] | None = None
    poll_headers: dict[str, str] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answers: dict[str, tuple[bytes, tuple[int, bytes, dict[str, str]]]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    url: str = ""

    @property
    def imports(self) -> list[dict[str, Any]]:
        """The bodies of all import requests, in the order in which they came."""
        sent = [(path, body) for method, path, _, body in self.requests if method == "POST"]
        return [json.loads(body) for path, body in sent if path.endswith("/import")]

    @property
    def keys(self) -> list[str]:
        """The idempotency keys of all import requests."""
        return [headers["idempotency-key"] for method, _, headers, _ in self.requests if method == "POST"]

    def import_rows(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """Do the work of an import request and return its answer."""
        request = json.loads(body)
        options, rows = request["options"], request["objects"]
        first_rows: dict[str, int] = {}
        results = []
        for place, row in enumerate(rows):
            result = self.judge(row, options)
            earlier = first_rows.setdefault(result["id"], place) if result["id"] else place
            results.append({**result, "duplicate_of": earlier} if earlier != place else result)
        results = results[self.results_missing :]
        job: dict[str, Any] = {"job_id": None, "status": "complete", "total": len(rows), "results": results}
        if len(rows) < self.answers_at_once_below:
            return 200, json.dumps(job).encode(), {}
        job["job_id"] = f"job/{len(self.jobs) + 1}"
        self.jobs[job["job_id"]] = {**job, "polls": 0}
        first = {"job_id": job["job_id"], "status": "processing", "total": len(rows), "processed": 0}
        return 202, json.dumps(first).encode(), {"location": "somewhere"}

    def judge(self, row: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        values = row["default"]
        errors = []
        if (values.get("name") or "").startswith("bad"):
            message = f'name: expected a good name, found "{values["name"]}"'
            errors.append({"code": "invalid_value", "message": message, "property": "name"})
        if (values.get("zip") or "").startswith("bad"):
            message = f'`zip` must be one of its options, not the text "{values["zip"]}"; did you mean "00500"?'
            errors.append({"code": "invalid_option", "message": message, "property": "zip"})
        if errors:
            error = {name: errors[0][name] for name in ("code", "message")}
            return {"id": None, "created": False, "error": error, **({"errors": errors} if self.tells_all else {})}
        key = options.get("dedupe_by")
        for place, record in enumerate(self.records):
            if key and key in values and record.get(key) == values[key]:
                updated = bool(options.get("update_existing")) and record != {**record, **values}
                record.update(values if updated else {})
                return {"id": str(place), "created": False, "existing": True, "updated": updated}
        if not options.get("dry_run"):
            self.records.append(values)
        return {"id": str(len(self.records) - 1), "created": True, "existing": False}

    def snapshot(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return a job as it is at the next poll."""
        job["polls"] += 1
        if self.job_error:
            return {"job_id": job["job_id"], "status": "failed", "total": job["total"], "error": self.job_error}
        if job["polls"] < self.polls_per_job:
            done = job["total"] * job["polls"] // self.polls_per_job
            return {"job_id": job["job_id"], "status": "processing", "total": job["total"], "processed": done}
        return job


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    prism: ScriptedPrism

    def do_GET(self) -> None:
        self._note(b"")
        base = f"/v2/prism/{TEAM.replace(' ', '%20')}"
        prism = self.prism
        if self.headers["x-api-key"] != KEY:
            self._refuse(403, "forbidden", "The key is not known.")
        elif self.path == f"{base}/contact/properties" and prism.properties is not None:
            found = {
                str(n): {"slug": slug, "type": kind, "read_only": slug in prism.read_only}
                for n, (slug, kind) in enumerate(prism.properties.items())
            }
            self._answer(200, json.dumps({"contact": found}).encode())
        elif self.path == f"{base}/imports" and prism.lists_imports:
            self._answer(200, b'{"data": [], "has_more": false, "next_cursor": null}')
        elif self.path.startswith(f"{base}/imports/job%2F") and self.path.endswith("/events"):
            self._stream()
        elif self.path.startswith(f"{base}/imports/job%2F"):
            job = prism.jobs.get(self.path.rpartition("/")[2].replace("%2F", "/"))
            if prism.poll_faults:
                self._fail(prism.poll_faults.popleft())
            elif job is None:
                self._refuse(404, "not_found", "There is no such job.")
            else:
                self._answer(200, json.dumps(prism.snapshot(job)).encode(), prism.poll_headers)
        else:
            self._refuse(404, "not_found", "There is nothing here.")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self._note(body)
        key, prism = self.headers["idempotency-key"], self.prism
        if self.path.endswith("/cancel"):
            if prism.faults:
                self._fail(prism.faults.popleft())
                return
            job = prism.jobs[self.path.split("/")[-2].replace("%2F", "/")]
            prism.cancelled.append(job["job_id"])
            prism.job_error = {"code": "cancelled", "message": "It was cancelled."}
            self._answer(200, json.dumps({**prism.snapshot(job), "processed": 50}).encode())
            return
        fault = prism.faults.popleft() if prism.faults else Fault()
        if fault.status or fault.drop == "before":
            self._fail(fault)
            return
        if key in prism.answers and not prism.forgets_keys:
            body_then, answer = prism.answers[key]
            if body_then != body:
                self._refuse(409, "idempotency_key_mismatch", "The key was used with another body.")
                return
        else:
            answer = prism.import_rows(body)
            prism.answers[key] = (body, answer)
        if fault.drop:
            self._fail(fault)
        else:
            self._answer(*answer)

    def _stream(self) -> None:
        """Answer the next scripted stream, cut off where its text ends; without one there are no events."""
        found = self.prism.streams.popleft() if self.prism.streams else Fault(status=404, code="not_found")
        if isinstance(found, Fault):
            self._fail(found)
            return
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(found)

    def _note(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.prism.requests.append((self.command, self.path, headers, body))

    def _fail(self, fault: Fault) -> None:
        if fault.drop:
            self.close_connection = True
        else:
            self._refuse(fault.status, fault.code, fault.message, fault.headers)

    def _refuse(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        body = {"error": {"code": code, "message": message, "request_id": "1"}}
        self._answer(status, json.dumps(body).encode(), headers)

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def scripted_prism() -> Iterator[ScriptedPrism]:
    """Run the server on a free port of loopback."""
    prism = ScriptedPrism()
    handler = type("Handler", (_Handler,), {"prism": prism})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        # Connections that a client keeps open do not keep the test waiting.
        server.daemon_threads = True
        prism.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield prism
        finally:
            server.shutdown()
            thread.join()
