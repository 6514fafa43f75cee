"""The shapes of the audit, which is prismd's own."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from prismd.api.document.shapes import Count, Moment
from prismd.core.audit import IDS_MAX
from prismd.store.audit import AuditEntry


class AuditKey(Struct, frozen=True, kw_only=True):
    """The API key by which something was done."""

    id: Annotated[str, Meta(description="As `prismd keys list` shows it.")]
    name: Annotated[str | None, Meta(description="What people call it.")]
    hint: Annotated[str | None, Meta(description="Its last characters.")]


class AuditLine(Struct, frozen=True, kw_only=True):
    """Something that was done with a team's data."""

    id: str
    at: Annotated[Moment, Meta(description="When.")]
    action: Annotated[str, Meta(description="What, such as `record.updated`.")]
    key: Annotated[
        AuditKey | None,
        Meta(
            description="By whose key; null where the server did it, or its operator on the command line, and where a "
            "key was refused that is none of the team's."
        ),
    ]
    object_type: Annotated[str | None, Meta(description="The type of what it was done to.")]
    object_ids: Annotated[list[str], Meta(description=f"To which; the first {IDS_MAX:,} where there are more.")]
    total: Annotated[Count, Meta(description="To how many.")]
    request_id: Annotated[str | None, Meta(description="The `x-request-id` of the request.")]
    details: Annotated[dict[str, Any], Meta(description="What else is known; never values of records.")]


class AuditLines(Struct, frozen=True, kw_only=True):
    """What was done with a team's data, newest first."""

    data: list[AuditLine]
    has_more: bool
    next_cursor: str | None


def shown_line(entry: AuditEntry) -> AuditLine:
    """Return an entry as clients see it."""
    key = None if entry.key_id is None else AuditKey(id=entry.key_id, name=entry.key_name, hint=entry.key_hint)
    return AuditLine(
        id=entry.id,
        at=entry.at,
        action=entry.action,
        key=key,
        object_type=entry.object_type,
        object_ids=entry.object_ids,
        total=entry.total,
        request_id=entry.request_id,
        details=dict(entry.details),
    )
