"""Names of columns and properties as they are compared: without case, accents, blanks and signs."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

#: Longer names are sentences, and are compared by this much of them.
CHARS_MAX: Final = 200

#: Between the words of a name: signs and blanks, a small letter before a capital, and letters beside digits.
_BETWEEN: Final = re.compile(r"[\W_]+|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=2**14)
def name_key(text: str) -> str:
    """Return the letters and digits of a name, without case and accents.

    Args:
        text: A name, of any length.
    """
    plain = unicodedata.normalize("NFKD", text[:CHARS_MAX]).casefold()
    return "".join(char for char in unicodedata.normalize("NFKD", plain) if char.isalnum())


def name_words(text: str) -> tuple[str, ...]:
    """Return the words of a name as keys; a word in which capitals begin further words is several.

    Args:
        text: A name, of any length.
    """
    parts = (part for piece in _CAMEL.split(text[:CHARS_MAX]) for part in _BETWEEN.split(piece))
    return tuple(filter(None, map(name_key, parts)))
