"""Several values in one parameter of a query string: exactly as they are written, with commas between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import quoted

# A text in double quotes; a double quote within it is written twice.
_QUOTED: Final = re.compile(r'"((?:[^"]|"")*+)"(?=,|\Z)')


def listed_values(text: str, field: str) -> Iterator[str]:
    """Return the values that a text lists. In double quotes a value may hold commas, and double quotes written twice.

    Args:
        text: Decoded.
        field: Where it stands in the request.

    Raises:
        PrismdError: ``invalid_request``: what begins with a double quote does not end with one.
    """
    start = 0
    while start <= len(text):
        if text.startswith('"', start):
            held = _QUOTED.match(text, start)
            if held is None:
                raise _unended(text[start:], field)
            yield held[1].replace('""', '"')
            start = held.end() + 1
        else:
            end = text.find(",", start)
            end = len(text) if end < 0 else end
            yield text[start:end]
            start = end + 1


def _unended(text: str, field: str) -> PrismdError:
    message = (
        f"{quoted(text)} begins with a double quote and does not end with one; put a value that has commas, or begins "
        'with a double quote, in double quotes, and write those within it twice: "Doe, ""Jane"""'
    )
    return PrismdError.invalid(field, message, "format")
