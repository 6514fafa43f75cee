"""The body of a retry: corrected rows, and whether to run rows that were never attempted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Generic

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.core.errors import PrismdError
from prismd.core.imports.request import RequestLimits, Row, split_into_rows
from prismd.core.json.shapes import Words, fitted, in_force, look_over, member, names_of
from prismd.core.json.split import split_rows
from prismd.core.json.text import NotJsonError, decode, encode
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.records.bodies import ImportRow


class CorrectedRow(ImportRow, frozen=True, kw_only=True):
    """A row that replaces a failed one."""

    input_index: Annotated[int, Meta(ge=0, description="Which row of the first import it replaces.")]


class Retry(Struct, Generic[Row], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A retry as a client asks for it.

    Its rows are read as JSON texts: of each no more is looked at than the index, so that a malformed one fails alone.
    """

    objects: (
        Annotated[
            list[Row],
            member("Failed rows as they should have been.", None, {"maxItems": in_force("rows_per_request_max")}),
        ]
        | UnsetType
    ) = UNSET
    not_attempted: Annotated[bool, member("Run the rows that were never attempted too.", Words("true or false"))] = (
        False
    )
    only_corrected: Annotated[bool, member("Run the rows of `objects` alone.", Words("true or false"))] = False


class RetryBody(Retry[CorrectedRow], frozen=True, kw_only=True):
    """The body of a retry, which may be left out."""


look_over(Retry[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """The content of a retry's body.

    Args:
        corrections: JSON of corrected rows, by the index of the failed row in the import.
        not_attempted: Whether to run rows that were never attempted too.
        only_corrected: Whether failed rows without a correction are left as they are.
    """

    corrections: Mapping[int, msgspec.Raw] = field(default_factory=dict)
    not_attempted: bool = False
    only_corrected: bool = False


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
    refuse_unknown(members, names_of(RetryBody), ".body", "a retry")
    given = {name: _member(name, raw, limits) for name, raw in members.items()}
    retry = fitted(given, Retry[msgspec.Raw])
    rows = retry.objects or []
    corrections = dict(_correction(number, row) for number, row in enumerate(rows))
    if len(corrections) < len(rows):
        raise PrismdError.invalid(".body.objects", "two rows have the same input_index; correct each row once")
    return RetryRequest(corrections, retry.not_attempted, retry.only_corrected)


def _member(name: str, raw: msgspec.Raw, limits: RequestLimits) -> object:
    if name == "objects":
        return split_into_rows(raw, limits)
    try:
        value: object = decode(raw)
    except NotJsonError as error:
        raise PrismdError.invalid(f".body.{name}", f"it cannot be read: {error}") from None
    return value


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
