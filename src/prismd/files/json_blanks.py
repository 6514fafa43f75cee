"""Removes blank texts from a row of JSON, as blank cells of CSV are left out; all other bytes stay the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from prismd.core.values.blanks import is_blank

#: Deeper values stay as they are; no value of a property is as deep.
_DEPTH_MAX: Final = 8
_WHITE: Final = b" \t\r\n"

# A text without any visible ASCII character: it is blank, or in another script.
_PERHAPS_BLANK: Final = re.compile(rb'"(?:[^\x21-\x7e]|\\[nrtbf]|\\u[0-9a-fA-F]{4})*+"')
_NULL: Final = re.compile(rb"[:,\[][ \t\r\n]*+null")
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SIGN: Final = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)
_NAME: Final = re.compile(rb"[ \t\r\n]*+(" + _STRING + rb")[ \t\r\n]*+:", re.DOTALL)
_LIST_ID: Final = re.compile(rb'"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"')

_text_of: Final = msgspec.json.Decoder(str).decode


def may_be_blank(raw: bytes, *, nulls: bool) -> bool:
    """Return whether a JSON text may contain a blank value; for most rows this cheap check is enough.

    Args:
        raw: A JSON text.
        nulls: Whether null counts as blank.
    """
    return bool(_PERHAPS_BLANK.search(raw) or (nulls and _NULL.search(raw)))


def without_blanks(raw: bytes, *, nulls: bool) -> bytes:
    """Return the text of an object with values by slug, without members whose values are blank.

    Blank items of arrays are removed too, and so is an array or object that becomes empty. An object or array that was
    empty before stays.

    Args:
        raw: A JSON object.
        nulls: Whether null counts as blank.
    """
    return (_cleaned(raw, 0, nulls=nulls) or b"{}") if raw[:1] == b"{" else raw


def list_without_blanks(raw: bytes, *, nulls: bool) -> bytes:
    """Return the values of lists without blank ones; the id of a list stays even without values.

    Args:
        raw: A JSON object with values by slug, or with such objects by the id of a list.
        nulls: Whether null counts as blank.
    """

    def member(name: bytes, value: bytes) -> bytes | None:
        found = _cleaned(value, 1, nulls=nulls)
        return b"{}" if found is None and value[:1] == b"{" and _LIST_ID.fullmatch(name) else found

    return (_object(raw, member) or b"{}") if raw[:1] == b"{" else raw


def members_of(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the members of an object as they are written: the name in its quotes, and the value.

    Args:
        raw: A JSON object; its names may repeat.
    """
    for item in _items(raw):
        named = _NAME.match(item)
        assert named  # noqa: S101 - the text has been read as JSON before
        yield named[1], item[named.end() :].strip(_WHITE)


def _cleaned(value: bytes, depth: int, *, nulls: bool) -> bytes | None:
    """Return a value without its blank parts, or None where it is blank as a whole."""
    first = value[:1]
    if first == b'"':
        return None if is_blank(_text_of(value)) else value
    if value == b"null":
        return None if nulls else value
    if first == b"[" and depth < _DEPTH_MAX:
        return _array(value, lambda item: _cleaned(item, depth + 1, nulls=nulls))
    if first == b"{" and depth < _DEPTH_MAX:
        return _object(value, lambda _, inner: _cleaned(inner, depth + 1, nulls=nulls))
    return value


def _array(raw: bytes, clean: Callable[[bytes], bytes | None]) -> bytes | None:
    items = [item.strip(_WHITE) for item in _items(raw)]
    kept = [found for item in items if (found := clean(item)) is not None]
    if kept == items:
        return raw
    return b"[" + b",".join(kept) + b"]" if kept else None


def _object(raw: bytes, clean: Callable[[bytes, bytes], bytes | None]) -> bytes | None:
    members = list(members_of(raw))
    kept = [(name, found) for name, value in members if (found := clean(name, value)) is not None]
    if kept == members:
        return raw
    # ``_op`` without values means nothing, so remove it too.
    if not kept or [name for name, _ in kept] == [b'"_op"']:
        return None
    return b"{" + b",".join(name + b":" + value for name, value in kept) + b"}"


def _items(raw: bytes) -> Iterator[bytes]:
    depth, start = 0, 1
    for sign in _SIGN.finditer(raw):
        first = sign[0]
        if first in (b"[", b"{"):
            depth += 1
        elif first in (b"]", b"}"):
            depth -= 1
            if depth == 0 and raw[start : sign.start()].strip(_WHITE):
                yield raw[start : sign.start()]
        elif first == b"," and depth == 1:
            yield raw[start : sign.start()]
            start = sign.end()
