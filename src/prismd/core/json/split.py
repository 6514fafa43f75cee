"""JSON texts split into their members and items, which are not decoded and share the memory of the text."""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from prismd.core.json.text import (
    HALVES_MAX,
    HALVES_OF_ROWS_MAX,
    NotJsonError,
    constant_at,
    decode_exactly,
    reason_of,
    refuse_many,
    refuse_nothing,
    without_unpaired,
)

#: Maximum size in bytes of an import's body without its rows: the options and unknown members.
BESIDE_BYTES_MAX: Final = 2**16

#: The first byte of an array or an object.
_BRACKETS: Final = (b"[", b"{")

_Decoded = TypeVar("_Decoded")


class _Rows(msgspec.Struct):
    objects: msgspec.Raw = msgspec.Raw()


_MEMBERS_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ROWS_DECODER: Final = msgspec.json.Decoder(_Rows)
_ITEMS_DECODER: Final = msgspec.json.Decoder(list[msgspec.Raw])


def split_members(body: bytes) -> dict[str, msgspec.Raw]:
    """Split a JSON object into its members without decoding them.

    Args:
        body: UTF-8 JSON text; members share its memory.

    Raises:
        NotJsonError: The text is not a JSON object, repeats a member, or has too many values.
    """
    refuse_many(body)
    return _members(body)


def split_rows(body: bytes) -> dict[str, msgspec.Raw]:
    """Split a JSON object into its members without decoding them; ``objects`` can be an array of any size.

    Args:
        body: UTF-8 JSON text of any size; members share its memory.

    Raises:
        NotJsonError: As for :func:`split_members`; or the body without its rows is too large.
    """
    if len(body) <= 2 * BESIDE_BYTES_MAX:
        return _members(body, HALVES_OF_ROWS_MAX)
    body, found = _decoded(_ROWS_DECODER, body, HALVES_OF_ROWS_MAX)
    rows = memoryview(found.objects)
    if bytes(rows[:1]) != b"[" or len(body) - len(rows) > BESIDE_BYTES_MAX:
        size = len(body) - (len(rows) if bytes(rows[:1]) == b"[" else 0)
        message = f"what stands beside the array objects has {size:,} bytes, the most is {BESIDE_BYTES_MAX:,}"
        raise NotJsonError(message)
    # The other members are too small to contain the same text again, so the text of the rows is found at its own place.
    before, behind = _around(body, rows)
    return {**_members(before + b"0" + behind), "objects": found.objects}


def _members(body: bytes, halves_max: int = HALVES_MAX) -> dict[str, msgspec.Raw]:
    body, members = _decoded(_MEMBERS_DECODER, body, halves_max)
    _refuse_repeated_members(body, members)
    return members


def _decoded(decoder: msgspec.json.Decoder[_Decoded], body: bytes, halves_max: int) -> tuple[bytes, _Decoded]:
    """Return a text with a stand-in for each half of a surrogate pair, and the decoded text."""
    try:
        return body, decoder.decode(body)
    except (msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
        raise NotJsonError(reason_of(error)) from None
    except msgspec.DecodeError as error:
        refuse_nothing(body)
        mended = without_unpaired(body, halves_max)
        if mended == body:
            raise NotJsonError(constant_at(body, error) or reason_of(error)) from None
        return _decoded(decoder, mended, halves_max)


def split_items(array: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """Split a JSON array into its items without decoding them.

    Raises:
        NotJsonError: The text is not an array.
    """
    try:
        return _ITEMS_DECODER.decode(array)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotJsonError(reason_of(error)) from None


def _refuse_repeated_members(body: bytes, members: dict[str, msgspec.Raw]) -> None:
    # Cut out the largest member first, so that reading the rest again costs little. Never cut out a text: a key can end
    # with an escaped quotation mark and the same text, which would be cut out instead.
    if not members:
        return
    largest = max([memoryview(raw) for raw in members.values()], key=lambda raw: raw.nbytes)
    if bytes(largest[:1]) in _BRACKETS:
        before, behind = _around(body, largest)
        body = before + b"0" + behind
    decode_exactly(body)


def _around(body: bytes, part: memoryview) -> tuple[bytes, bytes]:
    """Return the text before and after the first occurrence of an object or array in a body."""
    start = body.find(part[:64])
    if not body.startswith(part, start):
        start = body.find(part)  # never prefix by prefix: a body made of nothing but prefixes would take squares
    return body[:start], body[start + len(part) :]
