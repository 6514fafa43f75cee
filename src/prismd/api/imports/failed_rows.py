"""The failed rows of an import, with their problems beside their cells, to be repaired (contract, section 22)."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.response import Stream

from prismd.api.document.operation import RETRY_AFTER, TEAM, Operation, Reply, filter_by
from prismd.api.http.handling import handles
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.http.query_strings import one_of
from prismd.api.imports.handlers import read_job
from prismd.api.imports.jobs import POLL_AFTER_S, PROCESSING
from prismd.api.imports.results import CSV, NDJSON
from prismd.api.limits.threads import Threads
from prismd.core.api_keys.scopes import Scope
from prismd.core.imports.failed_rows import FailedRow, FailedTable, RowToken
from prismd.core.imports.job import Job
from prismd.core.json.text import encode
from prismd.files.failed_cells import escaped
from prismd.services.imports.failed_rows import next_failed_rows
from prismd.services.session import Session

FORMATS: Final = ("csv", "ndjson")


@handles(
    Operation(
        name="getImportFailedRows",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}/failed-rows",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Read the failed rows of an import job, to repair them",
        description=(
            "All that there are, as one stream: each row as it was sent, with a token and its problems. In CSV, the "
            "column `<slug> problem` tells what is wrong with the cell before it; an apostrophe stands before cells "
            "that a spreadsheet takes for formulas. `prismd import --fix` reads a repaired file back."
        ),
        parameters=(filter_by("format", "CSV where absent.", FORMATS),),
        replies=(Reply(200, "The rows.", None, RETRY_AFTER, (CSV, NDJSON)),),
        errors=("not_found",),
    )
)
async def get_failed_rows(request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn) -> Stream:
    """Stream the failed rows of an import."""
    form = one_of(request, "format", FORMATS) or "csv"
    threads: Threads = request.app.state.threads
    job = await threads.run_quick(lambda: read_job(session, job_id))
    rows = _Rows(threads, session, job)
    headers = {"retry-after": str(POLL_AFTER_S)} if job.status == PROCESSING else {}
    headers["content-disposition"] = f'attachment; filename="{job.id}.failed.{form}"'
    if form == "ndjson":
        return Stream(_as_ndjson(job, rows), media_type=NDJSON, headers=headers)
    table = FailedTable(job.id)
    end = -1
    async for found in rows.chunks():
        for failed in found:
            table.learn(failed)
            end = failed.index
    return Stream(_as_csv(table, rows, end), media_type=CSV, headers=headers)


class _Rows:
    """The failed rows of a job, a chunk at a time; each chunk is a turn of its own in the pool of threads."""

    def __init__(self, threads: Threads, session: Session, job: Job) -> None:
        self._threads = threads
        self._session = session
        self._job = job

    async def chunks(self) -> AsyncIterator[list[FailedRow]]:
        """Yield the failed rows of each chunk that has any."""
        after = -1
        while found := await self._threads.run_other(partial(self._session.do, next_failed_rows, self._job, after)):
            yield found.rows
            after = found.last_row


async def _as_ndjson(job: Job, rows: _Rows) -> AsyncIterator[bytes]:
    async for found in rows.chunks():
        yield b"".join(_line(job, one) for one in found)


def _line(job: Job, failed: FailedRow) -> bytes:
    # Line ends in JSON are white space, because those in its texts are escaped. What is no JSON is a text.
    row: object = failed.raw.decode(errors="backslashreplace")
    if failed.row is not None:
        row = msgspec.Raw(failed.raw.replace(b"\r", b" ").replace(b"\n", b" "))
    return encode({"row_token": str(RowToken(job.id, failed.index)), "problems": failed.problems, "row": row}) + b"\n"


async def _as_csv(table: FailedTable, rows: _Rows, end: int) -> AsyncIterator[bytes]:
    yield _csv_text([table.header])
    async for found in rows.chunks():
        # Rows that failed since the columns were collected are left for the next time.
        yield _csv_text([table.cells(one) for one in found if one.index <= end])


def _csv_text(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([list(map(escaped, row)) for row in rows])
    return text.getvalue().encode(errors="backslashreplace")
