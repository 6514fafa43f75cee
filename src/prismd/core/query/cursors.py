"""Where a page of a query ended, as a text that clients pass back unread; it is good for the same query only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from prismd.core.dates import UnreadableDateError, stored_date
from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.numbers import kept_exactly
from prismd.core.query.tree import Query, SortKey
from prismd.core.schema import Kind
from prismd.core.sealed import seal, unseal
from prismd.core.value_errors import text_problem

#: What records are sorted by, as JSON holds it; numbers and dates as text, so that nothing is rounded.
_Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended.

    Args:
        limit: Rows of a page.
        after: Id of the last record.
        values: What it is sorted by, for each key of the query; for pinned records their place first.
    """

    limit: int
    after: str
    values: tuple[Any, ...]


class _Written(msgspec.Struct, array_like=True, frozen=True):
    limit: Annotated[int, Meta(ge=1)]
    after: str
    values: tuple[_Value, ...]


def write_place(place: Place, query: Query, team_id: int) -> str:
    """Return the cursor that leads on from a place.

    Args:
        place: Where the page ended.
        query: Of the page.
        team_id: Whose records they are.
    """
    values = tuple(str(value) if isinstance(value, Decimal) else value for value in place.values)
    return seal(msgspec.json.encode(_Written(place.limit, place.after, values)), _scope(query, team_id))


def read_place(text: str, query: Query, team_id: int, *, limit_max: int, field: str) -> Place:
    """Return the place that a cursor stands for.

    Args:
        text: As :func:`write_place` made it.
        query: The one that is asked now.
        team_id: Whose records they are.
        limit_max: Most rows of a page.
        field: Where the cursor stands in the request.

    Raises:
        PrismdError: ``invalid_request``: it is altered, made up, or of another query.
    """
    payload = unseal(text, _scope(query, team_id))
    try:
        written = None if payload is None else msgspec.json.decode(payload, type=_Written)
    except msgspec.MsgspecError:
        written = None
    if written is None or not _can_be_of(query, written, limit_max):
        message = (
            "it is not a cursor of this query; pass next_cursor back unchanged with the same filter, sort and scope, "
            "or start without a cursor"
        )
        raise PrismdError.invalid(field, message, "format")
    return Place(written.limit, written.after, written.values)


def _scope(query: Query, team_id: int) -> str:
    return f"query {team_id} {query.identity()}"


def _can_be_of(query: Query, written: _Written, limit_max: int) -> bool:
    ranks = written.values[: len(written.values) - len(query.sort)]
    values = written.values[len(ranks) :]
    return (
        written.limit <= limit_max
        and is_uuid(written.after)
        and len(ranks) == bool(query.pinned)
        and len(values) == len(query.sort)
        and all(_is_rank(rank) for rank in ranks)
        and all(_fits(key, value) for key, value in zip(query.sort, values, strict=True))
    )


def _fits(key: SortKey, value: _Value) -> bool:
    if value is None:
        return True
    match key.path.leaf.kind:
        case Kind.SELECT:
            return _is_rank(value)
        case Kind.BOOL:
            return isinstance(value, bool)
        case Kind.NUM:
            return isinstance(value, str) and _is_number(value)
        case Kind.DATE:
            return isinstance(value, str) and _is_moment(value)
        case _:
            return isinstance(value, str) and text_problem(value, len(value)) is None


_RANK_MAX: Final = 2**31 - 1
_DAY_AND_T: Final = len("2024-05-31T")


def _is_rank(value: _Value) -> bool:
    return type(value) is int and 0 <= value <= _RANK_MAX


def _is_number(text: str) -> bool:
    try:
        kept_exactly(Decimal(text))
    except ArithmeticError:
        return False
    return True


def _is_moment(text: str) -> bool:
    try:
        return stored_date(text + "Z")[:_DAY_AND_T] == text[:_DAY_AND_T]
    except UnreadableDateError:
        return False
