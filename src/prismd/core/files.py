"""Uploaded files: what is known of one, and what its name may be."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import quoted

#: The longest name of a file.
NAME_CHARS_MAX: Final = 255
_SEPARATORS: Final = "/\\"


class FileState(enum.StrEnum):
    """The state of a file."""

    OPEN = "open"
    WHOLE = "whole"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that a team uploads.

    Args:
        name: Its name, which tells the format where the content does not.
        resumable: Whether the client may go on after a break.
        length: The number of bytes that it will have; None if the client did not say.
        received: The number of bytes that have come.
        sha256: Hexadecimal hash of its bytes; None as long as it is open.
        content_id: Id under which its parts are stored.
        same_as: Id of the file that had the same bytes already, when this one became whole.
        expires_at: When it is deleted; of an open file, when it is given up unless more bytes come.
    """

    id: str
    name: str
    state: FileState
    resumable: bool
    length: int | None
    received: int
    sha256: str | None
    content_id: str
    same_as: str | None
    created_at: datetime
    expires_at: datetime


def checked_name(name: str | None, field: str) -> str:
    """Return the name of a file.

    Args:
        name: As a client gives it; None if it gives none.
        field: Where it stands in the request.

    Raises:
        PrismdError: ``invalid_request``: it is missing, too long, or no name of a file.
    """
    if not name or not name.strip():
        message = "the file has no name; give it as ?name=people.csv or in the header Content-Disposition"
        raise PrismdError.invalid(field, message, "required")
    if len(name) > NAME_CHARS_MAX:
        message = f"expected at most {NAME_CHARS_MAX} characters, found {len(name):,}"
        raise PrismdError.invalid(field, message, "maxLength")
    if any(sign in _SEPARATORS or not sign.isprintable() for sign in name) or name in (".", ".."):
        message = f"expected the name of a file without / and \\ and without control characters, found {quoted(name)}"
        raise PrismdError.invalid(field, message, "pattern")
    return name
