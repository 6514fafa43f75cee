"""The public shapes of saved mappings."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.api.document.shapes import Moment
from prismd.core.mapping.document import MappingDocument
from prismd.core.mapping.saved import SavedMapping


class Mapping(Struct, frozen=True, kw_only=True):
    """A saved mapping."""

    name: str
    version: Annotated[int, Meta(ge=1, description="Each time that it is saved is a new one.")]
    object_type: Annotated[str | None, Meta(description="The type that it is for; null for any.")]
    created_at: Annotated[Moment, Meta(description="When this version was saved; in a list, the first one.")]
    updated_at: Annotated[Moment, Meta(description="When the newest version was saved.")]
    document: (
        Annotated[MappingDocument, Meta(description="The mapping; docs/mapping.md says what it means.")] | UnsetType
    ) = UNSET


class MappingPage(Struct, frozen=True, kw_only=True):
    """Saved mappings, by name."""

    data: list[Mapping]
    has_more: bool
    next_cursor: str | None


def shown_mapping(saved: SavedMapping) -> Mapping:
    """Return a saved mapping as clients see it.

    Args:
        saved: The mapping.
    """
    return Mapping(
        name=saved.name,
        version=saved.version,
        object_type=saved.object_type,
        created_at=saved.created_at,
        updated_at=saved.updated_at,
        document=UNSET if saved.document is None else saved.document,
    )
