"""Several values in one parameter of a query string, separated by commas and otherwise read exactly as written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import quoted

# A text in double quotes, in which a double quote is written twice.
_QUOTED: Final = re.compile(r'"((?:[^"]|"")*+)"(?=,|\Z)')


def listed_values(text: str, field: str) -> Iterator[str]:
    """Return the values in a text; a value in double quotes can contain commas, and double quotes written twice.

    Args:
        text: The decoded text.
        field: Path of the parameter in the request.

    Raises:
        PrismdError: ``invalid_request``: a value begins with a double quote, but does not end with one.
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
