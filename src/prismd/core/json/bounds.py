"""The number of values in a JSON text, counted in its bytes before any value is built, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

#: The most values of a JSON text that is decoded as a whole, such as a row or the body of a single write. A value takes
#: at least two bytes of text, and up to two hundred bytes when it is built.
VALUES_MAX: Final = 50_000

#: A shorter text cannot have that many values.
_BYTES_OF_MANY: Final = 2 * VALUES_MAX
#: Number of items that can be split off without counting; each takes about eighty bytes until it is decoded.
_ITEMS_SURE: Final = 1_000_000
#: Bytes that are searched at a time, because no other thread runs during a search.
_SEGMENT: Final = 2**18

_DELETED: Final = bytes(sorted(set(range(256)) - set(b'"[]{},')))
_STRING: Final = re.compile(rb'"[^"]*+"')
#: An innermost object or array: nothing in it is an item of an outer array.
_INNERMOST: Final = re.compile(rb"[\[{],*+[\]}]")
_ROUNDS: Final = 4
#: Nesting that no parser accepts.
_DEPTH_SURE: Final = 2_000


class TooManyValuesError(ValueError):
    """A JSON text has more values than can be decoded as a whole; the message gives the limit."""


def refuse_many_values(text: bytes) -> None:
    """Refuse a JSON text that has more values than can be decoded as a whole.

    Args:
        text: UTF-8 text that should be JSON.

    Raises:
        TooManyValuesError: It has more than :data:`VALUES_MAX`.
    """
    if len(text) <= _BYTES_OF_MANY or _count(text) <= VALUES_MAX:
        return
    values, first = 0, b""
    for signs in _signs(text):
        values, first = values + _count(signs), first or signs
        if values > VALUES_MAX:  # so the rest is not looked at, however much it is
            if len(first) - len(first.lstrip(b"[{")) > _DEPTH_SURE:
                raise TooManyValuesError("it is nested too deeply")
            raise TooManyValuesError(f"it holds more than {VALUES_MAX:,} values; send fewer in one go")


def has_more_items(array: bytes | memoryview, most: int) -> bool:
    """Return whether an array has more items than allowed; counting stops at the first item too many.

    An array with few commas is not counted, because splitting off its items is safe; it can have more items.

    Args:
        array: UTF-8 text that should be a JSON array.
        most: The most items.
    """
    if len(array) <= 2 * _ITEMS_SURE or sum(one.count(b",") for one in _segments(array)) < _ITEMS_SURE:
        return False
    depth, items = 0, 1
    for signs in _signs(array):
        # The first bracket is the array's own, and must not be taken for the start of an empty array.
        head, rest = (signs[:1], signs[1:]) if depth == 0 else (b"", signs)
        for _ in range(_ROUNDS):
            rest = _INNERMOST.sub(b"", rest)
        for sign in head + rest:
            if sign in b"[{":
                depth += 1
            elif sign in b"]}":
                depth -= 1
            elif depth == 1:
                items += 1
        if items > most:
            return True
    return False


def _count(text: bytes) -> int:
    """Return an upper bound of the number of values: commas plus one, and one for each object and array."""
    return text.count(b",") + text.count(b"[") + text.count(b"{") + 1


def _signs(text: bytes | memoryview) -> Iterator[bytes]:
    """Yield the brackets and commas outside the strings of a text, segment by segment."""
    held = b""
    for segment in _segments(text):
        piece = held + segment
        # A backslash at the end belongs to the next segment.
        cut = len(piece) - (len(piece) - len(piece.rstrip(b"\\"))) % 2
        piece, held = piece[:cut], piece[cut:]
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        # Most strings contain no brackets and commas. Remove the others without building a list of all parts.
        signs = piece.translate(None, _DELETED).replace(b'""', b"")
        if b'"' in signs:
            signs = _STRING.sub(b"", signs)
            if b'"' in signs:  # the string continues in the next segment, which starts inside it
                outside, _, _ = signs.partition(b'"')
                signs, held = outside, b'"' + held
        yield signs


def _segments(text: bytes | memoryview) -> Iterator[bytes]:
    for start in range(0, len(text), _SEGMENT):
        yield bytes(text[start : start + _SEGMENT])
