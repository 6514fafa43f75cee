"""The results of an import: in pages of JSON, or all at once as NDJSON or CSV (contract, section 22)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Stream

from prismd.api.document.operation import CURSOR, LIMIT, RETRY_AFTER, TEAM, Operation, Reply, filter_by
from prismd.api.document.shapes import ResultPage
from prismd.api.http.errors import JSON, respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import PathPart, SessionIn
from prismd.api.http.query_strings import given, one_of, page_limit
from prismd.api.imports.handlers import page_of, read_job
from prismd.api.imports.jobs import POLL_AFTER_S, PROCESSING
from prismd.api.limits.threads import Threads
from prismd.api.queries.cursors import Cursor, Listing, write_cursor
from prismd.core.api_keys.scopes import Scope
from prismd.core.imports.job import Job
from prismd.core.imports.results import OUTCOMES, UNDO_OUTCOMES
from prismd.core.json.shapes import in_force
from prismd.core.json.text import encode
from prismd.services.idempotency.claims import Answer
from prismd.services.imports.results import PART_BYTES, PageOfResults, ResultsWanted, page_of_results
from prismd.settings import Settings

NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
MEDIA_TYPES: Final = (JSON, NDJSON, CSV)

PAGE_DEFAULT: Final = 100

_OUTCOMES: Final = (*OUTCOMES, *UNDO_OUTCOMES)
_LIMIT: Final = replace(LIMIT, meaning=f"Entries of a page; cut at {in_force('results_page_max')}.")
Result = dict[str, Any]
_PLAIN_COLUMNS: Final = ("input_index", "id", "created", "existing", "updated", "duplicate_of")
COLUMNS: Final = (
    *_PLAIN_COLUMNS, "error_code", "error_message", "contacts_created", "references_created", "warnings"
)  # fmt: skip
#: The position in a cursor: a row, or nothing if the import has no result yet.
_ROW_INDEX: Final = re.compile(r"[0-9]{0,9}")
# A spreadsheet reads a cell that begins like this as a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@handles(
    Operation(
        name="getImportResults",
        method="GET",
        path=f"{TEAM}/imports/{{jobId}}/results",
        tag="Imports",
        scopes=(Scope.IMPORT, Scope.READ),
        typed_by_job=True,
        summary="Read the results of an import job",
        description=(
            "While the job runs and after, in input order. `Accept: application/x-ndjson` and `text/csv` give all that "
            "there are at once, or, with `limit`, a page whose header `x-next-cursor` leads to the next."
        ),
        parameters=(
            CURSOR,
            _LIMIT,
            filter_by("outcome", "Only rows, or records, with this outcome.", _OUTCOMES),
        ),
        replies=(
            Reply(
                200,
                "Results.",
                ResultPage,
                {**RETRY_AFTER, "x-next-cursor": "Cursor of the next page, for NDJSON and CSV."},
                (NDJSON, CSV),
            ),
        ),
        errors=("not_found",),
    )
)
def get_results(request: Request[Any, Any, Any], job_id: PathPart, session: SessionIn) -> Response[Any]:
    """Answer the results of an import, while it runs and after."""
    job = read_job(session, job_id)
    listing = Listing(f"results {session.team_id} {job.id}", _ROW_INDEX, session.settings.results_page_max, filters=1)
    limit = page_limit(request, default=PAGE_DEFAULT, most=listing.limit_max)
    page = page_of(request, listing, limit=limit, filters=(one_of(request, "outcome", _OUTCOMES),))
    media_type = request.accept.best_match(list(MEDIA_TYPES)) or JSON

    def read(after: int, rows_max: int, bytes_max: int) -> PageOfResults:
        return session.do(page_of_results, job.id, ResultsWanted(rows_max, bytes_max, after, page.filters[0]))

    after, settings = int(page.after or -1), session.settings
    if media_type != JSON and given(request, "limit") is None and not page.after:
        threads: Threads = request.app.state.threads
        return Stream(_all(threads, read, media_type, settings), media_type=media_type)
    found = read(after, page.limit, settings.results_bytes_max)
    next_cursor = _next_cursor(job, page, found, listing)
    headers = {"retry-after": str(POLL_AFTER_S)} if job.status == PROCESSING else {}
    if media_type == JSON:
        body = {"data": found.results, "has_more": next_cursor is not None, "next_cursor": next_cursor}
        return respond(Answer(200, encode(body), headers))
    if next_cursor is not None:
        headers["x-next-cursor"] = next_cursor
    text = _HEADS[media_type] + _WRITERS[media_type](found.results)
    return Response(text, headers=headers, media_type=media_type)


def _next_cursor(job: Job, page: Cursor, found: PageOfResults, listing: Listing) -> str | None:
    """Return the cursor of the next page; a running import always has one, because more rows will come."""
    if found.next_after is not None:
        after = str(found.next_after)
    elif job.status == PROCESSING:
        after = str(found.results[-1]["input_index"]) if found.results else page.after
    else:
        return None
    return write_cursor(Cursor(after, page.limit, page.filters), listing)


async def _all(
    threads: Threads,
    read: Callable[[int, int, int], PageOfResults],
    media_type: str,
    settings: Settings,
) -> AsyncIterator[bytes]:
    """Yield all results as text, one part at a time, so that a slow client holds one part in memory."""
    write = _WRITERS[media_type]

    def part(after: int) -> tuple[bytes, int | None]:
        page = read(after, settings.results_page_max, min(PART_BYTES, settings.results_bytes_max))
        return write(page.results), page.next_after

    yield _HEADS[media_type]
    after: int | None = -1
    while after is not None:
        text, after = await threads.run_quick(partial(part, after))
        yield text


def _as_ndjson(results: list[Result]) -> bytes:
    return b"".join(encode(result) + b"\n" for result in results)


def _as_csv(results: list[Result]) -> bytes:
    return _csv_text(_cells(result) for result in results)


def _cells(result: Result) -> list[object]:
    error = result.get("error") or {}
    plain = [result.get(column) for column in _PLAIN_COLUMNS]
    cells = [str(value).lower() if isinstance(value, bool) else value for value in plain]
    # No address contains a blank, so blanks separate them.
    contacts = " ".join(contact["email"] for contact in result.get("contacts_created", ()))
    made = [f"{one['property']} {one['id'] or ''}".strip() for one in result.get("references_created", ())]
    told = [made, [one["message"] for one in result.get("warnings", ())]]
    lines = [_harmless("\n".join(some)) for some in told]
    return [*cells, error.get("code"), _harmless(error.get("message")), _harmless(contacts), *lines]


def _harmless(text: str | None) -> str | None:
    # The message quotes the row, and the author of the row may be another person than the one who opens the file.
    return f"'{text}" if text and text.startswith(_FORMULA_STARTS) else text


def _csv_text(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


#: The text before all results, and the function that writes results, by media type.
_HEADS: Final = {NDJSON: b"", CSV: _csv_text([COLUMNS])}
_WRITERS: Final = {NDJSON: _as_ndjson, CSV: _as_csv}
