"""How many values a JSON text holds, counted on its bytes before any of them is built, in time that grows with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

#: Most values of one JSON text that is read as a whole, such as a row or the body of a single write. Each takes two
#: bytes of text at least, and up to two hundred when it is built.
VALUES_MAX: Final = 50_000

#: As many values do not fit into fewer bytes.
_BYTES_OF_MANY: Final = 2 * VALUES_MAX
#: Items that may be split off without a further look; each takes some eighty bytes until it is read.
_ITEMS_SURE: Final = 1_000_000
#: What is looked at in one go; meanwhile no other thread runs.
_SEGMENT: Final = 2**18

_DELETED: Final = bytes(sorted(set(range(256)) - set(b'"[]{},')))
_STRING: Final = re.compile(rb'"[^"]*+"')
#: An object or array in which no other stands: nothing in it is an item of what is around it.
_INNERMOST: Final = re.compile(rb"[\[{],*+[\]}]")
_ROUNDS: Final = 4
#: Brackets in a row that no parser follows.
_DEPTH_SURE: Final = 2_000


class TooManyValuesError(ValueError):
    """A JSON text holds more values than are read in one go; the message says how many may be."""


def refuse_many_values(text: bytes) -> None:
    """Refuse a JSON text that holds more values than are read in one go.

    Args:
        text: UTF-8 JSON text, or what shall be one.

    Raises:
        TooManyValuesError: It holds more than :data:`VALUES_MAX`.
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
    """Tell whether an array has more items than may be split off; it stops at the first that is too much.

    Arrays with so few commas that all their items could be split off are not looked at closely: they may have more.

    Args:
        array: UTF-8 JSON text of an array, or what shall be one.
        most: How many there may be.
    """
    if len(array) <= 2 * _ITEMS_SURE or sum(one.count(b",") for one in _segments(array)) < _ITEMS_SURE:
        return False
    depth, items = 0, 1
    for signs in _signs(array):
        # The first bracket is the array's own, and must not be taken for one without anything in it.
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
    """Return the values that a text holds at most: one more than commas, and each object and array before its first."""
    return text.count(b",") + text.count(b"[") + text.count(b"{") + 1


def _signs(text: bytes | memoryview) -> Iterator[bytes]:
    """Yield the brackets and commas of a text that stand outside its strings, segment by segment."""
    held = b""
    for segment in _segments(text):
        piece = held + segment
        # A backslash at the end belongs to what comes next.
        cut = len(piece) - (len(piece) - len(piece.rstrip(b"\\"))) % 2
        piece, held = piece[:cut], piece[cut:]
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"").replace(b'\\"', b"")
        # Most strings hold no such signs. Of those that do, no list of all that stands between may be made.
        signs = piece.translate(None, _DELETED).replace(b'""', b"")
        if b'"' in signs:
            signs = _STRING.sub(b"", signs)
            if b'"' in signs:  # a string that goes on in the next segment, which then begins inside it
                outside, _, _ = signs.partition(b'"')
                signs, held = outside, b'"' + held
        yield signs


def _segments(text: bytes | memoryview) -> Iterator[bytes]:
    for start in range(0, len(text), _SEGMENT):
        yield bytes(text[start : start + _SEGMENT])
