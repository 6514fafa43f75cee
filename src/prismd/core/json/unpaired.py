"""Halves of surrogate pairs: a stand-in for each, because parsers fail at them, and the way back for messages.

The stand-in is a NUL and a character of a private plane that identifies the half. No text can have a NUL, so a text
with a stand-in is refused like the half itself, and is never confused with another text.
"""

from __future__ import annotations

import functools
import json
import re
from typing import Final

_FIRST: Final = 0xD800
_PLANE: Final = 0xF0000
_STAND_IN: Final = re.compile("\0([\U000f0000-\U000f07ff])")


@functools.lru_cache(maxsize=2**12)  # of 2,048 halves, in two cases of letters as a rule
def stand_in(escape: bytes) -> bytes:
    r"""Return the stand-in for half of a pair in a JSON text, in escapes.

    Args:
        escape: The half as an escape without its backslash, such as ``ud800``.
    """
    half = chr(_PLANE + int(escape[1:], 16) - _FIRST)
    return json.dumps("\0" + half)[1:-1].encode()


def has_unpaired(text: str) -> bool:
    """Return whether a text has half of a surrogate pair, or a stand-in for one."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text and _STAND_IN.search(text) is not None


def with_unpaired(text: str) -> str:
    """Return a text with the halves of pairs instead of their stand-ins."""
    return _STAND_IN.sub(lambda match: chr(ord(match[1]) - _PLANE + _FIRST), text) if "\0" in text else text
