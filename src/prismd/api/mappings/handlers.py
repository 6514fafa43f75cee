"""Saved mappings over HTTP: list, read, save and delete them."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Request, Response

from prismd.api.document.operation import (
    CURSOR,
    IDEMPOTENCY_KEY,
    LIMIT,
    REPLAY,
    TEAM,
    Operation,
    Parameter,
    Reply,
)
from prismd.api.http.errors import respond
from prismd.api.http.handling import handles
from prismd.api.http.idempotency import delete_once, write_once
from prismd.api.http.injected import BodyBytes, PathPart, SessionIn
from prismd.api.http.json_bodies import read_body
from prismd.api.http.paths import value_in_path
from prismd.api.http.query_strings import given, page_limit
from prismd.api.limits.answers import entries, within_limits
from prismd.api.mappings.shapes import Mapping, MappingPage, shown_mapping
from prismd.api.queries.cursors import Cursor, Listing, read_cursor, write_cursor
from prismd.api.records.preconditions import preconditions, unless_known
from prismd.core.api_keys.scopes import Scope
from prismd.core.errors import PrismdError
from prismd.core.json.text import encode
from prismd.core.mapping.document import MappingDocument, NotAMappingError, read_document
from prismd.core.mapping.saved import NAME, SavedMapping
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.records.preconditions import etag
from prismd.core.wording.quoting import nearest, quoted
from prismd.services.idempotency.claims import Answer
from prismd.services.mappings import mappings
from prismd.services.session import Transaction

_MAPPINGS: Final = f"{TEAM}/mappings"
_MAPPING: Final = f"{_MAPPINGS}/{{name}}"
_NAMES: Final = re.compile(NAME)
_VERSIONS_MAX: Final = 2**31 - 1
_ETAG: Final = {"etag": "Version of the mapping."}
_VERSION: Final = Parameter(
    "version", "query", "An earlier version; absent: the newest.", {"type": "integer", "minimum": 1}
)
_NEWEST_FOR: Final = Parameter(
    "newest_for",
    "query",
    "The mappings for this object type that were saved last, the newest first, with their documents; without a cursor.",
    {"type": "string", "enum": list(OBJECT_TYPES)},
)
_IF_MATCH: Final = Parameter("If-Match", "header", "Do it only if the newest version has one of these entity tags.")
_IF_NONE_MATCH: Final = Parameter("If-None-Match", "header", "`*`: do it only if there is no mapping of this name.")
_KNOWN: Final = (
    Parameter("If-None-Match", "header", "Versions that the caller has: 304 and no body if it is one of them."),
    Parameter("If-Match", "header", "Answer only if the mapping has one of these entity tags."),
)
_READS: Final = (Scope.READ, Scope.IMPORT)
_WRITES: Final = (Scope.IMPORT, Scope.ADMIN)


@handles(
    Operation(
        name="listMappings",
        method="GET",
        path=_MAPPINGS,
        tag="Mappings",
        scopes=_READS,
        summary="List the saved mappings",
        description="By name, without their documents.",
        parameters=(CURSOR, LIMIT, _NEWEST_FOR),
        replies=(Reply(200, "A page of mappings.", MappingPage),),
    )
)
def list_mappings(request: Request[Any, Any, Any], session: SessionIn) -> Response[bytes]:
    """Answer the saved mappings, in pages, or the newest ones for a type."""
    most = session.settings.page_max
    listing = Listing(f"mappings {session.team_id}", _NAMES, most, filters=0)
    cursor, newest_for = given(request, "cursor"), given(request, "newest_for")
    if newest_for is not None:
        return respond(_newest(request, session, newest_for))
    start = read_cursor(cursor, listing) if cursor else Cursor("", page_limit(request, default=most, most=most))
    found = session.do(mappings.list_mappings, start.after or None, start.limit + 1)
    has_more, found = len(found) > start.limit, found[: start.limit]
    next_cursor = write_cursor(Cursor(found[-1].name, start.limit), listing) if has_more else None
    shown = entries(map(shown_mapping, found), session.settings)
    return respond(Answer(200, encode(MappingPage(data=shown, has_more=has_more, next_cursor=next_cursor)), {}))


@handles(
    Operation(
        name="getMapping",
        method="GET",
        path=_MAPPING,
        tag="Mappings",
        scopes=_READS,
        summary="Read a saved mapping",
        parameters=(_VERSION, *_KNOWN),
        replies=(Reply(200, "The mapping.", Mapping, _ETAG), Reply(304, "The caller has this version.", headers=_ETAG)),
        errors=("precondition_failed", "not_found"),
    )
)
def get_mapping(request: Request[Any, Any, Any], name: PathPart, session: SessionIn) -> Response[bytes]:
    """Answer a mapping, with its version as ``etag``."""
    found = session.do(mappings.get_mapping, value_in_path(name), _version(request))
    return respond(within_limits(unless_known(request, _answer(found)), session.settings))


@handles(
    Operation(
        name="putMapping",
        method="PUT",
        path=_MAPPING,
        tag="Mappings",
        scopes=_WRITES,
        summary="Save a mapping under a name",
        description="As a new version; earlier ones stay readable.",
        parameters=(IDEMPOTENCY_KEY, _IF_MATCH, _IF_NONE_MATCH),
        body=MappingDocument,
        replies=(Reply(200, "The mapping as it is now.", Mapping, {**_ETAG, **REPLAY}),),
        errors=("precondition_failed",),
    )
)
def put_mapping(
    request: Request[Any, Any, Any], name: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Save a mapping as a new version."""
    wanted, demanded = value_in_path(name), preconditions(request)

    def work(transaction: Transaction) -> Answer:
        return _answer(mappings.save_mapping(transaction, wanted, _document(body), demanded))

    return write_once(request, session, body, work)


@handles(
    Operation(
        name="deleteMapping",
        method="DELETE",
        path=_MAPPING,
        tag="Mappings",
        scopes=_WRITES,
        summary="Delete a saved mapping",
        description="With all its versions; what was imported by it stays.",
        parameters=(_IF_MATCH, _IF_NONE_MATCH),
        replies=(Reply(204, "It is gone."),),
        errors=("precondition_failed", "not_found"),
    )
)
def delete_mapping(
    request: Request[Any, Any, Any], name: PathPart, session: SessionIn, body: BodyBytes
) -> Response[bytes]:
    """Delete a mapping with all its versions."""
    wanted, demanded = value_in_path(name), preconditions(request)

    def work(transaction: Transaction) -> None:
        mappings.delete_mapping(transaction, wanted, demanded)

    return delete_once(request, session, body, work)


MAPPINGS: Final = (list_mappings, get_mapping, put_mapping, delete_mapping)


def _newest(request: Request[Any, Any, Any], session: SessionIn, object_type: str) -> Answer:
    if given(request, "cursor") is not None:
        raise PrismdError.invalid(".query.cursor", "newest_for has no pages; leave the cursor out", "format")
    if object_type not in OBJECT_TYPES:
        message = f"there is no object type {quoted(object_type)}{nearest(object_type, OBJECT_TYPES)}"
        raise PrismdError.invalid(".query.newest_for", message, "enum")
    most = session.settings.page_max
    limit = page_limit(request, default=most, most=most)
    found = session.do(mappings.decided_before, object_type, limit)
    shown = entries(map(shown_mapping, found), session.settings)
    return Answer(200, encode(MappingPage(data=shown, has_more=False, next_cursor=None)), {})


def _version(request: Request[Any, Any, Any]) -> int | None:
    text = given(request, "version")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:12]) <= _VERSIONS_MAX):
        raise PrismdError.invalid(".query.version", f"expected a whole number from 1, found {quoted(text)}", "type")
    return int(text)


def _document(body: bytes) -> MappingDocument:
    """Return the mapping in a body; the first reader names the member at fault, the second one holds it to be exact."""
    read_body(body, MappingDocument)
    try:
        return read_document(body)
    except NotAMappingError as error:
        raise PrismdError.invalid(".body", str(error)) from None


def _answer(saved: SavedMapping) -> Answer:
    return Answer(200, encode(shown_mapping(saved)), {"etag": etag(saved.version)})
