"""What stands in a query string, read strictly: a parameter that cannot be meant is refused (contract, section 8)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from litestar import Request

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.quoting import nearest, quoted

PAGE_DEFAULT: Final = 25
_DIGITS_MAX: Final = 9


def page_limit(request: Request[Any, Any, Any], *, default: int = PAGE_DEFAULT, most: int) -> int:
    """Return how many entries a page shall have; more than the most is cut, as the contract says for lists.

    Args:
        request: For ``limit``.
        default: Where the request says nothing.
        most: The server's own limit.

    Raises:
        PrismdError: ``invalid_request``: not a whole number from 1.
    """
    raw = given(request, "limit")
    if raw is None:
        return min(default, most)
    if not (raw.isascii() and raw.isdigit()) or not raw.strip("0"):
        raise PrismdError.invalid(".query.limit", f"expected a whole number from 1, found {quoted(raw)}", "minimum")
    return most if len(raw) > _DIGITS_MAX else min(int(raw), most)


def one_of(request: Request[Any, Any, Any], name: str, known: Collection[str]) -> str | None:
    """Return a parameter that takes one of a few words, or None where the request says nothing.

    Args:
        request: For the parameter.
        name: Of the parameter.
        known: The words.

    Raises:
        PrismdError: ``invalid_request``: it is none of them.
    """
    raw = given(request, name)
    if raw is None or raw in known:
        return raw
    message = f"expected one of {', '.join(known)}, found {quoted(raw)}{nearest(raw, known)}"
    raise PrismdError.invalid(f".query.{name}", message, "enum")


def slugs(request: Request[Any, Any, Any], name: str) -> list[str] | None:
    """Return a parameter that lists slugs, with commas or by standing repeatedly; None where it says nothing.

    Args:
        request: For the parameter.
        name: Of the parameter.
    """
    return [part for part in values(request, name) if part] or None


def values(request: Request[Any, Any, Any], name: str) -> list[str]:
    """Return the values of a parameter, with commas between them or by standing repeatedly, blank ones too.

    Args:
        request: For the parameter.
        name: Of the parameter.
    """
    return [part.strip() for raw in request.query_params.getall(name, []) for part in raw.split(",")]


def list_in_query(request: Request[Any, Any, Any]) -> str | None:
    """Return the id of the list that a request names, or None.

    Args:
        request: For ``list_id``.

    Raises:
        PrismdError: ``invalid_request``: it is no id.
    """
    raw = given(request, "list_id")
    if raw is not None and not is_uuid(raw):
        raise PrismdError.invalid(".query.list_id", f"expected the id of a list, found {quoted(raw)}", "format")
    return raw


def given(request: Request[Any, Any, Any], name: str) -> str | None:
    """Return a parameter, or None where it is absent or empty.

    Args:
        request: For the parameter.
        name: Of the parameter.

    Raises:
        PrismdError: ``invalid_request``: it stands more than once.
    """
    found: list[str] = request.query_params.getall(name, [])
    if len(found) > 1:
        raise PrismdError.invalid(f".query.{name}", f"expected one value, found {len(found)}", "maxItems")
    return found[0] if found and found[0] else None
