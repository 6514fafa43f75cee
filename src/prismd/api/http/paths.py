"""The variable parts of a path: decode the ids, values and object types in them (contract, section 1)."""

from __future__ import annotations

from prismd.api.http.encoded_text import UnreadableTextError, decoded_text
from prismd.core.errors import PrismdError
from prismd.core.properties.schema import IMPORTABLE_TYPES, OBJECT_TYPES, UNHELD_TYPES
from prismd.core.wording.quoting import nearest, quoted

#: Words that can occur in the position of an id, and that are never an id (contract, section 11.1).
RESERVED = frozenset({"count", "query", "import", "batch", "by", "properties", "views", "imports", "lists"})


def decoded(part: str) -> str | None:
    """Return the text of a part of a path; None if it is not text, so that nothing in prismd can match it.

    Args:
        part: The part between two slashes, percent-encoded.
    """
    try:
        return decoded_text(part.encode("latin-1"))
    except UnreadableTextError:
        return None


def value_in_path(part: str) -> str:
    """Return the id or value in a part of a path.

    Args:
        part: The part between two slashes, percent-encoded.

    Raises:
        PrismdError: ``not_found``: no record or job can have that id or value.
    """
    try:
        return decoded_text(part.encode("latin-1"))
    except UnreadableTextError as error:
        raise PrismdError("not_found", f"Nothing has the id or value {quoted(part)}: it {error}") from None


def id_in_path(part: str) -> str:
    """Return the id in a part of a path.

    Args:
        part: The part between two slashes, percent-encoded.

    Raises:
        PrismdError: ``not_found``: it is a reserved word, or not text.
    """
    text = value_in_path(part)
    if text in RESERVED:
        raise PrismdError("not_found", f"{quoted(text)} is a reserved word of the API, not an id")
    return text


def object_type_in_path(part: str) -> str:
    """Return the object type that a part of a path names.

    Args:
        part: The part between two slashes, percent-encoded.

    Raises:
        PrismdError: ``invalid_request`` for an unknown type, ``method_not_allowed`` for one without records.
    """
    text = decoded(part)
    if text in UNHELD_TYPES:
        raise PrismdError("method_not_allowed", f"prismd keeps no records of type {quoted(text)}")
    if text not in OBJECT_TYPES:
        shown = text if text is not None else part
        known = ", ".join(OBJECT_TYPES)
        message = f"there is no object type {quoted(shown)}{nearest(shown, OBJECT_TYPES)} (known: {known})"
        raise PrismdError.invalid(".path.objectType", message, "enum")
    return text


def importable_type_in_path(part: str) -> str:
    """Return the object type to import that a part of a path names.

    Args:
        part: The part between two slashes, percent-encoded.

    Raises:
        PrismdError: The errors of :func:`object_type_in_path`, and ``method_not_allowed`` for a type that cannot be
            imported.
    """
    object_type = object_type_in_path(part)
    if object_type not in IMPORTABLE_TYPES:
        known = ", ".join(IMPORTABLE_TYPES)
        raise PrismdError("method_not_allowed", f'Records of type "{object_type}" cannot be imported (can be: {known})')
    return object_type
