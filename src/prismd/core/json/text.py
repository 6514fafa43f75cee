"""Strict JSON: what parsers settle in silence (repeated keys, unpaired surrogates, huge numbers) is kept or refused."""

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

#: Python refuses to convert longer digit strings to int, and nothing that we store is that long.
_INT_DIGITS_MAX: Final = 400

#: Of an object of texts; more are counted first.
_TEXTS_BYTES_MAX: Final = 2**16

#: Most halves of surrogate pairs that something stands in for: in one record or query, and in the rows of an import.
HALVES_MAX: Final = 1_000
HALVES_OF_ROWS_MAX: Final = 100_000
_HALF: Final = re.compile(rb"\\(u[dD][89a-fA-F][0-9a-fA-F]{2})")
# An escape at a time, so that the second half of a pair or of an escaped backslash is never read as a start; and some
# thousands in one go, as meanwhile no other thread runs.
_NO_HALF: Final = re.compile(
    rb"(?:[^\\]++|\\(?!u[dD][89a-fA-F][0-9a-fA-F]{2})."
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}){0,20000}+",
    re.DOTALL,
)

# What programs write that take numbers which are none for numbers, and where the parser says that it stopped.
_CONSTANT: Final = re.compile(rb"(?:NaN|Infinity)\b")
_STOPPED: Final = re.compile(r"\(byte (\d+)\)")


class NotJsonError(ValueError):
    """A text is not JSON, or is JSON that could only be read by losing part of it; the message says where and why."""


class SentTexts(Mapping[str, str]):
    """An object of texts that is kept as the JSON that it was sent as, and read again if somebody asks what is in it.

    Most rows of an import are stored just as they were sent. To keep the texts of thousands of rows, for nobody, takes
    more time than to read a few of them twice.

    Args:
        json: Its text.
        texts: What is in it, where that has been read.
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
        """Return how many texts there are."""
        return len(self.read())

    # Inherited, these would do in Python what a dict does in C, and matching asks thousands of times.

    def keys(self) -> KeysView[str]:
        """Return the keys."""
        return self.read().keys()

    def items(self) -> ItemsView[str, str]:
        """Return keys and texts."""
        return self.read().items()

    def read(self) -> dict[str, str]:
        """Return what is in it, not to be changed."""
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
    """Return the value of JSON that prismd itself stored, numbers exact."""
    return _DECODER.decode(text)


def without_unpaired(text: bytes, halves_max: int = HALVES_MAX) -> bytes:
    """Return a JSON text in which something stands in for each half of a surrogate pair.

    The parser cannot step over a half, nor can a value that holds one be encoded again. What stands in for it passes
    both, and is refused where it stands, as no text can hold it.

    Args:
        text: UTF-8 JSON text, or what shall be one.
        halves_max: Most halves; each makes the text longer, and takes a step of Python.

    Raises:
        NotJsonError: It has more halves than that.
    """
    if b"\\u" not in text:
        return text
    mended, begun, place, halves = bytearray(), 0, 0, 0
    while passed := _NO_HALF.match(text, place):
        half = _HALF.match(text, passed.end())
        if half is None and passed.end() == place:
            break
        place = passed.end()
        if half is not None:
            halves += 1
            if halves > halves_max:
                raise NotJsonError(f"it has more than {halves_max:,} halves of surrogate pairs; send text as UTF-8")
            mended += text[begun:place] + stand_in(half[1])
            begun = place = half.end()
    return bytes(mended + text[begun:]) if halves else text


def decode(raw: bytes | msgspec.Raw) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value of a JSON text: numbers as int or Decimal, exact.

    Args:
        raw: UTF-8 JSON text.

    Raises:
        NotJsonError: The text is not JSON, an object in it repeats a key, it is nested too deeply, or it holds too
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
    """Return the one member of a JSON object, where that is an object of texts; None where it is anything else.

    What nearly every row of a file is, several times as fast as :func:`decode`, which is for the others.

    Args:
        raw: UTF-8 JSON text without a backslash; a long one is left to :func:`decode`, which bounds it.
        name: Of the member.
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
    """Return the one member of a JSON object as it was sent.

    Args:
        raw: UTF-8 JSON text without a backslash.
        texts: What :func:`decode_texts` found in it.
    """
    begin = raw.index(b"{", raw.index(b"{") + 1)
    end = -1 if raw.endswith(b"}}") else raw.rindex(b"}", 0, raw.rindex(b"}")) + 1
    return SentTexts(raw[begin:end], texts)


def _surely_without_repeated_keys(raw: bytes, value: object) -> bool:
    # A repeated key, or a string that looks like one, only ever adds to the count of `":`; white space between a key
    # and its colon takes away from it. Where neither can be told apart cheaply, the caller reads the text again.
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
    """Refuse a JSON text that holds more values than are read in one go.

    Raises:
        NotJsonError: It does.
    """
    try:
        refuse_many_values(raw)
    except TooManyValuesError as error:
        raise NotJsonError(str(error)) from None


def refuse_nothing(raw: bytes) -> None:
    """Refuse a text that is empty.

    Raises:
        NotJsonError: It is.
    """
    if not raw.strip():
        raise NotJsonError("it is empty")


def decode_exactly(raw: bytes) -> Any:  # noqa: ANN401 - JSON is any value
    """Return the value of a JSON text as :func:`decode` does, slower, and with nothing left to chance.

    Raises:
        NotJsonError: As there.
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
    """Return what to say where a parser stopped at what other languages call a number, or an empty text."""
    place = _STOPPED.search(str(error))
    found = _CONSTANT.match(text, int(place[1])) if place else None
    return f"{_no_number(found[0].decode())} (byte {found.start()})" if found else ""


def reason_of(error: Exception) -> str:
    """Return what a parser's error says, as it stands after "it cannot be read:"."""
    if isinstance(error, RecursionError):
        return _TOO_DEEP
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 (byte {error.start})"
    return str(error).replace("JSON is malformed: ", "")
