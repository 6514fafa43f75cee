"""Rows packed into requests within a server's limits; the same rows always make the same requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from prismd.files.rows import ROW_BYTES_MAX, FileRow, RowProblem

#: The most rows and the most bytes of one request, unless a single row is longer.
BATCH_ROWS: Final = 20_000
BATCH_BYTES_MAX: Final = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that one request sends.

    Args:
        number: Position among the batches of a file, from 1.
        rows: The rows in the order of the file, including those that cannot be sent.
    """

    number: int
    rows: list[FileRow]

    @property
    def sent(self) -> list[bytes]:
        """The rows that can be sent, as JSON."""
        return [row.wire for row in self.rows if row.wire is not None]

    def body(self, options: Mapping[str, object]) -> bytes:
        """Return the request.

        Args:
            options: The import's options (contract, section 10.1).
        """
        return b'{"objects":[' + b",".join(self.sent) + b'],"options":' + msgspec.json.encode(options) + b"}"


def batches(rows: Iterable[FileRow], rows_max: int = BATCH_ROWS, bytes_max: int = BATCH_BYTES_MAX) -> Iterator[Batch]:
    """Yield the batches of a file, one at a time.

    Args:
        rows: The rows in the order of the file.
        rows_max: The most rows of a batch.
        bytes_max: The most bytes of a batch as JSON, unless a single row is longer.
    """
    number, held, size = 1, list[FileRow](), 0
    for row in map(_refuse_too_long, rows):
        length = len(row.wire) + 1 if row.wire else 0
        if held and (len(held) >= rows_max or size + length > bytes_max):
            yield Batch(number, held)
            number, held, size = number + 1, [], 0
        held.append(row)
        size += length
    if held:
        yield Batch(number, held)


def _refuse_too_long(row: FileRow) -> FileRow:
    if row.wire is None or len(row.wire) <= ROW_BYTES_MAX:
        return row
    problem = RowProblem("invalid_row", f"the row has {len(row.wire)} bytes as JSON; the most is {ROW_BYTES_MAX}")
    return row._replace(wire=None, problem=problem)
