"""What the operations on views and their records take and answer (contract, section 14)."""

from __future__ import annotations

from typing import Any, Final

from prismd.api.document.operation import CURSOR, IDEMPOTENCY_KEY, LIMIT, RECORDS, REPLAY, Operation, Parameter, Reply
from prismd.api.views.shapes import (
    ViewBundle,
    ViewCreate,
    ViewOrder,
    ViewPage,
    ViewPatch,
    ViewRecordPage,
    ViewWithRecords,
)
from prismd.core.api_keys.scopes import Scope
from prismd.core.views.definitions import VIEW_TYPES

_VIEWS: Final = f"{RECORDS}/views"
_VIEW: Final = f"{_VIEWS}/{{viewId}}"
_VIEW_RECORDS: Final = f"{_VIEW}/records"
_VIEW_RECORD: Final = f"{_VIEW_RECORDS}/{{recordId}}"

_PAGE: Final = Parameter(
    "page", "query", "Number of the page, from 1; cursors are better.", {"type": "integer", "minimum": 1}
)
_LIST: Final = Parameter("list_id", "query", "The views of this list; absent: of no list. Beside a cursor, as before.")
_INCLUDE: Final = Parameter(
    "include", "query", "`records`: a page of them too; then cursor, limit and page are theirs."
)
_PAGED: Final = (CURSOR, LIMIT, _PAGE)
_ERRORS: Final = ("method_not_allowed", "not_found")


def _operation(name: str, method: str, path: str, summary: str, **more: Any) -> Operation:  # noqa: ANN401 - fields of an operation
    own = {"tag": "Views", "object_types": VIEW_TYPES, "errors": _ERRORS}
    return Operation(name=name, method=method, path=path, summary=summary, **{**own, **more})


VIEW_OPERATIONS: Final = (
    _operation(
        "createView",
        "POST",
        _VIEWS,
        "Make a view",
        scopes=(Scope.ADMIN,),
        parameters=(IDEMPOTENCY_KEY,),
        body=ViewCreate,
        replies=(Reply(201, "The view.", ViewBundle, REPLAY),),
        errors=("method_not_allowed", "id_taken"),
    ),
    _operation(
        "listViews",
        "GET",
        _VIEWS,
        "List the views of an object type",
        scopes=(Scope.READ,),
        parameters=(*_PAGED, _LIST),
        replies=(Reply(200, "A page of views.", ViewPage),),
    ),
    _operation(
        "getView",
        "GET",
        _VIEW,
        "Read a view, with its records if wanted",
        scopes=(Scope.READ,),
        parameters=(_INCLUDE, *_PAGED),
        replies=(Reply(200, "The view; or an object of `view` and `records`.", (ViewBundle, ViewWithRecords)),),
        errors=(*_ERRORS, "query_timeout"),
    ),
    _operation(
        "updateView",
        "PATCH",
        _VIEW,
        "Change a view",
        scopes=(Scope.ADMIN,),
        description="`select`, `filter` and `sort` are replaced as a whole; null clears; what is absent stays. "
        "A view never moves to another list, nor into one or out of one.",
        parameters=(IDEMPOTENCY_KEY,),
        body=ViewPatch,
        replies=(Reply(200, "The view as it is now.", ViewBundle, REPLAY),),
    ),
    _operation(
        "deleteView",
        "DELETE",
        _VIEW,
        "Delete a view",
        scopes=(Scope.ADMIN,),
        replies=(Reply(204, "It is gone; its records stay."),),
    ),
    _operation(
        "listViewRecords",
        "GET",
        _VIEW_RECORDS,
        "List the records of a view",
        scopes=(Scope.READ,),
        description="Pinned records come first, in their order, if the filter wants them; then the others.",
        parameters=_PAGED,
        replies=(Reply(200, "A page of records.", ViewRecordPage),),
        errors=(*_ERRORS, "query_timeout"),
    ),
    _operation(
        "orderViewRecords",
        "PATCH",
        _VIEW_RECORDS,
        "Set the order of pinned records of a view",
        scopes=(Scope.WRITE,),
        description="All must be pinned already; those that are not named keep their pins and come after the others.",
        parameters=(IDEMPOTENCY_KEY,),
        body=ViewOrder,
        replies=(Reply(204, "They come first, in this order.", headers=REPLAY),),
    ),
    _operation(
        "pinViewRecord",
        "POST",
        _VIEW_RECORD,
        "Pin a record after those that are pinned",
        scopes=(Scope.WRITE,),
        description="One that is pinned already keeps its place.",
        parameters=(IDEMPOTENCY_KEY,),
        replies=(Reply(201, "It is pinned.", headers=REPLAY),),
    ),
    _operation(
        "unpinViewRecord",
        "DELETE",
        _VIEW_RECORD,
        "Unpin a record",
        scopes=(Scope.WRITE,),
        replies=(Reply(204, "It is not pinned any more."),),
    ),
)
