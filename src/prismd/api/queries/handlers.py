"""Querying records: by a query in the body, or as a list by the query string (contract, sections 8, 9.4 and 11.3)."""

from __future__ import annotations

from typing import Any, Final, cast

from litestar import Request, Response

from prismd.api.document.operation import CURSOR, DELETED, LIMIT, RECORDS, Operation, Parameter, Reply, filter_by
from prismd.api.document.shapes import QueryBody, RecordPage, RecordRow
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import require_json
from prismd.api.http.paths import object_type_in_path
from prismd.api.http.query_strings import PAGE_DEFAULT, deleted_in_query, flag, given, page_limit, slugs, values
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import NotJsonError, decode, encode
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.queries.parsing import read_ids
from prismd.core.queries.tree import Deleted
from prismd.core.values.errors import found
from prismd.services.idempotency.claims import Answer
from prismd.services.queries.pages import PageWanted, QueryAsked, QueryPage, answer_query
from prismd.services.session import Session
from prismd.settings import Settings

_PAGE: Final = Reply(200, "A page of records.", RecordPage)
_ERRORS: Final = ("not_found", "method_not_allowed", "query_timeout")


_MEMBERS: Final = ("select", "filter", "sort", "combinator", "list_id", "crm_id", "cursor", "limit", "page")
_BODY_MEMBERS: Final = ("query", "id", "cursor", "deleted", "include_total", "boxes", "sources")
_IN_QUERY: Final = dict.fromkeys(_MEMBERS, 'put it inside "query"')
_BESIDE_QUERY: Final = dict.fromkeys(_BODY_MEMBERS, 'put it into the body, beside "query"')
_QUERY_STRING: Final = ".query"
#: The parameters of a list that are no slugs of properties.
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
    """Answer a page of the records that a query wants."""
    require_json(request, body)
    kind = object_type_in_path(object_type)
    whole = _object(_decoded(body), ".body")
    refuse_unknown(whole, _BODY_MEMBERS, ".body", "the body", places=_IN_QUERY)
    raw = _object(whole.get("query"), ".body.query")
    refuse_unknown(raw, _MEMBERS, ".body.query", "a query", places=_BESIDE_QUERY)
    if raw.get("select") is None:
        raise PrismdError.invalid(".body.query.select", "it is required: an array of property slugs", "required")
    list_id = _text(raw.get("list_id") or raw.get("crm_id"), ".body.query.list_id")
    wanted = _page_in_body(whole, raw, session.settings)
    ids = read_ids(whole.get("id"), ".body.id", session.settings.query_ids_max)
    deleted = _deleted(whole.get("deleted"), ".body.deleted")
    return _answer(session, QueryAsked(kind, raw, list_id, ".body.query", ids, deleted), wanted)


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
    """Answer a page of records; parameters that are slugs are filters by equality."""
    kind = object_type_in_path(object_type)
    wanted = PageWanted(
        limit=page_limit(request, most=session.settings.page_max),
        cursor=given(request, "cursor"),
        include_total=flag(request, "include_total"),
        cursor_field=".query.cursor",
    )
    raw = {"select": slugs(request, "select"), "sort": _sort(request), "filter": _equalities(request)}
    list_id = _text(given(request, "list_id"), ".query.list_id")
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
    """Return the rows of a page as clients see them, which are JSON already."""
    return cast("list[RecordRow]", page.rows)


# --- the body of a query ---


def _decoded(body: bytes) -> object:
    try:
        return decode(body)
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"it cannot be read as JSON: {error}") from None


def _object(raw: object, field: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        keyword = "required" if raw is None else "type"
        raise PrismdError.invalid(field, f"expected an object, found {found(raw)}", keyword)
    return raw


def _page_in_body(whole: dict[str, Any], raw: dict[str, Any], settings: Settings) -> PageWanted:
    # The cursor of the query itself wins (contract, section 8).
    name, holder = ("query.cursor", raw) if raw.get("cursor") is not None else ("cursor", whole)
    cursor = _text(holder.get("cursor"), f".body.{name}")
    limit = _number(raw.get("limit"), ".body.query.limit") if cursor is None else None
    if limit is not None and limit > settings.page_max:
        message = f"expected at most {settings.page_max}, found {limit}; follow next_cursor for more"
        raise PrismdError.invalid(".body.query.limit", message, "maximum")
    limit = limit or min(PAGE_DEFAULT, settings.page_max)
    offset = 0 if cursor is not None else ((_number(raw.get("page"), ".body.query.page") or 1) - 1) * limit
    if offset > settings.query_offset_max:
        message = f"it would leave out more than {settings.query_offset_max} records; follow next_cursor instead"
        raise PrismdError.invalid(".body.query.page", message, "maximum")
    total = _flag(whole.get("include_total"), ".body.include_total")
    return PageWanted(limit, cursor, offset, include_total=total, cursor_field=f".body.{name}")


def _text(raw: object, field: str) -> str | None:
    if raw is not None and not isinstance(raw, str):
        raise PrismdError.invalid(field, f"expected a text, found {found(raw)}")
    return raw or None


def _number(raw: object, field: str) -> int | None:
    if raw is None:
        return None
    if type(raw) is not int or raw < 1:
        raise PrismdError.invalid(field, f"expected a whole number from 1, found {found(raw)}", "minimum")
    return raw


def _flag(raw: object, field: str) -> bool:
    if raw is not None and not isinstance(raw, bool):
        raise PrismdError.invalid(field, f"expected true or false, found {found(raw)}")
    return bool(raw)


def _deleted(raw: object, field: str) -> Deleted:
    if raw is not None and raw != Deleted.ONLY.value and not isinstance(raw, bool):
        raise PrismdError.invalid(field, f'expected true, false or "only", found {found(raw)}', "enum")
    return Deleted(raw or False)


# --- the query string of a list ---


def _sort(request: Request[Any, Any, Any]) -> list[dict[str, str]] | None:
    keys = slugs(request, "sort") or []
    return [{key.removeprefix("-"): "desc" if key.startswith("-") else "asc"} for key in keys]


def _equalities(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    names = dict.fromkeys(name for name in request.query_params if name not in _CONVENIENCES)
    return [{name: {"in": values(request, name)}} for name in names]
