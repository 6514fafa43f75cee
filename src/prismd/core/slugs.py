"""Slugs, the names that rows and filters use: how one is derived from what people read, and what one may look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from typing import Final

SLUG_CHARS_MAX: Final = 64

_FALLBACK: Final = "unnamed"
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_]*")
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
# Letters that do not decompose into a base letter and a mark.
_SPELLED_OUT: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)


def is_slug(text: str) -> bool:
    """Tell whether a text can be a slug: 1 to 64 lower-case letters, digits and underscores.

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
    return base if base not in taken else _numbered(base, _free_number(base, taken))


def _free_number(base: str, taken: Container[str]) -> int:
    # Names that all derive to one slug are numbered on; looking for the end of them one by one would take squares.
    lowest, free = 1, 2
    while _numbered(base, free) in taken:
        lowest, free = free, 2 * free
    while free - lowest > 1:
        middle = (lowest + free) // 2
        if _numbered(base, middle) in taken:
            lowest = middle
        else:
            free = middle
    return free


def _numbered(base: str, number: int) -> str:
    ending = f"_{number}"
    return base[: SLUG_CHARS_MAX - len(ending)] + ending
