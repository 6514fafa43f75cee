"""The header ``If-Match``: which versions of a record a write is meant for (contract, section 5; RFC 9110, 13.1.1)."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Request

from prismd.core.errors import PrismdError
from prismd.core.quoting import quoted

_HEADER: Final = "if-match"
_FIELD: Final = ".headers.if-match"
_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')


def wanted_versions(request: Request[Any, Any, Any]) -> frozenset[str] | None:
    """Return the entity tags of which a record must have one, or None where the request takes any version.

    Weak tags are among them as they were sent; they equal no tag of a record, as the comparison demands.

    Args:
        request: For the header.

    Raises:
        PrismdError: ``invalid_request``: it is neither ``*`` nor a list of entity tags.
    """
    values = request.headers.getall(_HEADER, [])
    if not values:
        return None
    text = ",".join(values).strip(" \t")
    if text == "*":
        return None
    tags = entity_tags(text)
    if not tags:
        message = f'expected * or entity tags in quotes, such as "3", found {quoted(text)}; send an etag as it came'
        raise PrismdError.invalid(_FIELD, message, "format")
    return tags


def entity_tags(text: str) -> frozenset[str]:
    """Return the entity tags of a list; none where a text is no such list (RFC 9110, 5.6.1 and 8.8.3).

    Args:
        text: Tags with commas between them; further commas and spaces mean nothing.
    """
    between = _TAG.split(text)
    foreign = any(part.strip(" \t,") for part in between)
    run_together = any("," not in part for part in between[1:-1])
    return frozenset() if foreign or run_together else frozenset(_TAG.findall(text))
