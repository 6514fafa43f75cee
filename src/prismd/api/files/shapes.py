"""The public shape of uploaded files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

from prismd.core.files import FileState, StoredFile


class UploadedFile(Struct, frozen=True, kw_only=True):
    """A file that was uploaded, or is being uploaded."""

    id: str
    name: str
    whole: Annotated[bool, Meta(description="Whether all bytes have come, so that it can be used.")]
    received: Annotated[int, Meta(ge=0, description="Bytes that have come.")]
    size: Annotated[int | None, Meta(description="Bytes of the whole file; null as long as nobody knows.")]
    sha256: Annotated[str | None, Meta(description="Hexadecimal hash of the bytes; null until it is whole.")]
    same_as: Annotated[
        str | None,
        Meta(description="The file that had the same bytes already; they are kept once. Null where there was none."),
    ]
    created_at: datetime
    expires_at: Annotated[datetime, Meta(description="When it is deleted; of an open upload, when it is given up.")]


class FilePage(Struct, frozen=True, kw_only=True):
    """Uploaded files of a team, newest first."""

    data: list[UploadedFile]
    has_more: bool
    next_cursor: str | None


def shown_file(file: StoredFile) -> UploadedFile:
    """Return the shape of a file."""
    return UploadedFile(
        id=file.id,
        name=file.name,
        whole=file.state is FileState.WHOLE,
        received=file.received,
        size=file.length,
        sha256=file.sha256,
        same_as=file.same_as,
        created_at=file.created_at.astimezone(UTC),
        expires_at=file.expires_at.astimezone(UTC),
    )
