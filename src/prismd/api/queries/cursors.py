"""Cursors of paged answers: the start of the next page, as an opaque token (contract, section 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from prismd.core.errors import PrismdError
from prismd.core.queries.opaque_tokens import read_token, write_token


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The end of a page, and the listing's limit and filters.

    Args:
        after: Id or index of the last entry.
        limit: Number of entries on a page.
        filters: The filters in force, in a fixed order; None for an unused one.
    """

    after: str
    limit: Annotated[int, Meta(ge=1)]
    filters: tuple[Annotated[str, Meta(pattern=r"\A[a-z]+\Z")] | None, ...] = ()


#: Made before any thread uses it: if two threads made it at the same time, msgspec would crash the process.
_CURSORS: Final = msgspec.json.Decoder(Cursor)


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing with pages, and the cursors that it can have.

    Args:
        scope: The route, the team and everything else that distinguishes the listing from others.
        after: The form of the id or index of an entry.
        limit_max: The most entries on a page.
        filters: Number of the listing's filters.
    """

    scope: str
    after: re.Pattern[str]
    limit_max: int
    filters: int


def write_cursor(cursor: Cursor, listing: Listing) -> str:
    """Return the text of a cursor.

    Args:
        cursor: The end of the page.
        listing: The listing; the cursor is valid only for it.
    """
    return write_token(msgspec.json.encode(cursor), listing.scope)


def read_cursor(text: str, listing: Listing) -> Cursor:
    """Return the cursor in a text.

    A client can invent one, so the listing checks that it could have written it; it finds nothing of other teams.

    Args:
        text: The text that :func:`write_cursor` made.
        listing: The listing.

    Raises:
        PrismdError: ``invalid_request``: the cursor is altered, or belongs to another listing.
    """
    payload = read_token(text, listing.scope)
    try:
        cursor = None if payload is None else _CURSORS.decode(payload)
    except msgspec.MsgspecError:
        cursor = None
    if cursor is not None and _can_be_of(listing, cursor):
        return cursor
    message = "it is not a cursor of this listing; pass next_cursor back unchanged, or start without a cursor"
    raise PrismdError.invalid(".query.cursor", message, "format")


def _can_be_of(listing: Listing, cursor: Cursor) -> bool:
    return (
        listing.after.fullmatch(cursor.after) is not None
        and cursor.limit <= listing.limit_max
        and len(cursor.filters) == listing.filters
    )
