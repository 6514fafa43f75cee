"""The name of an uploaded file: in the query string, or in the header ``Content-Disposition``."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any, Final

from litestar import Request

from prismd.api.http.query_strings import given
from prismd.core.errors import PrismdError
from prismd.core.files import checked_name

_HEADER: Final = "content-disposition"
_QUERY_FIELD: Final = ".query.name"
_HEADER_FIELD: Final = f".headers.{_HEADER}"


def name_of(request: Request[Any, Any, Any]) -> str:
    """Return the name of the file that a request uploads.

    Args:
        request: The request, for its parameter ``name`` and its header.

    Raises:
        PrismdError: ``invalid_request``: there is no name, it cannot be one, or the two differ.
    """
    asked = given(request, "name")
    told = disposition_name(request.headers.get(_HEADER, ""))
    if asked is None:
        return checked_name(told, _HEADER_FIELD if told else _QUERY_FIELD)
    if told is not None and told != asked:
        message = "it differs from the name in the header Content-Disposition; give one of the two"
        raise PrismdError.invalid(_QUERY_FIELD, message, "enum")
    return checked_name(asked, _QUERY_FIELD)


def disposition_name(header: str) -> str | None:
    """Return the name in a header such as ``attachment; filename="people.csv"``; None if there is none.

    Args:
        header: The header's value; ``filename*`` (RFC 8187) wins over ``filename``.
    """
    if not header:
        return None
    message = EmailMessage()
    try:
        message["content-disposition"] = header.encode("latin-1", "replace").decode("utf-8", "replace")
        return message.get_filename()
    except (ValueError, LookupError):
        return None
