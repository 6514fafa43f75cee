"""The body of a retry: corrected rows, and whether to run rows that were never attempted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from prismd.core.errors import PrismdError
from prismd.core.imports.request import RequestLimits, rows_of
from prismd.core.json.split import split_rows
from prismd.core.json.text import NotJsonError, decode, encode
from prismd.core.json.unknown_members import refuse_unknown


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """The content of a retry's body.

    Args:
        corrections: JSON of corrected rows, by the index of the failed row in the import.
        not_attempted: Whether to run rows that were never attempted too.
    """

    corrections: Mapping[int, msgspec.Raw] = field(default_factory=dict)
    not_attempted: bool = False


def parse_retry(body: bytes, limits: RequestLimits) -> RetryRequest:
    """Return the retry that a request asks for; an empty body repeats the failed rows unchanged.

    Args:
        body: The request body.
        limits: The limits of the request.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field.
    """
    if not body.strip():
        return RetryRequest()
    try:
        members = split_rows(body)
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"expected a JSON object, or nothing: {error}") from None
    refuse_unknown(members, ("objects", "not_attempted"), ".body", "a retry")
    flag = members.get("not_attempted", msgspec.Raw(b"false"))
    if bytes(flag) not in (b"true", b"false"):
        raise PrismdError.invalid(".body.not_attempted", "expected true or false")
    rows = rows_of(members, limits) if "objects" in members else []
    corrections = dict(_correction(number, row) for number, row in enumerate(rows))
    if len(corrections) < len(rows):
        raise PrismdError.invalid(".body.objects", "two rows have the same input_index; correct each row once")
    return RetryRequest(corrections, bytes(flag) == b"true")


def _correction(number: int, raw: msgspec.Raw) -> tuple[int, msgspec.Raw]:
    where = f".body.objects[{number}]"
    try:
        row = decode(raw)
    except NotJsonError as error:
        raise PrismdError.invalid(where, f"the row cannot be read: {error}") from None
    index = row.pop("input_index", None) if isinstance(row, dict) else None
    if type(index) is not int or index < 0:
        message = "expected the index of the failed row that this one replaces, a whole number from 0"
        raise PrismdError.invalid(f"{where}.input_index", message, "required")
    return index, msgspec.Raw(encode(row))
