"""Queries on records: a query in the body, or a list by the query string (contract, sections 8, 9.4 and 11.3)."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar import Request, Response

from prismd.api.document.operation import CURSOR, DELETED, LIMIT, RECORDS, Operation, Parameter, Reply, filter_by
from prismd.api.document.shapes import RecordPage, RecordRow
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import require_json
from prismd.api.http.paths import object_type_in_path
from prismd.api.http.query_strings import PAGE_DEFAULT, deleted_in_query, flag, given, page_limit, slugs, values
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.queries.bodies import QueryBody, read_query_body
from prismd.core.queries.parsing import read_ids
from prismd.core.queries.tree import Deleted
from prismd.services.idempotency.claims import Answer
from prismd.services.queries.pages import PageWanted, QueryAsked, QueryPage, answer_query
from prismd.services.session import Session
from prismd.settings import Settings

_PAGE: Final = Reply(200, "A page of records.", RecordPage)
_ERRORS: Final = ("not_found", "method_not_allowed", "query_timeout")


_QUERY_STRING: Final = ".query"
#: The parameters of a list that are not slugs of properties.
_CONVENIENCES: Final = ("select", "sort", "limit", "cursor", "list_id", "deleted", "include_total")


@handles(
    Operation(
        name="queryRecords",
        method="POST",
        path=f"{RECORDS}/query",
        tag="Records",
        scopes=(Scope.READ,),
        summary="Query records",
        description=(
            "docs/queries.md tells what every operator means for every type of property. The old path "
            "`/v2/prism/query/{teamId}/{objectType}` means the same."
        ),
        body=QueryBody,
        replies=(_PAGE,),
        errors=_ERRORS,
    )
)
def query_records(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Answer a page of the records that a query finds."""
    require_json(request, body)
    kind = object_type_in_path(object_type)
    asked = read_query_body(body)
    wanted = _page_wanted(asked, session.settings)
    ids = read_ids(asked.id, ".body.id", session.settings.query_ids_max)
    deleted, query = Deleted(asked.deleted or False), asked.query
    return _answer(session, QueryAsked(kind, query.parts, query.list_named, ".body.query", ids, deleted), wanted)


@handles(
    Operation(
        name="listRecords",
        method="GET",
        path=RECORDS,
        tag="Records",
        scopes=(Scope.READ,),
        summary="List records",
        description=(
            "In the order in which they were made, unless `sort` says otherwise. Any further parameter is the slug of "
            "a property, dots following references, and filters by equality; several values with commas mean any of "
            "them: `?email=ada@example.com,bob@example.com`. White space counts. A value that has commas stands in "
            'double quotes: `?full_name="Doe, Jane"`.'
        ),
        parameters=(
            Parameter("select", "query", "Slugs of the properties to show, with commas; all where absent."),
            Parameter("sort", "query", "Slugs with commas; `-` before one sorts the greatest first."),
            LIMIT,
            CURSOR,
            Parameter("list_id", "query", "Only members of this list, with its own properties."),
            DELETED,
            filter_by("include_total", "`true` counts all that there are.", ("true", "false")),
        ),
        any_parameter=True,
        replies=(_PAGE,),
        errors=_ERRORS,
    )
)
def list_records(request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer a page of records; parameters that are slugs filter by equality."""
    kind = object_type_in_path(object_type)
    wanted = PageWanted(
        limit=page_limit(request, most=session.settings.page_max),
        cursor=given(request, "cursor"),
        include_total=flag(request, "include_total"),
        cursor_field=".query.cursor",
    )
    raw = {"select": slugs(request, "select"), "sort": _sort(request), "filter": _equalities(request)}
    list_id = given(request, "list_id")
    deleted = deleted_in_query(request)
    asked = QueryAsked(kind, raw, list_id, _QUERY_STRING, deleted=deleted, filter_by_name=True)
    return _answer(session, asked, wanted)


QUERIES: Final = (list_records, query_records)


def _answer(session: Session, asked: QueryAsked, wanted: PageWanted) -> Response[bytes]:
    return respond(Answer(200, encode(shown_page(session.do(answer_query, asked, wanted))), {}))


def shown_page(page: QueryPage) -> RecordPage:
    """Return a page as clients see it."""
    has_more = page.next_cursor is not None
    return RecordPage(data=shown_rows(page), has_more=has_more, next_cursor=page.next_cursor, total=page.total)


def shown_rows(page: QueryPage) -> list[RecordRow]:
    """Return the rows of a page as clients see them; they are JSON already."""
    return cast("list[RecordRow]", page.rows)


# --- the body of a query ---


def _page_wanted(asked: QueryBody, settings: Settings) -> PageWanted:
    query, total, limit = asked.query, bool(asked.include_total), min(PAGE_DEFAULT, settings.page_max)
    # The cursor of the query itself wins (contract, section 8), and any cursor brings its limit along.
    name, cursor = ("cursor", asked.cursor) if query.cursor is None else ("query.cursor", query.cursor)
    if cursor:
        return PageWanted(limit, cursor, include_total=total, cursor_field=f".body.{name}")
    if query.limit is not None and query.limit > settings.page_max:
        message = f"expected at most {settings.page_max}, found {query.limit}; follow next_cursor for more"
        raise PrismdError.invalid(".body.query.limit", message, "maximum")
    limit = query.limit or limit
    offset = ((query.page or 1) - 1) * limit
    if offset > settings.query_offset_max:
        message = f"it would leave out more than {settings.query_offset_max} records; follow next_cursor instead"
        raise PrismdError.invalid(".body.query.page", message, "maximum")
    return PageWanted(limit, offset=offset, include_total=total, cursor_field=f".body.{name}")


# --- the query string of a list ---


def _sort(request: Request[Any, Any, Any]) -> list[dict[str, str]] | None:
    keys = slugs(request, "sort") or []
    return [{key.removeprefix("-"): "desc" if key.startswith("-") else "asc"} for key in keys]


def _equalities(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    names = dict.fromkeys(name for name in request.query_params if name not in _CONVENIENCES)
    return [{name: {"in": values(request, name)}} for name in names]
