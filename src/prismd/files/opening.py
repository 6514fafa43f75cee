"""Opens a file for import: finds its format, reads it in chunks, and checks it once before anything is sent."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from prismd.files.csv_rows import CsvRows, read_header
from prismd.files.decoding import as_utf8, canonical_encoding
from prismd.files.formats import TABLES, form_of
from prismd.files.json_rows import JsonRows
from prismd.files.limits import LIMITS, FileLimits
from prismd.files.ndjson_rows import NdjsonRows
from prismd.files.packing import Content, Source, content_of
from prismd.files.rows import FileProblemError, FileRow, RowSource

#: The formats whose rows name properties themselves, or have them in their header.
ROW_FORMATS: Final = ("csv", "json", "ndjson")

_MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
#: How many bytes a character has in UTF-16.
_UNIT: Final = 2


@dataclass(frozen=True, slots=True)
class Survey:
    """The findings of one pass through the whole file.

    Args:
        sha256: Hexadecimal hash of the file's bytes.
        rows: The number of rows to import, without those that are left out.
    """

    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file to import.

    Args:
        content: Its bytes, unpacked; it must be a regular file, because it is read twice.
        source: Makes rows of its bytes.
        encoding: Canonical name of its encoding.
    """

    content: Content
    source: RowSource
    encoding: str

    def rows(self) -> Iterator[FileRow]:
        """Yield the rows of the file.

        Raises:
            FileProblemError: The file is broken as a whole.
        """
        # Close the file here, because an exception that is kept would keep it open.
        with closing(self.content.chunks()) as chunks:
            yield from self._rows_of(chunks)

    def survey(self, tell: Callable[[int], None], look: Callable[[FileRow], None] = lambda _: None) -> Survey:
        """Read the whole file once, so that faults are found before anything is sent.

        Args:
            tell: Called after each chunk with the number of bytes read so far.
            look: Called with each row.

        Raises:
            FileProblemError: The file is broken as a whole.
        """
        digest = hashlib.sha256()
        bytes_read = 0

        def observed() -> Generator[bytes]:
            nonlocal bytes_read
            for chunk in self.content.chunks():
                digest.update(chunk)
                bytes_read += len(chunk)
                tell(bytes_read)
                yield chunk

        rows = 0
        with closing(observed()) as chunks:
            for row in self._rows_of(chunks):
                rows += row.left_out is None
                look(row)
        return Survey(digest.hexdigest(), rows)

    def _rows_of(self, chunks: Iterator[bytes]) -> Iterator[FileRow]:
        if isinstance(self.source, CsvRows):
            return self.source.rows(chunks)
        return self.source.rows(as_utf8(chunks, self.encoding))


def open_file(
    source: Source,
    *,
    form: str | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    member: str | None = None,
    limits: FileLimits = LIMITS,
) -> ImportFile:
    """Return a file ready to be read as rows.

    Args:
        source: The file, such as its path.
        form: One of :data:`ROW_FORMATS`; None decides by the name, and for ``.json`` also by the beginning.
        encoding: Name of its encoding; a byte order mark is dropped.
        delimiter: The character between CSV cells; None finds it in the header.
        member: The file in a ZIP archive; None where it holds one.
        limits: What it may cost.

    Raises:
        FileProblemError: The file cannot be read, is not text, or its header is wrong.
    """
    name = canonical_encoding(encoding)
    content = content_of(source, member, limits)
    found = form_of(content, needs_name=form is None)
    if found in TABLES or (form not in (None, *ROW_FORMATS)):
        raise FileProblemError(f"the file is a table ({form or found}), whose columns need a mapping")
    form = form or found
    _check_encoding(content.beginning(), name)
    if form == "csv":
        with closing(content.chunks()) as chunks:
            return ImportFile(content, read_header(chunks, name, delimiter), name)
    return ImportFile(content, JsonRows() if form == "json" else NdjsonRows(), name)


def _check_encoding(beginning: bytes, encoding: str) -> None:
    """Refuse a file that this encoding would decode without an error, but wrongly.

    Raises:
        FileProblemError: The file begins as one of another encoding; the message names it.
    """
    if encoding.startswith(("utf-16", "utf-32", "utf_16", "utf_32")):
        return
    found = next((name for mark, name in _MARKS.items() if beginning.startswith(mark)), None)
    if found is None and beginning[:_UNIT].count(b"\0") == 1:
        found = "utf-16-be" if beginning.startswith(b"\0") else "utf-16-le"
    if found and not encoding.startswith(found):
        raise FileProblemError(
            f"the file begins as {found.upper()} does, not as {encoding.upper()}; give --encoding {found}"
        )
