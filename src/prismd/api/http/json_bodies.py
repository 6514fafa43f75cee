"""Small JSON bodies: read them into their shapes, and name the field that does not fit (contract, section 3)."""

from __future__ import annotations

from typing import Any

from litestar import Request

from prismd.api.http.strict_shapes import look_over, refuse_unknown_members
from prismd.core.errors import PrismdError
from prismd.core.json.shapes import Shape, fitted
from prismd.core.json.split import split_members
from prismd.core.json.text import NotJsonError, decode, without_unpaired
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.wording.quoting import quoted


def require_json(request: Request[Any, Any, Any], body: bytes) -> None:
    """Refuse a body whose ``Content-Type`` is not JSON; a body without the header passes (contract, 19.4, 67).

    Args:
        request: The request, for its header ``Content-Type``.
        body: The request's body; an empty one passes with any header.

    Raises:
        PrismdError: ``invalid_request``.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type and media_type != "application/json" and not media_type.endswith("+json"):
        message = (
            f"expected application/json, found {quoted(media_type)}; send the header Content-Type: application/json"
        )
        raise PrismdError.invalid(".headers.content-type", message, "enum")


def refuse_body(body: bytes) -> None:
    """Refuse a body on a route that takes none; an empty JSON object counts as no body.

    Args:
        body: The request's body.

    Raises:
        PrismdError: ``invalid_request``.
    """
    try:
        members = split_members(body) if body.strip() not in (b"", b"null") else {}
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"expected nothing or an empty JSON object: {error}") from None
    refuse_unknown(members, (), ".body", "the body", "this operation takes none; leave it out")


def read_body(body: bytes, shape: type[Shape]) -> Shape:
    """Return a body as an instance of its shape; a strict shape refuses unknown members.

    Args:
        body: The request's body.
        shape: The expected shape.

    Raises:
        PrismdError: ``invalid_request``, with the path of the field that does not fit.
    """
    look_over(shape)
    try:
        value = decode(without_unpaired(body))
        refuse_unknown_members(value, shape)
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"it cannot be read as JSON: {error}") from None
    return fitted(value, shape)
