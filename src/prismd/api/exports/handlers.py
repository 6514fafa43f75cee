"""Exports: all records that a query finds as one stream of NDJSON or CSV, read a page at a time."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import psycopg
import structlog
from litestar import Request
from litestar.response.base import ASGIResponse

from prismd.api.authentication.key_watch import HeldKey, KeyWatch
from prismd.api.document.operation import RECORDS, Operation, Reply
from prismd.api.exports.seats import ExportSeats
from prismd.api.http.handling import handles
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import require_json
from prismd.api.http.paths import object_type_in_path
from prismd.api.limits.seated_stream import SeatedStream
from prismd.api.limits.threads import Threads
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.exports.body import ExportBody, read_export_body
from prismd.core.exports.columns import cell_text, value_at
from prismd.core.exports.rows import RowWriter
from prismd.core.json.text import encode
from prismd.files.failed_cells import escaped
from prismd.services.exports import (
    Export,
    ExportedPage,
    begin_export,
    count_exported,
    page_of_export,
    resumed,
)
from prismd.services.session import Session

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
_MEDIA_TYPES: Final = {"ndjson": NDJSON, "csv": CSV}
#: Records of the first page; the next ones are larger, up to the setting.
_FIRST_ROWS: Final = 250
#: How often, and after how many seconds, a page is read again while the team's other requests take all turns.
_TRIES_MAX: Final = 30
_TRY_AGAIN_S: Final = 1.0

_AWAY: Final = PrismdError("service_unavailable", "The database did not answer; go on from the last cursor")

_LOG: Final = structlog.get_logger()

_Result = TypeVar("_Result")


@handles(
    Operation(
        name="exportRecords",
        method="POST",
        path=f"{RECORDS}/export",
        tag="Records",
        scopes=(Scope.READ,),
        summary="Export records",
        description=(
            "All records that the query finds, in the order of their creation, as one stream of any length. Each line "
            "of NDJSON is a row as imports take it. A stream that breaks off has no proper end, so it never looks "
            "whole; with `marks`, a client goes on after the last page that it has. docs/exports.md tells the rest."
        ),
        body=ExportBody,
        body_required=False,
        replies=(Reply(200, "The records.", None, {}, (NDJSON, CSV)),),
        errors=("method_not_allowed", "query_timeout", "too_many_exports"),
    )
)
async def export_records(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> ASGIResponse:
    """Stream all records that a query finds."""
    require_json(request, body)
    kind = object_type_in_path(object_type)
    asked = read_export_body(body)
    seats: ExportSeats = request.app.state.exports
    threads: Threads = request.app.state.threads
    seats.take(session.team_id)
    try:
        export = await threads.run_other(partial(session.do, begin_export, kind, asked))
        stream = _Stream(threads, request.app.state.key_watch, session, asked, export)
        first = await threads.run_other(partial(stream.page, export, _FIRST_ROWS))
    except BaseException:
        seats.leave(session.team_id)
        raise
    extension = asked.format
    return SeatedStream(
        stream.parts(first),
        media_type=_MEDIA_TYPES[asked.format],
        headers={"content-disposition": f'attachment; filename="{kind}.{extension}"'},
        leave=lambda: seats.leave(session.team_id),
    )


@dataclass(frozen=True, slots=True)
class _Stream:
    """One export on its way to a client.

    Args:
        threads: Threads for reading.
        keys: Watches for revoked keys.
        session: The session of the caller.
        asked: The export as the caller sent it.
        export: The export.
    """

    threads: Threads
    keys: KeyWatch
    session: Session
    asked: ExportBody
    export: Export

    def page(self, export: Export, limit: int) -> tuple[ExportedPage, bytes]:
        """Read a page, and return it with its text; it is shorter where its records are large."""
        writer = RowWriter(export.wanted)
        limit = min(limit, self.session.settings.export_page_rows_max)
        while True:
            try:
                page = self.session.do(page_of_export, export, writer, limit)
            except PrismdError as error:
                if error.code != "invalid_request" or limit == 1:
                    raise
                limit = max(1, limit // 4)
            else:
                return page, self._text(page)

    async def parts(self, first: tuple[ExportedPage, bytes]) -> AsyncGenerator[bytes, None]:
        """Yield the text of the export, a page at a time."""
        with self.keys.held(self.session.caller.key_id, lambda: None) as key:
            try:
                yield await self._head()
                export, (page, text), rows = self.export, first, len(first[0].rows)
                yield text + self._mark(page, rows)
                while page.last is not None:
                    _require_good(key)
                    export = resumed(export, page)
                    page, text = await self._patiently(partial(self.page, export, page.limit * 2))
                    rows += len(page.rows)
                    yield text + self._mark(page, rows)
            except (PrismdError, psycopg.Error) as error:
                # What follows cuts the connection; the mark says why to whoever reads it.
                _LOG.warning("an export broke off", reason=str(error).strip())
                yield self._failed(error)
                raise

    async def _patiently(self, work: Callable[[], _Result]) -> _Result:
        for _ in range(_TRIES_MAX):
            try:
                return await self.threads.run_other(work)
            except PrismdError as error:
                if error.code != "too_many_requests":
                    raise
            await asyncio.sleep(_TRY_AGAIN_S)
        return await self.threads.run_other(work)

    async def _head(self) -> bytes:
        if self.asked.format == "csv":
            return _csv_text([[column.name for column in self.export.columns]])
        if not self.asked.marks:
            return b""
        total = await self.threads.run_other(self._total)
        left_out = self.export.wanted.left_out
        return _line({"mark": {"columns": self.export.columns, "left_out": left_out, "total": total}})

    def _total(self) -> int | None:
        # The number is only for progress: an export of more records than can be counted in time goes on.
        try:
            return self.session.do(count_exported, self.export)
        except PrismdError as error:
            if error.code != "query_timeout":
                raise
            return None

    def _text(self, page: ExportedPage) -> bytes:
        if self.asked.format == "ndjson":
            return b"".join(_line(row) for row in page.rows)
        protect = escaped if self.asked.apostrophes else str
        places = [column.at for column in self.export.columns]
        return _csv_text([[protect(cell_text(value_at(row, at))) for at in places] for row in page.rows])

    def _mark(self, page: ExportedPage, rows: int) -> bytes:
        return _line({"mark": {"cursor": page.cursor, "rows": rows}}) if self.asked.marks else b""

    def _failed(self, error: Exception) -> bytes:
        if not self.asked.marks:
            return b""
        known = error if isinstance(error, PrismdError) else _AWAY
        return _line({"mark": {"error": {"code": known.code, "message": known.message}}})


def _require_good(key: HeldKey) -> None:
    if not key.good:
        raise PrismdError("forbidden", "The API key was revoked while the export ran")


def _line(value: object) -> bytes:
    return encode(value) + b"\n"


def _csv_text(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
