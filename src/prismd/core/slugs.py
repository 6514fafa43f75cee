"""Slugs, the names that rows and filters use: how one is derived from what people read, and what one may look like."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Container
from typing import Final

SLUG_CHARS_MAX: Final = 64

_FALLBACK: Final = "unnamed"
_SLUG: Final = re.compile(r"[a-z][a-z0-9_]*")
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
# Letters that do not decompose into a base letter and a mark.
_SPELLED_OUT: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)


def is_slug(text: str) -> bool:
    """Tell whether a text can be a slug: lower-case letters, digits and underscores, a letter first, 64 at most.

    Args:
        text: Any text.
    """
    return len(text) <= SLUG_CHARS_MAX and _SLUG.fullmatch(text) is not None


def slug_for(label: str, taken: Container[str]) -> str:
    """Return a slug made of a name, with a number at its end where the plain one is taken.

    Args:
        label: What people read, of any length and script.
        taken: Slugs in use.
    """
    spelled = unicodedata.normalize("NFKD", label.lower()[: 4 * SLUG_CHARS_MAX]).translate(_SPELLED_OUT)
    plain = "".join(char for char in spelled if not unicodedata.combining(char))
    base = _NOT_SLUG.sub("_", plain).strip("_")[:SLUG_CHARS_MAX].rstrip("_") or _FALLBACK
    if not base[0].isalpha():
        base = f"n_{base}"[:SLUG_CHARS_MAX]
    if base not in taken:
        return base
    return next(slug for number in itertools.count(2) if (slug := _numbered(base, number)) not in taken)


def _numbered(base: str, number: int) -> str:
    ending = f"_{number}"
    return base[: SLUG_CHARS_MAX - len(ending)] + ending
