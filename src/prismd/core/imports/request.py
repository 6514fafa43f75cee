"""The body of an import request; only its envelope is checked here, and rows are read later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Struct

from prismd.core.errors import PrismdError
from prismd.core.imports.options import ImportOptions, ImportOptionsBody, meant, read_options
from prismd.core.json.bounds import has_more_items
from prismd.core.json.shapes import in_force, member
from prismd.core.json.split import split_items, split_rows
from prismd.core.json.text import NotJsonError, decode
from prismd.core.records.bodies import ImportRow

Row = TypeVar("Row")


class Import(Struct, Generic[Row], frozen=True, kw_only=True):
    """An import as a client asks for it; unknown members are ignored.

    Its rows are read as JSON texts. A malformed row fails alone, with a result of its own; and a hundred thousand rows
    are decoded once, by the worker that imports them, a chunk at a time.
    """

    objects: Annotated[list[Row], member("The rows.", None, {"maxItems": in_force("rows_per_request_max")})]
    options: ImportOptionsBody | None = None


class ImportBody(Import[ImportRow], frozen=True, kw_only=True):
    """The body of an import request; unknown members are ignored."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """The limits of an import request.

    Args:
        rows_max: Maximum number of rows of one request.
    """

    rows_max: int


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """The content of an import request; rows are unread JSON that shares the memory of the body.

    Args:
        parent_job_id: For a retry, id of the original job.
        origins: For a retry, the index of each row in the original import; otherwise empty.
    """

    object_type: str
    rows: list[msgspec.Raw]
    options: ImportOptions
    parent_job_id: str | None = None
    origins: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are committed together: a range of an import's rows, in input order.

    Args:
        number: Number of the chunk in the import, from 0.
        first_row: Index of the first row in the import, from 0.
        rows: JSON texts of the rows.
        origins: For a retry, the index of each row in the original import; otherwise empty.
    """

    number: int
    first_row: int
    rows: list[msgspec.Raw]
    origins: Sequence[int] = ()

    def halves(self) -> tuple[Chunk, Chunk]:
        """Return the chunk in two parts; neither is empty if the chunk has at least two rows."""
        middle = len(self.rows) // 2
        return self._part(0, 0, middle), self._part(0, middle, len(self.rows))

    def cut(self, parts_max: int) -> list[Chunk]:
        """Return the chunk as smaller chunks of about equal size, with consecutive numbers from its own.

        Args:
            parts_max: Maximum number of smaller chunks.
        """
        size = -(-len(self.rows) // parts_max)
        starts = range(0, len(self.rows), size)
        return [self._part(number, start, start + size) for number, start in enumerate(starts)]

    def _part(self, number: int, start: int, end: int) -> Chunk:
        rows, origins = self.rows[start:end], self.origins[start:end]
        return Chunk(self.number + number, self.first_row + start, rows, origins)


def parse_request(object_type: str, body: bytes, limits: RequestLimits) -> ImportRequest:
    """Return the import that a request asks for (contract, section 10.1).

    Args:
        object_type: The type in the path of the request; the caller has checked that it is importable.
        body: The request body.
        limits: The limits of the request.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field; nothing is stored.
    """
    members = _members(body)
    if "objects" not in members:
        raise PrismdError.invalid(".body.objects", "it is missing; send the rows as an array", "required")
    asked = Import(objects=split_into_rows(members["objects"], limits), options=read_options(_options(members)))
    return ImportRequest(object_type, asked.objects, meant(asked.options))


def cut_into_chunks(
    rows: list[msgspec.Raw], *, rows_max: int, bytes_max: int, origins: Sequence[int] = ()
) -> Iterator[Chunk]:
    """Cut rows into chunks; a row larger than a chunk becomes a chunk of its own.

    Args:
        rows: The rows of an import.
        origins: For a retry, the index of each row in the original import; otherwise empty.
        rows_max: Maximum number of rows of a chunk.
        bytes_max: Size in bytes of JSON above which a chunk gets no further row.
    """
    number = first_row = size = 0
    for index, row in enumerate(rows):
        size += memoryview(row).nbytes
        if index + 1 == len(rows) or index + 1 - first_row == rows_max or size > bytes_max:
            yield Chunk(number, first_row, rows[first_row : index + 1], origins[first_row : index + 1])
            number, first_row, size = number + 1, index + 1, 0


def _members(body: bytes) -> dict[str, msgspec.Raw]:
    if not body.strip():
        raise PrismdError.invalid(".body", 'expected a JSON object with "objects", found nothing', "required")
    try:
        return split_rows(body)
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f'expected a JSON object with "objects": {error}') from None


def split_into_rows(objects: msgspec.Raw, limits: RequestLimits) -> list[msgspec.Raw]:
    """Return the rows of a request, unread.

    Args:
        objects: Its member ``objects``.
        limits: The limits of the request.

    Raises:
        PrismdError: ``invalid_request``: it is no array, or too long.
    """
    field = ".body.objects"
    most = limits.rows_max
    if has_more_items(memoryview(objects), most):
        raise PrismdError.invalid(field, f"found more than {most} rows; send the rest in further requests", "maxItems")
    try:
        rows = split_items(objects)
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"expected an array of rows: {error}") from None
    if len(rows) > most:
        message = f"found {len(rows)} rows, the most is {most}; send the rest in further requests"
        raise PrismdError.invalid(field, message, "maxItems")
    return rows


def _options(members: dict[str, msgspec.Raw]) -> object:
    if "options" not in members:
        return None
    try:
        return decode(members["options"])
    except NotJsonError as error:
        raise PrismdError.invalid(".body.options", f"it cannot be read: {error}") from None
