"""The body of an undo: whether it is only a preview."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct

from prismd.core.errors import PrismdError
from prismd.core.json.shapes import Words, fitted, look_over, member, names_of
from prismd.core.json.text import NotJsonError, decode, without_unpaired
from prismd.core.json.unknown_members import refuse_unknown


class UndoBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an undo, which may be left out."""

    dry_run: Annotated[bool, member("Judge every record, change nothing.", Words("true or false"))] = False


look_over(UndoBody)


def parse_undo(body: bytes) -> UndoBody:
    """Return the undo that a request asks for; an empty body is a real one.

    Args:
        body: The request body.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field.
    """
    if not body.strip():
        return UndoBody()
    try:
        value = decode(without_unpaired(body))
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"expected a JSON object, or nothing: {error}") from None
    if isinstance(value, dict):
        refuse_unknown(value, names_of(UndoBody), ".body", "an undo")
    return fitted(value, UndoBody)
