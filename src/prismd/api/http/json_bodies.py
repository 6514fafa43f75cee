"""Small JSON bodies: read them into their shapes, and name the field that does not fit (contract, section 3)."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar, get_args, get_type_hints

import msgspec
from litestar import Request

from prismd.api.http.strict_shapes import look_over, refuse_unknown_members
from prismd.core.errors import PrismdError
from prismd.core.json.split import split_members
from prismd.core.json.text import NotJsonError, decode, without_unpaired
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.values.errors import found
from prismd.core.wording.quoting import quoted

Shape = TypeVar("Shape", bound=msgspec.Struct)

_FIELD_PATH: Final = re.compile(r" - at `\$([^`]*)`$")
_MISSING: Final = re.compile(r"Object missing required field `([^`]*)`")

#: The beginning of msgspec's message for a word that is not allowed; the message does not list the allowed ones.
_NO_CHOICE: Final = "Invalid enum value"

_WORDS: Final = {
    "Expected": "expected",
    "got": "found",
    "str": "text",
    "int": "a whole number",
    "decimal": "a fraction",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "|": "or",
    "`": "",
}
_WORD: Final = re.compile(r"\b(?:" + "|".join(word for word in _WORDS if word.isalpha()) + r")\b|[|`]")


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
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        refusal = _with_path(str(error))
        raise (_no_choice(value, shape, refusal) if _NO_CHOICE in str(error) else refusal) from None


def _no_choice(value: Any, shape: type[msgspec.Struct], refusal: PrismdError) -> PrismdError:  # noqa: ANN401 - JSON is any value
    """Return a refusal that lists the allowed values of the member, which msgspec does not."""
    field = refusal.problems[0].field
    kind: Any = shape
    for name in field.split(".")[2:]:
        kind, value = get_type_hints(kind)[name], value[name]
    return PrismdError.invalid(field, f"expected one of {', '.join(get_args(kind))}, found {found(value)}", "enum")


def _with_path(sentence: str) -> PrismdError:
    path = _FIELD_PATH.search(sentence)
    field = ".body" + (path[1] if path else "")
    missing = _MISSING.match(sentence)
    if missing:
        return PrismdError.invalid(f"{field}.{missing[1]}", "it is required; add it", "required")
    return PrismdError.invalid(field, _WORD.sub(lambda match: _WORDS[match[0]], _FIELD_PATH.sub("", sentence)))
