"""Cursors of paged answers: where the next page starts, as an opaque token (contract, section 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from prismd.core.errors import PrismdError
from prismd.core.queries.opaque_tokens import read_token, write_token


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended and what it was a page of.

    Args:
        after: Id or index of the last entry.
        limit: Entries of a page.
        filters: The filters in force, in a fixed order; None where one is not used.
    """

    after: str
    limit: Annotated[int, Meta(ge=1)]
    filters: tuple[Annotated[str, Meta(pattern=r"\A[a-z]+\Z")] | None, ...] = ()


#: Made before any thread reads: where two are the first at once, msgspec crashes the process.
_CURSORS: Final = msgspec.json.Decoder(Cursor)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is paged, and what its cursors can hold.

    Args:
        scope: The route, the team and whatever else distinguishes it from other listings.
        after: The form of the id or index of an entry.
        limit_max: Most entries of a page.
        filters: How many filters it has.
    """

    scope: str
    after: re.Pattern[str]
    limit_max: int
    filters: int


def write_cursor(cursor: Cursor, listing: Listing) -> str:
    """Return the text of a cursor.

    Args:
        cursor: Where the page ended.
        listing: What is paged; the cursor is good for nothing else.
    """
    return write_token(msgspec.json.encode(cursor), listing.scope)


def read_cursor(text: str, listing: Listing) -> Cursor:
    """Return the cursor of a text.

    Somebody can make one up, so it must be one that the listing could have written; it finds nothing of other teams.

    Args:
        text: As :func:`write_cursor` made it.
        listing: What is paged.

    Raises:
        PrismdError: ``invalid_request``: it is altered, or belongs to another listing.
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
