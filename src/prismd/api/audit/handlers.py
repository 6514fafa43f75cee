"""The audit of a team over HTTP: who did what, and when; prismd's own addition to the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from litestar import Request, Response

from prismd.api.audit.shapes import AuditLines, shown_line
from prismd.api.document.operation import LIMIT, TEAM, Operation, Parameter, Reply, filter_by
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.injected import SessionIn
from prismd.api.http.query_strings import given, one_of, page_limit
from prismd.api.queries.cursors import Cursor, Listing, read_cursor, write_cursor
from prismd.core.api_keys.scopes import Scope
from prismd.core.audit import Action, AuditFilter, moment_of
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.json.text import encode
from prismd.core.values.dates import UnreadableDateError
from prismd.core.wording.quoting import quoted
from prismd.services.audit import page_of_audit
from prismd.services.idempotency.claims import Answer
from prismd.store.audit import EntryPosition

_MOMENT: Final = {"type": "string", "format": "date-time"}
_ID: Final = {"type": "string", "format": "uuid"}


ACTIONS: Final = tuple(action.value for action in Action)
_POSITION: Final = re.compile(r"([0-9]{1,17})/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@handles(
    Operation(
        name="listAudit",
        method="GET",
        path=f"{TEAM}/audit",
        tag="Audit",
        scopes=(Scope.ADMIN,),
        summary="List who did what to what, newest first",
        description=(
            "prismd's own. An entry is written in the transaction of what was done, and never changed. docs/audit.md "
            "tells what is in it."
        ),
        parameters=(
            Parameter("cursor", "query", "`next_cursor` of the page before, beside the same filters."),
            LIMIT,
            Parameter("since", "query", "Done then or later; a day means its beginning in UTC.", _MOMENT),
            Parameter("until", "query", "Done before then.", _MOMENT),
            filter_by("action", "What was done.", ACTIONS),
            Parameter("object_id", "query", "To this record, import, property, option, list, view or key.", _ID),
            Parameter("key_id", "query", "By this key.", _ID),
        ),
        replies=(Reply(200, "A page of the audit.", AuditLines),),
        errors=("query_timeout",),
    )
)
def get_audit(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Answer a page of the team's audit, newest first."""
    wanted = _filter(request)
    listing = Listing(f"audit {session.team_id} {wanted}", _POSITION, session.settings.page_max, filters=0)
    text = given(request, "cursor")
    start = Cursor("", page_limit(request, most=listing.limit_max)) if text is None else read_cursor(text, listing)
    page = session.do(page_of_audit, wanted, before=_position(start), limit=start.limit)
    more = page.next_position
    next_cursor = None if more is None else write_cursor(Cursor(_written(more), start.limit), listing)
    shown = AuditLines(
        data=[shown_line(entry) for entry in page.entries], has_more=more is not None, next_cursor=next_cursor
    )
    return respond(Answer(200, encode(shown), {}))


def _filter(request: Request[Any, Any, Any]) -> AuditFilter:
    action = one_of(request, "action", ACTIONS)
    return AuditFilter(
        since=_moment(request, "since"),
        until=_moment(request, "until"),
        action=None if action is None else Action(action),
        object_id=_id(request, "object_id"),
        key_id=_id(request, "key_id"),
    )


def _moment(request: Request[Any, Any, Any], name: str) -> datetime | None:
    raw = given(request, name)
    try:
        return None if raw is None else moment_of(raw)
    except UnreadableDateError as error:
        message = f"{error}; expected a day or a moment such as 2026-01-31T12:00:00Z, with + written as %2B"
        raise PrismdError.invalid(f".query.{name}", message, "format") from None


def _id(request: Request[Any, Any, Any], name: str) -> str | None:
    raw = given(request, name)
    if raw is not None and not is_uuid(raw):
        raise PrismdError.invalid(f".query.{name}", f"expected an id, found {quoted(raw)}", "format")
    return raw and raw.lower()


def _written(position: EntryPosition) -> str:
    return f"{(position.at - _EPOCH) // timedelta(microseconds=1)}/{position.id}"


def _position(cursor: Cursor) -> EntryPosition | None:
    found = _POSITION.fullmatch(cursor.after)
    return None if found is None else EntryPosition(_EPOCH + timedelta(microseconds=int(found[1])), found[2])
