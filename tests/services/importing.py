"""Importing rows into one team in a test: at once, or as a job whose turns the test takes itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from prismd.core.imports.job import Job, State
from prismd.core.imports.request import RequestLimits, parse_request
from prismd.services.imports import jobs
from prismd.services.imports.pipeline.import_pipeline import ImportPipeline
from prismd.services.imports.results import FIRST, part_of_results
from prismd.services.imports.stepping import Step, step_next
from prismd.services.records.reading import get_record
from prismd.services.runtime import Runtime
from prismd.services.session import Session, Transaction
from prismd.store.connections.postgres import Connection
from tests.conftest import sole

LIMITS = RequestLimits(rows_max=100_000)


def body(rows: Sequence[dict[str, Any]], **options: Any) -> bytes:
    """Return a request; rows are values, or whole rows with a member ``default``."""
    objects = [row if "default" in row else {"default": row} for row in rows]
    return json.dumps({"objects": objects, "options": options}).encode()


class Importer:
    """Imports rows into one team."""

    def __init__(self, connection: Connection, runtime: Runtime, team_id: int) -> None:
        self.connection, self.runtime, self.team_id = connection, runtime, team_id
        self.pipeline = ImportPipeline() if runtime.settings.import_pipeline else None

    @property
    def transaction(self) -> Transaction:
        return Transaction(Session(self.runtime, self.team_id), self.connection)

    def at_once(self, rows: Sequence[dict[str, Any]], object_type: str = "contact", **options: Any) -> list[Any]:
        """Import rows synchronously and return their verdicts."""
        settings = replace(self.runtime.settings, sync_rows_max=len(rows))
        runtime = replace(self.runtime, settings=settings)
        request = parse_request(object_type, body(rows, **options), LIMITS)
        with self.connection.transaction():
            submitted = jobs.submit(Transaction(Session(runtime, self.team_id), self.connection), request)
        assert submitted.results is not None
        assert submitted.job.state is State.COMPLETE
        return list(json.loads(b"[" + submitted.results + b"]"))

    def submit(
        self, rows: Sequence[dict[str, Any]], object_type: str = "contact", *, chunk: int = 5_000, **options: Any
    ) -> str:
        """Accept rows as a job and return its id."""
        settings = replace(self.runtime.settings, sync_rows_max=0, rows_per_chunk=chunk)
        runtime = replace(self.runtime, settings=settings)
        request = parse_request(object_type, body(rows, **options), LIMITS)
        with self.connection.transaction():
            return jobs.submit(Transaction(Session(runtime, self.team_id), self.connection), request).job.id

    def step(self) -> Step | None:
        """Take one turn, whosever it is."""
        return step_next(sole(self.runtime, self.connection), pipeline=self.pipeline)

    def as_job(
        self, rows: Sequence[dict[str, Any]], object_type: str = "contact", **options: Any
    ) -> tuple[Job, list[Any]]:
        """Import rows as a job and return it with its verdicts."""
        job_id = self.submit(rows, object_type, **options)
        while self.job(job_id).status == "processing":
            assert self.step()
        return self.job(job_id), self.verdicts(job_id)

    def job(self, job_id: str) -> Job:
        return jobs.get_job(self.transaction, job_id)

    def verdicts(self, job_id: str) -> list[Any]:
        content, place = b"", FIRST
        while found := part_of_results(self.transaction, job_id, place):
            part, place = found
            content += part
        return list(json.loads(b"[" + content + b"]"))

    def record(self, record_id: str, object_type: str = "contact") -> dict[str, Any]:
        return get_record(self.transaction, object_type, record_id).properties


def told(verdicts: Sequence[dict[str, Any]]) -> list[Any]:
    """What is said of rows, ids apart."""
    return [
        (v["created"], v["existing"], v["updated"], v.get("duplicate_of"), v.get("error", {}).get("code"))
        for v in verdicts
    ]


def people(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return rows with addresses that count up from a first one."""
    return [{"email": f"person{number}@x.org"} for number in range(first, first + count)]
