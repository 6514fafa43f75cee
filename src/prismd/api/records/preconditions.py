"""``If-Match`` and ``If-None-Match``: evaluated on every operation (contract, section 5; RFC 9110, 13.1)."""

from __future__ import annotations

import re
from typing import Any, Final, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import HTTPScope

from prismd.api.http.handling import operation_of
from prismd.core.errors import PrismdError
from prismd.core.records.preconditions import ANY, Preconditions
from prismd.core.wording.quoting import quoted
from prismd.services.idempotency.claims import Answer

_MATCH: Final = "if-match"
_NONE_MATCH: Final = "if-none-match"
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')

#: Methods that change something that exists.
_CHANGING: Final = ("PUT", "PATCH", "DELETE")


def preconditions(request: ASGIConnection[Any, Any, Any, Any]) -> Preconditions:
    """Return the demands of a request on the version of its object.

    Args:
        request: The request, for its headers.

    Raises:
        PrismdError: ``invalid_request``: a header is neither ``*`` nor a list of entity tags.
    """
    return Preconditions(_tags(request, _MATCH), _tags(request, _NONE_MATCH))


async def without_version(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Evaluate the headers for an operation whose object has no version, so that no tag matches it.

    Raises:
        PrismdError: ``invalid_request`` or ``precondition_failed``.
    """
    demands_version = _MATCH in connection.headers or _NONE_MATCH in connection.headers
    if not demands_version or operation_of(handler).has_versions:
        return
    demanded, scope = preconditions(connection), cast("HTTPScope", connection.scope)
    if demanded.match is not None and demanded.match != ANY:
        message = "what this operation is about has no etag, so If-Match names none that it has; leave the header out"
        raise PrismdError("precondition_failed", message)
    if demanded.none_match == ANY and scope["method"] in _CHANGING:
        raise PrismdError(
            "precondition_failed", "this operation changes what there is, which If-None-Match: * excludes"
        )


def unless_known(request: Request[Any, Any, Any], answer: Answer) -> Answer:
    """Return the answer to a reader of a record, or 304 without a body if the reader has this version.

    Values selected by name can come from other records, whose changes make no new version of this one. So an answer
    with a selection is always sent.

    Args:
        request: The request, for its headers.
        answer: The answer, with the record's ``etag``.

    Raises:
        PrismdError: ``invalid_request`` or ``precondition_failed``.
    """
    demanded, tag = preconditions(request), answer.headers["etag"]
    Preconditions(demanded.match).check_tag(tag)
    known = demanded.met_by_none_match(tag) and "select" not in request.query_params
    return Answer(304, b"", {"etag": tag}) if known else answer


def entity_tags(text: str) -> frozenset[str]:
    """Return the entity tags of a list; none if a text is not such a list (RFC 9110, 5.6.1 and 8.8.3).

    Args:
        text: Tags with commas between them; further commas and spaces mean nothing.
    """
    between = _TAG.split(text)
    foreign = any(part.strip(" \t,") for part in between)
    run_together = any("," not in part for part in between[1:-1])
    return frozenset() if foreign or run_together else frozenset(_TAG.findall(text))


def _tags(request: ASGIConnection[Any, Any, Any, Any], header: str) -> frozenset[str] | None:
    values = request.headers.getall(header, [])
    if not values:
        return None
    text = ",".join(values).strip(" \t")
    tags = ANY if text == "*" else entity_tags(text)
    if not tags:
        message = f'expected * or entity tags in quotes, such as "3", found {quoted(text)}; send an etag as it came'
        raise PrismdError.invalid(f".headers.{header}", message, "format")
    return tags
