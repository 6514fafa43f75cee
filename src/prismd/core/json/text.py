"""Strict JSON: repeated keys, unpaired surrogates and huge numbers are kept or refused, never silently changed."""

from __future__ import annotations

import json
import re
from collections.abc import ItemsView, Iterator, KeysView, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

import msgspec

from prismd.core.json.bounds import TooManyValuesError, refuse_many_values
from prismd.core.json.depth import is_too_deep
from prismd.core.json.unpaired import stand_in
from prismd.core.values.numbers import decimal_of

_DECODER: Final = msgspec.json.Decoder(float_hook=Decimal)
_TEXTS_DECODER: Final = msgspec.json.Decoder(dict[str, dict[str, str]])
_MEMBER_DECODER: Final = msgspec.json.Decoder(dict[str, str])

_TOO_DEEP: Final = "it is nested too deeply"

#: Python refuses to convert longer digit strings to int, and no stored number is that long.
_INT_DIGITS_MAX: Final = 400

#: Maximum size in bytes of an object of texts that is decoded without counting its values first.
_TEXTS_BYTES_MAX: Final = 2**16

#: Maximum number of halves of surrogate pairs that get stand-ins: in one record or query, and in the rows of an import.
HALVES_MAX: Final = 1_000
HALVES_OF_ROWS_MAX: Final = 100_000
_HALF: Final = re.compile(rb"\\(u[dD][89a-fA-F][0-9a-fA-F]{2})")
# Reads whole escapes, so that a match never starts inside of a pair or an escaped backslash; and only some thousands at
# a time, because no other thread runs during a match.
_NO_HALF: Final = re.compile(
    rb"(?:[^\\]++|\\(?!u[dD][89a-fA-F][0-9a-fA-F]{2})."
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}){0,20000}+",
    re.DOTALL,
)

# Constants that some programs write as numbers, and the position in the parser's message.
_CONSTANT: Final = re.compile(rb"(?:NaN|Infinity)\b")
_STOPPED: Final = re.compile(r"\(byte (\d+)\)")


class NotJsonError(ValueError):
    """A text is not JSON, or decoding it would lose a part of it; the message gives the position and the reason."""


class SentTexts(Mapping[str, str]):
    """An object of texts that is kept as JSON and decoded only when its texts are needed.

    Most rows of an import are stored exactly as they were sent. Keeping the texts of thousands of rows in memory takes
    more time than decoding a few rows twice.

    Args:
        json: The JSON text.
        texts: The decoded texts, if they are known.
    """

    __slots__ = ("_texts", "json")

    def __init__(self, json: bytes, texts: dict[str, str] | None = None) -> None:
        self.json = json
        self._texts = texts

    def __getitem__(self, key: str) -> str:
        """Return a text."""
        return self.read()[key]

    def __iter__(self) -> Iterator[str]:
        """Return the keys."""
        return iter(self.read())

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.read())

    # The inherited methods would be slow Python code; these use a dict, as matching calls them thousands of times.

    def keys(self) -> KeysView[str]:
        """Return the keys."""
        return self.read().keys()

    def items(self) -> ItemsView[str, str]:
        """Return keys and texts."""
        return self.read().items()

    def read(self) -> dict[str, str]:
        """Return the decoded texts, which must not be changed."""
        if self._texts is None:
            self._texts = _MEMBER_DECODER.decode(self.json)
        return self._texts


def _read(value: object) -> dict[str, str]:
    if isinstance(value, SentTexts):
        return value.read()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=_read)


def encode(value: object) -> bytes:
    """Return a value as compact JSON, decimals as exact numbers."""
    return _ENCODER.encode(value)


def decode_stored(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value of JSON that prismd itself stored, with exact numbers."""
    return _DECODER.decode(text)


def without_unpaired(text: bytes, halves_max: int = HALVES_MAX) -> bytes:
    """Return a JSON text with a stand-in for each half of a surrogate pair.

    The parser fails at a half, and a value with one cannot be encoded again. The stand-in passes both, and is refused
    in its field, because no text can hold it.

    Args:
        text: UTF-8 text that should be JSON.
        halves_max: The most halves; each makes the text longer, and takes a step of Python.

    Raises:
        NotJsonError: It has more halves than that.
    """
    if b"\\u" not in text:
        return text
    mended, begun, position, halves = bytearray(), 0, 0, 0
    while passed := _NO_HALF.match(text, position):
        half = _HALF.match(text, passed.end())
        if half is None and passed.end() == position:
            break
        position = passed.end()
        if half is not None:
            halves += 1
            if halves > halves_max:
                raise NotJsonError(f"it has more than {halves_max:,} halves of surrogate pairs; send text as UTF-8")
            mended += text[begun:position] + stand_in(half[1])
            begun = position = half.end()
    return bytes(mended + text[begun:]) if halves else text


def decode(raw: bytes | msgspec.Raw) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value of a JSON text: numbers as int or Decimal, exact.

    Args:
        raw: UTF-8 JSON text.

    Raises:
        NotJsonError: The text is not JSON, an object in it repeats a key, it is nested too deeply, or it has too
            many values.
    """
    raw = bytes(raw)
    refuse_many(raw)
    value = _decode_whole(raw)
    if is_too_deep(raw, value):
        raise NotJsonError(_TOO_DEEP)
    return value


def _decode_whole(raw: bytes) -> Any:  # noqa: ANN401 - JSON is any value
    try:
        value = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return decode_exactly(raw)
    return value if _surely_without_repeated_keys(raw, value) else decode_exactly(raw)


def decode_texts(raw: bytes, name: str) -> dict[str, str] | None:
    """Return the single member of a JSON object, if it is an object of texts; None otherwise.

    Nearly every row of a file has this form; this is several times as fast as :func:`decode`, which reads the others.

    Args:
        raw: UTF-8 JSON text without a backslash; for a long text the result is None, because :func:`decode` bounds it.
        name: Name of the member.
    """
    if len(raw) > _TEXTS_BYTES_MAX:
        return None
    try:
        fields = _TEXTS_DECODER.decode(raw).get(name)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    # Without escapes, every quotation mark belongs to a key or a text. Were a key repeated, there would be more.
    return fields if fields is not None and raw.count(b'"') == 4 * len(fields) + 2 else None


def sent_texts(raw: bytes, texts: dict[str, str]) -> SentTexts:
    """Return the single member of a JSON object as it was sent.

    Args:
        raw: UTF-8 JSON text without a backslash.
        texts: Its texts, from :func:`decode_texts`.
    """
    begin = raw.index(b"{", raw.index(b"{") + 1)
    end = -1 if raw.endswith(b"}}") else raw.rindex(b"}", 0, raw.rindex(b"}")) + 1
    return SentTexts(raw[begin:end], texts)


def _surely_without_repeated_keys(raw: bytes, value: object) -> bool:
    # A repeated key, or a string that looks like one, only ever adds to the count of `":`; white space between a key
    # and its colon takes away from it. If a cheap check cannot exclude either, the caller reads the text again.
    if b" :" in raw or (b"\n" in raw and b"\n:" in raw) or b"\r" in raw or b"\t" in raw:
        return False
    keys = 0
    if type(value) is dict:
        keys = len(value)
        for inner in value.values():
            if type(inner) is dict:
                keys += len(inner)
    return raw.count(b'":') == keys


def refuse_many(raw: bytes) -> None:
    """Refuse a JSON text that has more values than can be decoded as a whole.

    Raises:
        NotJsonError: It has more.
    """
    try:
        refuse_many_values(raw)
    except TooManyValuesError as error:
        raise NotJsonError(str(error)) from None


def refuse_nothing(raw: bytes) -> None:
    """Refuse an empty text.

    Raises:
        NotJsonError: The text is empty.
    """
    if not raw.strip():
        raise NotJsonError("it is empty")


def decode_exactly(raw: bytes) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value of a JSON text like :func:`decode`, by a slower way that checks every object.

    Raises:
        NotJsonError: As for :func:`decode`.
    """
    refuse_nothing(raw)
    try:
        return json.loads(
            raw.decode(),
            object_pairs_hook=_unique,
            parse_float=decimal_of,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except NotJsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJsonError(reason_of(error)) from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) == len(pairs):
        return result
    seen: set[str] = set()
    repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value] # add answers None
    shown = repeated[:60].encode(errors="backslashreplace").decode()
    raise NotJsonError(f'the key "{shown}" stands twice in one object; keep one of them')


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _INT_DIGITS_MAX else decimal_of(digits)


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(_no_number(name))


def _no_number(name: str) -> str:
    return f"{name} is not JSON; use null or a number"


def constant_at(text: bytes, error: msgspec.DecodeError) -> str:
    """Return a message for a constant such as NaN, at which the parser stopped, or an empty text."""
    stopped = _STOPPED.search(str(error))
    found = _CONSTANT.match(text, int(stopped[1])) if stopped else None
    return f"{_no_number(found[0].decode())} (byte {found.start()})" if found else ""


def reason_of(error: Exception) -> str:
    """Return the words of a parser's error, for the end of "it cannot be read: …"."""
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    return str(error).replace("JSON is malformed: ", "")
