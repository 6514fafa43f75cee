"""Bodies of batches: splitting them into items (contract, section 11.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from prismd.core.errors import PrismdError
from prismd.core.json.shapes import fitted, names_of
from prismd.core.json.split import split_items, split_members
from prismd.core.json.text import NotJsonError, decode
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.records.bodies import Ids, Items
from prismd.core.records.writes import RecordBody, read_id, read_record_body

Members = Mapping[str, msgspec.Raw]
Batch = TypeVar("Batch", Items[msgspec.Raw], Ids[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class BatchItem:
    """An item of a batch, read as far as possible.

    Args:
        id: The record's id, exactly as the caller sent it; None if the item has no readable id.
        body: The values to write; None if the batch writes none, or if they are unreadable.
        error: The reason why the item is unreadable; None if it is readable.
    """

    id: str | None
    body: RecordBody | None = None
    error: PrismdError | None = None


def read_updates(body: bytes, items_max: int) -> list[BatchItem]:
    """Return the items of a batch of updates; a malformed item fails alone.

    Args:
        body: JSON text.
        items_max: Maximum number of items.

    Raises:
        PrismdError: ``invalid_request``: the items are missing, too many, or not an array.
    """
    batch = _batch(body, Items[msgspec.Raw], items_max)
    return [_update(raw, f".body.items[{index}]") for index, raw in enumerate(batch.items)]


def read_ids(body: bytes, items_max: int) -> list[BatchItem]:
    """Return the items of a batch of ids; a malformed id fails alone.

    Args:
        body: JSON text.
        items_max: Maximum number of items.

    Raises:
        PrismdError: ``invalid_request``: the ids are missing, too many, or not an array.
    """
    batch = _batch(body, Ids[msgspec.Raw], items_max)
    return [_named(raw, f".body.ids[{index}]") for index, raw in enumerate(batch.ids)]


def _update(raw: msgspec.Raw, field: str) -> BatchItem:
    record_id = None
    try:
        record_id = read_id(_required(_members(raw, field), "id", field), f"{field}.id")
        return BatchItem(record_id, read_record_body(raw, field))
    except PrismdError as error:
        return BatchItem(record_id, error=error)


def _named(raw: msgspec.Raw, field: str) -> BatchItem:
    try:
        return BatchItem(read_id(raw, field))
    except PrismdError as error:
        return BatchItem(None, error=error)


def _batch(body: bytes, shape: type[Batch], items_max: int) -> Batch:
    [name] = names_of(shape)
    field, members = f".body.{name}", _members(body, ".body")
    refuse_unknown(members, (name,), ".body", "the body", f'put everything inside "{name}"')
    raw = _required(members, name, ".body")
    try:
        items = split_items(raw)
    except NotJsonError:
        return fitted({name: _value(raw, field)}, shape)
    if len(items) > items_max:
        message = f"expected at most {items_max} items, found {len(items)}; send them in several requests"
        raise PrismdError.invalid(field, message, "maxItems")
    return fitted({name: items}, shape)


def _required(members: Members, name: str, field: str) -> msgspec.Raw:
    if name not in members:
        raise PrismdError.invalid(f"{field}.{name}", "it is required; add it", "required")
    return members[name]


def _members(body: bytes | msgspec.Raw, field: str) -> Members:
    try:
        return split_members(bytes(body))
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"it cannot be read as a JSON object: {error}") from None


def _value(raw: msgspec.Raw, field: str) -> object:
    try:
        value: object = decode(raw)
    except NotJsonError as error:
        raise PrismdError.invalid(field, f"it cannot be read as JSON: {error}") from None
    return value
