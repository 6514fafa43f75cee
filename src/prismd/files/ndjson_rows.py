"""NDJSON files: one JSON object per line; any other line fails alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from prismd.files.json_row import json_row
from prismd.files.rows import BUFFER_BYTES_MAX, FileProblemError, FileRow

_BOM = b"\xef\xbb\xbf"
_WHITE = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class NdjsonRows:
    """The rows of an NDJSON file; a row's original is its line, in the column ``original``.

    Args:
        columns: The name of that column.
        nulls_are_blank: Leave out null, instead of sending it to clear a value.
    """

    columns: tuple[str, ...] = ("original",)
    nulls_are_blank: bool = False

    def rows(self, chunks: Iterator[bytes]) -> Iterator[FileRow]:
        """Yield a row for each line that is not blank.

        Args:
            chunks: The bytes of the file in UTF-8, cut anywhere.

        Raises:
            FileProblemError: A line is too long to be held.
        """
        number = 0
        for line_number, line in enumerate(_lines(chunks), start=1):
            # In joined files, a byte order mark may precede a later line too.
            text = line.strip(_WHITE).removeprefix(_BOM).strip(_WHITE)
            if text:
                number += 1
                yield json_row(number, line_number, text, nulls_are_blank=self.nulls_are_blank)


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    # The pieces of a long line are joined once at its end, and not again at every chunk.
    pieces: list[bytes] = []
    held = line = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        pieces.append(first)
        held += len(first)
        if held > BUFFER_BYTES_MAX:
            raise FileProblemError(f"line {line + 1} has more than {BUFFER_BYTES_MAX} bytes; is this NDJSON?")
        if not others:
            continue
        yield b"".join(pieces)
        yield from others[:-1]
        line += len(others)
        pieces = [others[-1]]
        held = len(others[-1])
    yield b"".join(pieces)
