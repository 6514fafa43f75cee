"""Views over HTTP: make, list, read, change and delete them (contract, section 14)."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import IDEMPOTENCY_KEY, REPLAY, Parameter, Reply
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import id_in_path
from prismd.api.http.query_strings import given, page_limit
from prismd.api.limits.answers import entries
from prismd.api.queries.cursors import Cursor, Listing, read_cursor, write_cursor
from prismd.api.views.parameters import ERRORS, PAGED, VIEW_PATH, VIEWS_PATH, view_operation
from prismd.api.views.records import page_offset, page_wanted, shown_page, type_with_views
from prismd.api.views.shapes import ViewBundle, ViewCreate, ViewPage, ViewPatch, ViewWithRecords, members_of, shown_view
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.views.definitions import View
from prismd.core.wording.quoting import nearest, quoted
from prismd.services.idempotency.claims import Answer
from prismd.services.session import Session, Transaction
from prismd.services.views import views
from prismd.store.views import ViewsWanted

_LIST: Final = Parameter("list_id", "query", "The views of this list; absent: of no list. Beside a cursor, as before.")
_INCLUDE: Final = Parameter(
    "include", "query", "`records`: a page of them too; then cursor, limit and page are theirs."
)


_INLINED: Final = ("records",)
_VIEW_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@handles(
    view_operation(
        "createView",
        "POST",
        VIEWS_PATH,
        "Make a view",
        scopes=(Scope.ADMIN,),
        parameters=(IDEMPOTENCY_KEY,),
        body=ViewCreate,
        replies=(Reply(201, "The view.", ViewBundle, REPLAY),),
        errors=("method_not_allowed", "id_taken"),
    )
)
def create_view(
    *, request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Make a view."""
    kind = type_with_views(object_type)

    def work(transaction: Transaction) -> Answer:
        sent = read_body(body, ViewCreate)
        made = views.create_view(transaction, kind, sent.id, members_of(sent))
        return _answer(201, made, session)

    return write_once(request, session, body, work)


@handles(
    view_operation(
        "listViews",
        "GET",
        VIEWS_PATH,
        "List the views of an object type",
        scopes=(Scope.READ,),
        parameters=(*PAGED, _LIST),
        replies=(Reply(200, "A page of views.", ViewPage),),
    )
)
def list_views(request: Request[Any, Any, Any], object_type: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer the views of an object type, in pages."""
    kind, list_id, most = type_with_views(object_type), given(request, "list_id"), session.settings.page_max
    listing = Listing(f"views {session.team_id} {kind} {list_id}", _VIEW_ID, most, filters=0)
    cursor = given(request, "cursor")
    start = read_cursor(cursor, listing) if cursor else Cursor("", page_limit(request, default=most, most=most))
    offset = page_offset(request, start.limit, session.settings)
    wanted = ViewsWanted(list_id, start.after or None, start.limit + 1, offset)
    found = session.do(views.list_views, kind, wanted)
    has_more, found = len(found) > start.limit, found[: start.limit]
    next_cursor = write_cursor(Cursor(found[-1].id, start.limit), listing) if has_more else None
    shown = entries((shown_view(view, session.caller.public_id) for view in found), session.settings)
    return respond(Answer(200, encode(ViewPage(data=shown, has_more=has_more, next_cursor=next_cursor)), {}))


@handles(
    view_operation(
        "getView",
        "GET",
        VIEW_PATH,
        "Read a view, with its records if wanted",
        scopes=(Scope.READ,),
        parameters=(_INCLUDE, *PAGED),
        replies=(Reply(200, "The view; or an object of `view` and `records`.", (ViewBundle, ViewWithRecords)),),
        errors=(*ERRORS, "query_timeout"),
    )
)
def get_view(
    request: Request[Any, Any, Any], object_type: PathPart, view_id: PathPart, session: SessionIn
) -> Response[bytes]:
    """Answer a view; with ``include=records``, a page of its records too."""
    kind, wanted = type_with_views(object_type), id_in_path(view_id)
    if not _includes_records(request):
        return respond(_answer(200, session.do(views.get_view, kind, wanted), session))
    page = page_wanted(request, session.settings)
    view, records = session.do(views.page_of_view, kind, wanted, page)
    both = ViewWithRecords(view=shown_view(view, session.caller.public_id), records=shown_page(records))
    return respond(Answer(200, encode(both), {}))


@handles(
    view_operation(
        "updateView",
        "PATCH",
        VIEW_PATH,
        "Change a view",
        scopes=(Scope.ADMIN,),
        description="`select`, `filter` and `sort` are replaced as a whole; null clears; what is absent stays. "
        "A view never moves to another list, nor into one or out of one.",
        parameters=(IDEMPOTENCY_KEY,),
        body=ViewPatch,
        replies=(Reply(200, "The view as it is now.", ViewBundle, REPLAY),),
    )
)
def update_view(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    view_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Change a view."""
    kind, wanted = type_with_views(object_type), id_in_path(view_id)

    def work(transaction: Transaction) -> Answer:
        changes = members_of(read_body(body, ViewPatch))
        return _answer(200, views.update_view(transaction, kind, wanted, changes), session)

    return write_once(request, session, body, work)


@handles(
    view_operation(
        "deleteView",
        "DELETE",
        VIEW_PATH,
        "Delete a view",
        scopes=(Scope.ADMIN,),
        replies=(Reply(204, "It is gone; its records stay."),),
    )
)
def delete_view(
    *,
    request: Request[Any, Any, Any],
    object_type: PathPart,
    view_id: PathPart,
    session: SessionIn,
    body: BodyBytes,
) -> Response[bytes]:
    """Delete a view; its records stay."""
    kind, wanted = type_with_views(object_type), id_in_path(view_id)

    def work(transaction: Transaction) -> None:
        views.delete_view(transaction, kind, wanted)

    return delete_once(request, session, body, work)


VIEWS: Final = (create_view, list_views, get_view, update_view, delete_view)


def _includes_records(request: Request[Any, Any, Any]) -> bool:
    asked = [part.strip() for part in (given(request, "include") or "").split(",")]
    for part in filter(None, asked):
        if part not in _INLINED:
            message = f"a view has no {quoted(part)} to include{nearest(part, _INLINED)}; it has records"
            raise PrismdError.invalid(".query.include", message, "enum")
    return any(asked)


def _answer(status: int, view: View, session: Session) -> Answer:
    return Answer(status, encode(shown_view(view, session.caller.public_id)), {})
