"""Slugs, the names that rows and filters use: their form, and how one is derived from a label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from hashlib import blake2b
from typing import Final

from anyascii import anyascii

SLUG_CHARS_MAX: Final = 64

#: What no property is called by: it would be taken for something else that stands in the same place.
RESERVED: Final = {
    "id": "the record itself",
    "app_stage": "the stage of a record in a list",
    **dict.fromkeys(("default", "list", "extended", "properties", "lists", "records"), "a part of a record"),
    **dict.fromkeys(
        (
            "select", "filter", "sort", "combinator", "limit", "cursor", "page", "query", "include_total", "deleted",
            "deleted_at", "list_id", "crm_id",
        ),
        "what a request asks for",
    ),
    **dict.fromkeys(
        (
            "count", "batch", "by", "import", "imports", "views", "grants", "upsert", "find", "find_or_create",
            "duplicate", "restore", "validate", "options", "realtime",
        ),
        "a route",
    ),
}  # fmt: skip

_FALLBACK: Final = "unnamed"
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9_]*")
_NOT_SLUG: Final = re.compile(r"[^a-z0-9]+")
_SPACES: Final = str.maketrans(" -", "__")
_APOSTROPHES: Final = str.maketrans("", "", "'`")
_SPOKEN: Final = "LMN"
_MARK_BYTES: Final = 3


def is_slug(text: str) -> bool:
    """Return whether a text can be a slug: 1 to 64 lower-case letters, digits and underscores.

    Args:
        text: Any text.
    """
    return len(text) <= SLUG_CHARS_MAX and _SLUG.fullmatch(text) is not None


def slug_for(label: str, taken: Container[str]) -> str:
    """Return a slug for a name, with a number at its end where the plain slug is taken.

    Args:
        label: The name, of any length and script.
        taken: Slugs in use.
    """
    base = _base(label)
    return base if base not in taken else _numbered(base, _free_number(base, taken))


def slug_of_label(label: str, folded: str, taken: Container[str]) -> str:
    """Return a slug for an option of which the label alone is known, while others are still to come.

    It is the label where that says the same. Where something was left out or spelled otherwise, a mark that follows
    from the label stands at its end: else the slug of "C++" would be what the next row calls another option.

    Args:
        label: What people read.
        folded: The label without case.
        taken: Slugs in use, and labels without case, of other options.
    """
    base = _base(label)
    if base == folded.translate(_SPACES) and base not in taken:
        return base
    mark = blake2b(folded.encode(), digest_size=_MARK_BYTES).hexdigest()
    marked = f"{base[: SLUG_CHARS_MAX - len(mark) - 1]}_{mark}"
    return marked if marked not in taken else _numbered(marked, _free_number(marked, taken))


def _base(label: str) -> str:
    text = unicodedata.normalize("NFC", label[: 4 * SLUG_CHARS_MAX])
    # Signs have names as well, which say something where there are no letters.
    spoken = "".join(char if unicodedata.category(char)[0] in _SPOKEN else " " for char in text)
    return _plain(spoken) or _plain(text) or _FALLBACK


def _plain(text: str) -> str:
    # An apostrophe that stands for a letter parts no word.
    spelled = "".join(char if char.isascii() else anyascii(char).translate(_APOSTROPHES) for char in text)
    return _NOT_SLUG.sub("_", spelled.lower()).strip("_")[:SLUG_CHARS_MAX].rstrip("_")


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
