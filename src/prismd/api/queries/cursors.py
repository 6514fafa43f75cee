"""Cursors of paged answers: where the next page starts, as a text that clients pass back unread (contract, 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from prismd.core.errors import PrismdError
from prismd.core.queries.opaque_tokens import seal, unseal


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended and what it was a page of.

    Args:
        after: Of the last entry: its id or index.
        limit: Entries of a page.
        filters: The filters in force, in a fixed order; None stands for no filter.
    """

    after: str
    limit: Annotated[int, Meta(ge=1)]
    filters: tuple[Annotated[str, Meta(pattern=r"\A[a-z]+\Z")] | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """What is paged, and what its cursors can say.

    Args:
        scope: The route, the team and whatever else tells it from other listings.
        place: What ``after`` looks like.
        limit_max: Most entries of a page.
        filters: How many filters it has.
    """

    scope: str
    place: re.Pattern[str]
    limit_max: int
    filters: int


def write_cursor(cursor: Cursor, listing: Listing) -> str:
    """Return the text of a cursor.

    Args:
        cursor: Where the page ended.
        listing: What is paged; the text is good for nothing else.
    """
    return seal(msgspec.json.encode(cursor), listing.scope)


def read_cursor(text: str, listing: Listing) -> Cursor:
    """Return the cursor that a text stands for.

    One that somebody made up is held to what the listing could have written, and leads no further than the caller's
    team.

    Args:
        text: As :func:`write_cursor` made it.
        listing: What is paged.

    Raises:
        PrismdError: ``invalid_request``: it is altered, or belongs to another listing.
    """
    payload = unseal(text, listing.scope)
    try:
        cursor = None if payload is None else msgspec.json.decode(payload, type=Cursor)
    except msgspec.MsgspecError:
        cursor = None
    if cursor is not None and _can_be_of(listing, cursor):
        return cursor
    message = "it is not a cursor of this listing; pass next_cursor back unchanged, or start without a cursor"
    raise PrismdError.invalid(".query.cursor", message, "format")


def _can_be_of(listing: Listing, cursor: Cursor) -> bool:
    return (
        listing.place.fullmatch(cursor.after) is not None
        and cursor.limit <= listing.limit_max
        and len(cursor.filters) == listing.filters
    )
