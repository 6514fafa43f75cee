"""The public shapes of single records, their batches and find-or-create (contract, sections 9.1, 9.2, 9.5 and 16.4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.api.document.shapes import Count
from prismd.services.records.shown import RecordView


class Record(Struct, frozen=True, kw_only=True):
    """One record."""

    id: str
    default: Annotated[dict[str, Any], Meta(description="Values by property slug; select values are option slugs.")]
    list: (
        Annotated[
            dict[str, Any],
            Meta(
                description="Values by list id and slug, or by slug alone where the request names a list; absent for a "
                "record that is in none."
            ),
        ]
        | UnsetType
    ) = UNSET


class ItemError(Struct, frozen=True, kw_only=True):
    """The reason why an item of a batch failed."""

    code: str
    message: str


class ItemResult(Struct, frozen=True, kw_only=True):
    """The outcome of one item of a batch."""

    id: Annotated[str | None, Meta(description="As it was sent; null where the item could not be read.")]
    status: Literal["ok", "error"]
    record: Annotated[Record, Meta(description="The record after this item.")] | UnsetType = UNSET
    error: ItemError | UnsetType = UNSET


class BatchSummary(Struct, frozen=True, kw_only=True):
    """The number of items in a batch, in all and by outcome."""

    total: Count
    succeeded: Count
    failed: Count


class BatchResult(Struct, frozen=True, kw_only=True):
    """The outcomes of the items of a batch, in input order."""

    results: list[ItemResult]
    summary: BatchSummary


class FoundOrCreated(Struct, frozen=True, kw_only=True):
    """A record that was found or made."""

    created: bool
    record: Record


def shown_record(view: RecordView) -> Record:
    """Return a record in its public shape."""
    return Record(id=view.id, default=view.properties, list=UNSET if view.lists is None else view.lists)
