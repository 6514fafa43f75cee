"""The records of views over HTTP: pages of them, and the pinned ones (contract, section 14)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, Reply
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body, refuse_body
from prismd.api.http.paths import id_in_path, object_type_in_path
from prismd.api.http.query_strings import given, page_limit
from prismd.api.queries.handlers import shown_rows
from prismd.api.views.parameters import ERRORS, PAGED, VIEW_PATH, view_operation
from prismd.api.views.shapes import ViewOrder, ViewRecordPage
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.views.definitions import VIEW_TYPES
from prismd.core.wording.quoting import quoted
from prismd.services.idempotency.claims import Answer
from prismd.services.queries.pages import PageWanted, QueryPage
from prismd.services.session import Transaction
from prismd.services.views import pinned_records, views
from prismd.settings import Settings

_VIEW_RECORDS: Final = f"{VIEW_PATH}/records"
_VIEW_RECORD: Final = f"{_VIEW_RECORDS}/{{recordId}}"


_DIGITS_MAX: Final = 9


@handles(
    view_operation(
        "listViewRecords",
        "GET",
        _VIEW_RECORDS,
        "List the records of a view",
        scopes=(Scope.READ,),
        description="Pinned records come first, in their order, if the filter wants them; then the others.",
        parameters=PAGED,
        replies=(Reply(200, "A page of records.", ViewRecordPage),),
        errors=(*ERRORS, "query_timeout"),
    )
)
def list_records(
    request: Request[Any, Any, Any], object_type: PathPart, view_id: PathPart, session: SessionIn
) -> Response[bytes]:
    """Answer a page of the records of a view: the pinned ones, then the others in the view's order."""
    kind, wanted = type_with_views(object_type), id_in_path(view_id)
    page = page_wanted(request, session.settings)
    _, records = session.do(views.page_of_view, kind, wanted, page)
    return respond(Answer(200, encode(shown_page(records)), {}))


@handles(
    view_operation(
        "pinViewRecord",
        "POST",
        _VIEW_RECORD,
        "Pin a record after those that are pinned",
        scopes=(Scope.WRITE,),
        description="One that is pinned already keeps its place.",
        parameters=(IDEMPOTENCY_KEY,),
        replies=(Reply(201, "It is pinned.", headers=REPLAY),),
    )
)
def pin_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    view_id: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Pin a record after those that are already pinned."""
    kind, view, record = type_with_views(object_type), id_in_path(view_id), id_in_path(record_id)

    def work(transaction: Transaction) -> Answer:
        refuse_body(body)
        pinned_records.pin_record(transaction, kind, view, record)
        return Answer(201, b"", {})

    return write_once(request, session, body, work)


@handles(
    view_operation(
        "orderViewRecords",
        "PATCH",
        _VIEW_RECORDS,
        "Set the order of pinned records of a view",
        scopes=(Scope.WRITE,),
        description="All must be pinned already; those that are not named keep their pins and come after the others.",
        parameters=(IDEMPOTENCY_KEY,),
        body=ViewOrder,
        replies=(Reply(204, "They come first, in this order.", headers=REPLAY),),
    )
)
def order_records(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    view_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Set the order of pinned records."""
    kind, view = type_with_views(object_type), id_in_path(view_id)

    def work(transaction: Transaction) -> Answer:
        ids = read_body(body, ViewOrder).object_ids
        pinned_records.order_records(transaction, kind, view, ids)
        return Answer(204, b"", {})

    return write_once(request, session, body, work)


@handles(
    view_operation(
        "unpinViewRecord",
        "DELETE",
        _VIEW_RECORD,
        "Unpin a record",
        scopes=(Scope.WRITE,),
        replies=(Reply(204, "It is not pinned any more."),),
    )
)
def unpin_record(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    view_id: PathPart,
    record_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Unpin a record."""
    kind, view, record = type_with_views(object_type), id_in_path(view_id), id_in_path(record_id)

    def work(transaction: Transaction) -> None:
        pinned_records.unpin_record(transaction, kind, view, record)

    return delete_once(request, session, body, work)


RECORDS_OF_VIEWS: Final = (list_records, order_records, pin_record, unpin_record)


def type_with_views(part: str) -> str:
    """Return the object type that a part of a path names, if the type has views.

    Args:
        part: The part between two slashes, percent-encoded.

    Raises:
        PrismdError: ``invalid_request`` for an unknown type, ``method_not_allowed`` for one without views.
    """
    object_type = object_type_in_path(part)
    if object_type not in VIEW_TYPES:
        known = ", ".join(VIEW_TYPES)
        raise PrismdError("method_not_allowed", f'Records of type "{object_type}" have no views (have: {known})')
    return object_type


def page_wanted(request: Request[Any, Any, Any], settings: Settings) -> PageWanted:
    """Return the page of records that a request asks for.

    Args:
        request: The request, for ``cursor``, ``limit`` and ``page``; a cursor makes the others meaningless.
        settings: The settings, for limits.

    Raises:
        PrismdError: ``invalid_request``: one of the parameters is invalid.
    """
    limit = page_limit(request, default=settings.page_max, most=settings.page_max)
    offset = page_offset(request, limit, settings)
    return PageWanted(limit, given(request, "cursor"), offset, cursor_field=".query.cursor")


def page_offset(request: Request[Any, Any, Any], limit: int, settings: Settings) -> int:
    """Return the number of entries before the page that a request asks for by its number.

    Args:
        request: The request, for ``page``, which counts from 1; it is ignored if the request has a cursor.
        limit: Number of entries on a page.
        settings: The settings, for the most entries that can be skipped.

    Raises:
        PrismdError: ``invalid_request``: ``page`` is not a whole number from 1, or skips too many entries.
    """
    raw = "1" if given(request, "cursor") else given(request, "page") or "1"
    digits = raw.lstrip("0")
    if not (raw.isascii() and raw.isdigit() and digits):
        raise PrismdError.invalid(".query.page", f"expected a whole number from 1, found {quoted(raw)}", "minimum")
    offset = (int(digits[-_DIGITS_MAX:]) - 1) * limit
    if len(digits) > _DIGITS_MAX or offset > settings.query_offset_max:
        message = f"it leaves out more than {settings.query_offset_max:,} entries; use cursors, which go any distance"
        raise PrismdError.invalid(".query.page", message, "maximum")
    return offset


def shown_page(page: QueryPage) -> ViewRecordPage:
    """Return a page of records as clients see it."""
    has_more = page.next_cursor is not None
    return ViewRecordPage(data=shown_rows(page), has_more=has_more, next_cursor=page.next_cursor)
