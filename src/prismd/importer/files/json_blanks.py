"""Takes blank texts out of a row of JSON, as blank cells of CSV are left out; everything else stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from prismd.core.values.blanks import is_blank

#: Deeper values are left as they are; no value of a property is as deep.
_DEPTH_MAX: Final = 8
_WHITE: Final = b" \t\r\n"

# A text without any visible sign of ASCII, which is blank or in another script.
_PERHAPS_BLANK: Final = re.compile(rb'"(?:[^\x21-\x7e]|\\[nrtbf]|\\u[0-9a-fA-F]{4})*+"')
_NULL: Final = re.compile(rb"[:,\[][ \t\r\n]*+null")
_STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_SIGN: Final = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)
_NAME: Final = re.compile(rb"[ \t\r\n]*+(" + _STRING + rb")[ \t\r\n]*+:", re.DOTALL)
_LIST_ID: Final = re.compile(rb'"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"')

_text_of: Final = msgspec.json.Decoder(str).decode


def may_be_blank(raw: bytes, *, nulls: bool) -> bool:
    """Whether anything in a text of JSON may be blank; most rows are done with that question.

    Args:
        raw: A text of JSON.
        nulls: Take null for blank too.
    """
    return bool(_PERHAPS_BLANK.search(raw) or (nulls and _NULL.search(raw)))


def without_blanks(raw: bytes, *, nulls: bool) -> bytes:
    """Return the text of an object with values by slug, without members whose values are blank.

    Blank items of arrays go too, and so does an array or object of which nothing is left. An empty object or array that
    was sent as such stays.

    Args:
        raw: An object of JSON.
        nulls: Take null for blank too.
    """
    return (_cleaned(raw, 0, nulls=nulls) or b"{}") if raw[:1] == b"{" else raw


def list_without_blanks(raw: bytes, *, nulls: bool) -> bytes:
    """Return the values of lists without those that are blank; a list that is named stays.

    Args:
        raw: An object of JSON with values by slug, or with such objects by the id of a list.
        nulls: Take null for blank too.
    """

    def member(name: bytes, value: bytes) -> bytes | None:
        found = _cleaned(value, 1, nulls=nulls)
        return b"{}" if found is None and value[:1] == b"{" and _LIST_ID.fullmatch(name) else found

    return (_object(raw, member) or b"{}") if raw[:1] == b"{" else raw


def members_of(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the members of an object as they are written: the name in its quotes, and the value.

    Args:
        raw: An object of JSON; its names may be repeated.
    """
    for item in _items(raw):
        named = _NAME.match(item)
        assert named  # noqa: S101 - the text has been read as JSON before
        yield named[1], item[named.end() :].strip(_WHITE)


def _cleaned(value: bytes, depth: int, *, nulls: bool) -> bytes | None:
    """Return a value without what is blank in it, or None where it is blank as a whole."""
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
    # An operation without its values is none.
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
