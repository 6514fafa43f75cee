"""Parameters of the query string, read strictly: a value that does not fit is refused (contract, section 8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from litestar import Request

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.queries.listed_values import listed_values
from prismd.core.queries.tree import Deleted
from prismd.core.values.booleans import written_boolean
from prismd.core.wording.quoting import nearest, quoted

PAGE_DEFAULT: Final = 25
_DIGITS_MAX: Final = 9
_DELETED: Final = {"true": Deleted.TOO, "false": Deleted.LEFT_OUT, "only": Deleted.ONLY}


def page_limit(request: Request[Any, Any, Any], *, default: int = PAGE_DEFAULT, most: int) -> int:
    """Return the number of entries of a page; a larger number than the server's limit is lowered to it (contract, 8).

    Args:
        request: The request, for its parameter ``limit``.
        default: The number if the request has no ``limit``.
        most: The server's limit.

    Raises:
        PrismdError: ``invalid_request``: ``limit`` is not a whole number from 1.
    """
    raw = given(request, "limit")
    if raw is None:
        return min(default, most)
    digits = raw.lstrip("0")
    if not (raw.isascii() and raw.isdigit() and digits):
        raise PrismdError.invalid(".query.limit", f"expected a whole number from 1, found {quoted(raw)}", "minimum")
    return most if len(digits) > _DIGITS_MAX else min(int(digits), most)


def one_of(request: Request[Any, Any, Any], name: str, known: Collection[str]) -> str | None:
    """Return a parameter that is one of a few words; None if it is absent.

    Args:
        request: The request with the parameter.
        name: Name of the parameter.
        known: The allowed words.

    Raises:
        PrismdError: ``invalid_request``: the value is not one of the words.
    """
    raw = given(request, name)
    if raw is None or raw in known:
        return raw
    message = f"expected one of {', '.join(known)}, found {quoted(raw)}{nearest(raw, known)}"
    raise PrismdError.invalid(f".query.{name}", message, "enum")


def flag(request: Request[Any, Any, Any], name: str, *, default: bool = False) -> bool:
    """Return a parameter that is true or false, in upper or lower case.

    Args:
        request: The request with the parameter.
        name: Name of the parameter.
        default: The value if the parameter is absent.

    Raises:
        PrismdError: ``invalid_request``: the value is neither true nor false.
    """
    raw = given(request, name)
    truth = default if raw is None else written_boolean(raw)
    if truth is None:
        raise PrismdError.invalid(f".query.{name}", f"expected true or false, found {quoted(raw or '')}", "enum")
    return truth


def deleted_in_query(request: Request[Any, Any, Any]) -> Deleted:
    """Return whether a request wants deleted records, and whether it wants only them.

    Args:
        request: The request, for its parameter ``deleted``.

    Raises:
        PrismdError: ``invalid_request``: it is none of ``true``, ``false`` and ``only``.
    """
    raw = given(request, "deleted") or "false"
    wanted = _DELETED.get(raw.lower())
    if wanted is None:
        raise PrismdError.invalid(".query.deleted", f"expected true, false or only, found {quoted(raw)}", "enum")
    return wanted


def slugs(request: Request[Any, Any, Any], name: str) -> list[str] | None:
    """Return the slugs of a parameter, separated by commas or given by repeating it; None if it is absent.

    Args:
        request: The request with the parameter.
        name: Name of the parameter.
    """
    listed: list[str] = request.query_params.getall(name, [])
    return [part.strip() for raw in listed for part in raw.split(",") if part.strip()] or None


def values(request: Request[Any, Any, Any], name: str) -> list[str]:
    """Return the values of a parameter as written, separated by commas or given by repeating the parameter.

    A value in double quotes may contain commas; a double quote inside it is written twice.

    Args:
        request: The request with the parameter.
        name: Name of the parameter.

    Raises:
        PrismdError: ``invalid_request``: a value begins with a double quote and does not end with one.
    """
    listed: list[str] = request.query_params.getall(name, [])
    return [value for raw in listed for value in listed_values(raw, f".query.{name}")]


def list_in_query(request: Request[Any, Any, Any]) -> str | None:
    """Return the id of the list that a request names; None if it names none.

    Args:
        request: The request, for its parameter ``list_id``.

    Raises:
        PrismdError: ``invalid_request``: the value is not an id.
    """
    raw = given(request, "list_id")
    if raw is not None and not is_uuid(raw):
        raise PrismdError.invalid(".query.list_id", f"expected the id of a list, found {quoted(raw)}", "format")
    return raw


def given(request: Request[Any, Any, Any], name: str) -> str | None:
    """Return a parameter; None if it is absent or empty.

    Args:
        request: The request with the parameter.
        name: Name of the parameter.

    Raises:
        PrismdError: ``invalid_request``: the parameter occurs more than once.
    """
    found: list[str] = request.query_params.getall(name, [])
    if len(found) > 1:
        raise PrismdError.invalid(f".query.{name}", f"expected one value, found {len(found)}", "maxItems")
    return found[0] if found and found[0] else None
