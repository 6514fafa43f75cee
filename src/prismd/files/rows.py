"""The rows that every reader of files yields, and the error by which it refuses a whole file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple, Protocol

#: The most bytes that a reader holds while it looks for the end of one row.
BUFFER_BYTES_MAX: Final = 16 * 2**20

#: The most bytes of one row, as JSON, that are sent; a longer row fails by itself.
ROW_BYTES_MAX: Final = 8 * 2**20

#: How many bytes are read from a file at once.
CHUNK_BYTES: Final = 2**20


class FileProblemError(ValueError):
    """The whole file cannot be imported; the message says where it is broken and what to do."""


class FailedFileError(FileProblemError):
    """A file of failed rows is damaged, so that its rows would be read wrongly in any other way too."""


class RowProblem(NamedTuple):
    """Why one row cannot be sent.

    Args:
        code: A row code of the contract (section 10.9), for machines.
        message: What was expected, what was found, and what to do.
    """

    code: str
    message: str


class FileRow(NamedTuple):
    """One row of a file.

    Args:
        number: Position among the rows of the file, from 1; empty rows of a CSV file are counted.
        line: The line of the file at which the row begins, from 1.
        original: The unchanged content of the file: the cells of a CSV row, or the JSON text of the row as one cell.
        wire: The row as the JSON object of the contract (section 9.1), or None where there is a problem.
        problem: Why the row cannot be sent.
        left_out: Why the line is no row at all, as a predicate such as ``repeats the header``; it is neither sent nor
            counted as failed.
    """

    number: int
    line: int
    original: tuple[str, ...]
    wire: bytes | None
    problem: RowProblem | None = None
    left_out: str | None = None


class Columns(Protocol):
    """What a file of rows has in common with others."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that go above the cells of ``original``."""
        ...


class RowSource(Columns, Protocol):
    """A file as a stream of rows, which can be read any number of times."""

    def rows(self, chunks: Iterator[bytes]) -> Iterator[FileRow]:
        """Yield the rows of a file.

        Args:
            chunks: The bytes of the file from its beginning, cut anywhere.

        Raises:
            FileProblemError: The file is broken so that its rows cannot be separated.
        """
        ...
