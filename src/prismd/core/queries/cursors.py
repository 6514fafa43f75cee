"""Cursors of queries: the end of a page as an opaque token, which is valid for the same query only.

Between two pages, options of a select property can be added, deleted and reordered. So a cursor holds the option at
the end of the page, and the options before it. The next page continues within that option, skips the options before
it, and puts all others in their present order. So no record is repeated, and none is skipped unless its values change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.properties.schema import Kind
from prismd.core.queries.opaque_tokens import read_token, write_token
from prismd.core.queries.tree import Query, SortKey
from prismd.core.values.dates import UnreadableDateError, stored_date
from prismd.core.values.errors import text_problem
from prismd.core.values.numbers import kept_exactly, written_number


class _Reached(msgspec.Struct, array_like=True, frozen=True):
    """The position of a page's end among the options of a select property.

    Args:
        option: Id of the option at the end of the page.
        salt: The salt of the digests.
        passed: The digests of the options before it, concatenated.
    """

    option: str
    salt: Annotated[int, Meta(ge=0, le=255)]
    passed: bytes


#: A sort value in a cursor: numbers and dates are texts, so that nothing is rounded.
_Value = _Reached | str | int | bool | None


@dataclass(frozen=True, slots=True)
class PageEnd:
    """The end of a page.

    Args:
        limit: Maximum number of rows of the page.
        after: Id of the last record.
        values: The last record's sort values, one for each sort key of the query; for a select property, the rank of
            the option, from 1. If the query pins records, the rank among the pinned ones precedes them.
    """

    limit: int
    after: str
    values: tuple[Any, ...]


class _Written(msgspec.Struct, array_like=True, frozen=True):
    limit: Annotated[int, Meta(ge=1)]
    after: str
    values: tuple[_Value, ...]


#: Created before any thread uses it: if two threads create it at the same time, msgspec crashes the process.
_WRITTEN: Final = msgspec.msgpack.Decoder(_Written)


def write_query_cursor(end: PageEnd, query: Query, team_id: int) -> str:
    """Return the cursor of the page that follows another page.

    Args:
        end: The end of the other page.
        query: The query of both pages.
        team_id: Internal id of the team.
    """
    pinned = len(end.values) - len(query.sort)
    sorted_by = (_written(key, value) for key, value in zip(query.sort, end.values[pinned:], strict=True))
    written = _Written(end.limit, end.after, (*end.values[:pinned], *sorted_by))
    return write_token(msgspec.msgpack.encode(written), _scope(query, team_id))


class Resumed(NamedTuple):
    """A query that continues after a page; its sort keys hold options in the order of the earlier pages."""

    query: Query
    end: PageEnd


def read_query_cursor(text: str, query: Query, team_id: int, *, limit_max: int, field: str) -> Resumed:
    """Return the query that continues after a cursor's page, and the end of that page.

    Args:
        text: A cursor from :func:`write_query_cursor`.
        query: The query that the caller sent with the cursor.
        team_id: Internal id of the team.
        limit_max: Maximum number of rows of a page.
        field: Path of the cursor in the request.

    Raises:
        PrismdError: ``invalid_request``: the cursor is malformed, altered, or of another query.
    """
    payload = read_token(text, _scope(query, team_id))
    try:
        written = None if payload is None else _WRITTEN.decode(payload)
    except msgspec.MsgspecError:
        written = None
    if written is None or not _can_be_of(query, written, limit_max):
        message = (
            "it is not a cursor of this query; pass next_cursor back unchanged with the same filter, sort and scope, "
            "or start without a cursor"
        )
        raise PrismdError.invalid(field, message, "format")
    pinned = len(written.values) - len(query.sort)
    keys, values = list(query.sort), list(written.values)
    for index, (key, value) in enumerate(zip(query.sort, written.values[pinned:], strict=True)):
        if isinstance(value, _Reached):
            keys[index], values[pinned + index] = _resumed(key, value)
    return Resumed(replace(query, sort=tuple(keys)), PageEnd(written.limit, written.after, tuple(values)))


def _written(key: SortKey, value: Any) -> _Value:  # noqa: ANN401 - whatever records are sorted by
    if value is None or key.path.leaf.kind is not Kind.SELECT:
        return str(value) if isinstance(value, Decimal) else value
    options, rank = key.options(), value - 1
    before, behind = options[:rank], options[rank + 1 :]
    passed, others = (behind, before) if key.descending else (before, behind)
    for salt in range(_SALTS):
        found = [_digest(option, salt) for option in passed]
        if not {_digest(option, salt) for option in others}.intersection(found):
            return _Reached(options[rank], salt, b"".join(found))
    raise AssertionError  # it would take a collision with each of 256 salts


def _resumed(key: SortKey, reached: _Reached) -> tuple[SortKey, int]:
    """Return the sort key with options in the order of the earlier page, and the rank of the option at its end."""
    passed = {reached.passed[at : at + _DIGEST_BYTES] for at in range(0, len(reached.passed), _DIGEST_BYTES)}
    before: list[str] = []
    behind: list[str] = []
    for option in key.path.leaf.options:
        if option.id != reached.option:
            (before if _digest(option.id, reached.salt) in passed else behind).append(option.id)
    if key.descending:
        before, behind = behind, before
    # A deleted option keeps its rank, although no record has it any more.
    return replace(key, order=(*before, reached.option, *behind)), len(before) + 1


def _digest(option_id: str, salt: int) -> bytes:
    return hashlib.blake2b(option_id.encode(), digest_size=_DIGEST_BYTES, salt=bytes([salt])).digest()


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
            return isinstance(value, _Reached) and is_uuid(value.option) and not len(value.passed) % _DIGEST_BYTES
        case Kind.BOOL:
            return isinstance(value, bool)
        case Kind.NUM:
            return isinstance(value, str) and _is_number(value)
        case Kind.DATE:
            return isinstance(value, str) and _is_moment(value)
        case _:
            return isinstance(value, str) and text_problem(value, len(value)) is None


#: Short, because a property can have thousands of options; a salt is chosen that avoids harmful collisions.
_DIGEST_BYTES: Final = 4
_SALTS: Final = 256

_RANK_MAX: Final = 2**31 - 1
_DAY_AND_T: Final = len("2024-05-31T")


def _is_rank(value: _Value) -> bool:
    return type(value) is int and 0 <= value <= _RANK_MAX


def _is_number(text: str) -> bool:
    number = written_number(text) if text.isascii() and text.isprintable() else None
    try:
        return number is not None and kept_exactly(number) is not None
    except ArithmeticError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return stored_date(text + "Z")[:_DAY_AND_T] == text[:_DAY_AND_T]
    except UnreadableDateError:
        return False
