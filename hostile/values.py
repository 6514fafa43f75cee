"""Hostile JSON values: each as long as it is asked for, well-formed or nearly so, and harmful in a way of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Final

#: Makes a value of about so many bytes.
Value = Callable[[int], bytes]


def _items(item: bytes) -> Value:
    """Return what makes an array that holds one item again and again."""
    return lambda most: b"[" + b",".join([item] * (most // (len(item) + 1))) + b"]"


def _text(part: str) -> Value:
    """Return what makes a text that repeats a part, written as it stands in JSON."""
    return lambda most: b'"' + part.encode() * (most // len(part.encode())) + b'"'


def _nested(opening: bytes, inmost: bytes, closing: bytes) -> Value:
    def make(most: int) -> bytes:
        depth = most // (len(opening) + len(closing))
        return opening * depth + inmost + closing * depth

    return make


def _marks_of_two_classes(most: int) -> bytes:
    return ('"a' + "\u0301" * (most // 4) + "\u0323" * (most // 4) + '"').encode()


def _always(value: bytes) -> Value:
    return lambda _: value


def _members(most: int) -> bytes:
    return b"{" + b",".join(b'"%07d":0' % number for number in range(most // 12)) + b"}"


def _repeated_member(most: int) -> bytes:
    return b"{" + b",".join([b'"a":0'] * (most // 6)) + b"}"


def _distinct_texts(most: int) -> bytes:
    return b"[" + b",".join(b'"%07d"' % number for number in range(most // 10)) + b"]"


def _ids(most: int) -> bytes:
    form = b'"00000000-0000-4000-8000-%012d"'
    return b"[" + b",".join(form % number for number in range(most // 39)) + b"]"


def _bytes_that_are_no_text(most: int) -> bytes:
    return b'"' + b"\xff\xc0\xed\xa0\x80" * (most // 5) + b'"'


#: By name, the values of a kind; those that are as long as they are asked for, and those that are short.
VALUES: Final[Mapping[str, Sequence[Value]]] = {
    "nested deep": (_nested(b"[", b"", b"]"), _nested(b'{"a":', b"0", b"}")),
    "empty arrays": (_items(b"[]"),),
    "small objects": (_items(b"{}"), _items(b'{"a":0}')),
    "numbers and texts": (_items(b"0"), _items(b'"a"'), _items(b"null")),
    "distinct texts and ids": (_distinct_texts, _ids),
    "members": (_members,),
    "one member, repeated": (_repeated_member,),
    "digits": (lambda most: b"7" * most, lambda most: b"0." + b"3" * most),
    "absurd exponents": (_items(b"1e999999999"),),
    "combining marks": (_text("\u0301"), _text("a\u0301\u0323"), _marks_of_two_classes, _text("\u1100\u1161\u11a8")),
    "lone surrogates": (_text("\\ud800"),),
    "escapes": (_text("\\u0041"), _text("\\\\"), _text("\\u0000"), _text('\\"')),
    "bytes that are no UTF-8": (_bytes_that_are_no_text,),
    "long texts": (_text("a"), _text("a,"), _text("a."), _text("a@"), _text("a/"), _text("contacts.company.")),
    "patterns and statements": (
        _text("(a+)+$|(a|a)*\\\\1.*"),
        _text("%_\\\\%"),
        _text("'; DROP TABLE record; --"),
        _items(b'"contacts.company.contacts.company"'),
    ),
    "no end": (lambda most: b"[" * most, lambda most: b'{"a":' * (most // 5), lambda most: b'"' + b"a" * most),
    "white space": (lambda most: b" " * most, lambda most: b"\n" * most),
    "wrong types": tuple(
        _always(text) for text in (b"true", b"null", b'"a"', b"-1", b"[]", b"{}", b"[[]]", b"NaN", b"")
    ),
    "absurd numbers and dates": tuple(
        _always(text)
        for text in (
            b"1e999999999",
            b"-1e999999999999999999",
            b"1e-999999999",
            b"9" * 30,
            b"-9223372036854775809",
            b'"1e999999999"',
            b'"99999999-99-99T99:99:99+99:99"',
            b'"0000-01-01"',
        )
    ),
}
#: Of these no value stands in an array beside others: there is no telling where it ends.
NOT_SEPARATE: Final = frozenset({"no end", "white space", "wrong types"})


@functools.lru_cache(maxsize=8)
def made(name: str, most: int) -> tuple[bytes, ...]:
    """Return the values of a kind.

    Args:
        name: A key of :data:`VALUES`.
        most: Their length, in bytes; those of fixed length have another.
    """
    return tuple(value(most) for value in VALUES[name])
