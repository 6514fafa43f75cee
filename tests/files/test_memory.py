from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from prismd.files.csv_rows import CsvRows
from prismd.files.json_rows import JsonRows
from prismd.files.ndjson_rows import NdjsonRows
from prismd.files.rows import CHUNK_BYTES, RowSource

ROW_CHARS = 10_000
#: A few chunks in bytes and as text; the file below is many times that.
HELD_BYTES_MAX = 12 * CHUNK_BYTES


def chunked(first: bytes, row: bytes, last: bytes) -> Iterator[bytes]:
    rows_per_chunk = CHUNK_BYTES // len(row)
    yield first
    for _ in range(64):
        yield row * rows_per_chunk
    yield last


@pytest.mark.parametrize(
    ("source", "first", "row", "last"),
    [
        (CsvRows(("a", "b")), b"a,b\n", b"1,%s\n" % (b"x" * ROW_CHARS), b""),
        (NdjsonRows(), b"", b'{"a":"%s"}\n' % (b"x" * ROW_CHARS), b""),
        (JsonRows(), b"[", b'{"a":"%s"},' % (b"x" * ROW_CHARS), b"{}]"),
    ],
)
def test_memory_does_not_grow_with_the_file(source: RowSource, first: bytes, row: bytes, last: bytes) -> None:
    tracemalloc.start()
    try:
        for _ in source.rows(chunked(first, row, last)):
            pass
        assert tracemalloc.get_traced_memory()[1] < HELD_BYTES_MAX
    finally:
        tracemalloc.stop()
