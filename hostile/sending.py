"""Hostile ways of sending a body: slowly, without end, as what it is not, with a length that it has not."""

from __future__ import annotations

import functools
import gzip
import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hostile.requests import AT_ONCE, Scale, good_body, request
from hostile.routes import Target
from hostile.wire import Request, head

Way = Callable[[Target, Scale], Iterator[Request]]

_PAUSE_S: Final = 0.5
_LONG: Final = 10**6
_CHUNK: Final = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_TINY_CHUNKS: Final = 20_000
_BOMB_BYTES: Final = 100 * 2**20
_JSON: Final = {"content-type": "application/json"}
_CHUNKED: Final = {**_JSON, "transfer-encoding": "chunked"}
_TYPES: Final = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "application/xml",
    "application/json; charset=utf-16",
    "application/msgpack",
    "a" * 1_000,
    "/",
)


def _slowly(target: Target, _scale: Scale) -> Iterator[Request]:
    def body() -> Iterator[bytes]:
        for byte in (good_body(target) + b" " * _LONG)[:_LONG]:
            yield bytes([byte])
            time.sleep(_PAUSE_S)

    yield from [_raw(target, {**_JSON, "content-length": str(_LONG)}, body)] * AT_ONCE


def _slow_chunks(target: Target, _scale: Scale) -> Iterator[Request]:
    def body() -> Iterator[bytes]:
        for _ in itertools.count():
            yield b"1\r\n[\r\n"
            time.sleep(_PAUSE_S)

    yield from [_raw(target, _CHUNKED, body)] * AT_ONCE


def _cut_short(target: Target, _scale: Scale) -> Iterator[Request]:
    yield from [_raw(target, {**_JSON, "content-length": "1000"}, lambda: (good_body(target)[:10],))] * AT_ONCE


def _head_cut_short(target: Target, _scale: Scale) -> Iterator[Request]:
    whole = head(target.method, target.address(), {"x-api-key": target.key}.items())
    yield from [Request(whole[:-2])] * AT_ONCE


def _chunks_without_end(target: Target, _scale: Scale) -> Iterator[Request]:
    yield from [_raw(target, _CHUNKED, lambda: itertools.repeat(_CHUNK))] * AT_ONCE


def _tiny_chunks(target: Target, _scale: Scale) -> Iterator[Request]:
    body = (b"1\r\n \r\n" * _TINY_CHUNKS, _LAST_CHUNK)
    yield from [_raw(target, _CHUNKED, lambda: body)] * AT_ONCE


def _long_chunk_names(target: Target, _scale: Scale) -> Iterator[Request]:
    yield from [_raw(target, _CHUNKED, lambda: itertools.repeat(b"1;" + b"a" * 0x10000))] * AT_ONCE


def _trailers(target: Target, _scale: Scale) -> Iterator[Request]:
    yield from [_raw(target, _CHUNKED, lambda: itertools.chain((b"0\r\n",), itertools.repeat(b"a: b\r\n")))] * AT_ONCE


def _too_long(target: Target, scale: Scale) -> Iterator[Request]:
    most = min(target.body_bytes_max, scale.body_bytes_max)
    yield from [request(target, b" " * (most + 1))] * AT_ONCE


def _terabyte(target: Target, _scale: Scale) -> Iterator[Request]:
    yield from [_raw(target, {**_JSON, "content-length": str(2**40)}, lambda: (b"[" * 1000,))] * AT_ONCE


def _wrong_types(target: Target, _scale: Scale) -> Iterator[Request]:
    for media_type in _TYPES:
        yield request(target, good_body(target) or b"a", headers={"content-type": media_type})


def _packed(target: Target, _scale: Scale) -> Iterator[Request]:
    bomb = _bomb()
    for coding in ("gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "no-such", ""):
        yield request(target, bomb, headers={"content-encoding": coding})


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b" " * _BOMB_BYTES)


def _encodings(target: Target, _scale: Scale) -> Iterator[Request]:
    text = good_body(target).decode() or "{}"
    for encoding in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7", "cp037"):
        yield request(target, text.encode(encoding))
    yield request(target, b"\x00" * 1000)
    yield request(target, b"\x1f\x8b" + text.encode())


def _lengths(target: Target, _scale: Scale) -> Iterator[Request]:
    body = good_body(target) or b"{}"
    for length in ("-1", "+2", "0x2", "9" * 100, "2, 3", ""):
        yield _raw(target, {**_JSON, "content-length": length}, lambda: (body,))
    both = {**_CHUNKED, "content-length": "2"}
    yield _raw(target, both, lambda: (_LAST_CHUNK,))
    yield _raw(target, {**_JSON, "transfer-encoding": "no-such"}, lambda: (body,))


def _raw(
    target: Target, headers: Mapping[str, str], body: Callable[[], Iterator[bytes] | tuple[bytes, ...]]
) -> Request:
    sent = {"x-api-key": target.key, **headers}
    return Request(head(target.method, target.address(), sent.items()), body)


#: By name, every way.
WAYS: Final[Mapping[str, Way]] = {
    "slowly": _slowly,
    "slowly, in chunks without end": _slow_chunks,
    "less than was promised": _cut_short,
    "a head without end": _head_cut_short,
    "chunks without end": _chunks_without_end,
    "tiny chunks": _tiny_chunks,
    "chunks with long names": _long_chunk_names,
    "trailers without end": _trailers,
    "more than is allowed": _too_long,
    "a terabyte, by its length": _terabyte,
    "as another type": _wrong_types,
    "packed": _packed,
    "in another encoding": _encodings,
    "with lengths that are none": _lengths,
}
#: Those of which each request takes as long as the server waits.
WAITING: Final = frozenset(
    {
        "slowly",
        "slowly, in chunks without end",
        "less than was promised",
        "a head without end",
        "a terabyte, by its length",
    }
)
