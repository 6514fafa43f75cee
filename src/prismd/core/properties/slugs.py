"""Slugs, by which rows and filters name properties: their form, and deriving one from a label."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from hashlib import blake2b
from typing import Final

from anyascii import anyascii

SLUG_CHARS_MAX: Final = 64

#: Names that no property can have, because they mean something else in rows, requests or paths.
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
    """Return a slug for a name; a number at the end makes it unique if the plain slug is taken.

    Args:
        label: The name, of any length and script.
        taken: Slugs in use.
    """
    base = _base(label)
    return base if base not in taken else _numbered(base, _free_number(base, taken))


def slug_of_label(label: str, folded: str, taken: Container[str]) -> str:
    """Return a slug for a new option, made from its label; later rows can add options that are not known yet.

    If the slug says less than the label, it ends with a mark derived from the label. Without the mark, the slug of
    "C++" would be "c", which can be the label of another option in the next row.

    Args:
        label: The label.
        folded: The label in its form for comparison.
        taken: Slugs and folded labels of other options.
    """
    base = _base(label)
    if base == folded.translate(_SPACES) and base not in taken:
        return base
    mark = blake2b(folded.encode(), digest_size=_MARK_BYTES).hexdigest()
    marked = f"{base[: SLUG_CHARS_MAX - len(mark) - 1]}_{mark}"
    return marked if marked not in taken else _numbered(marked, _free_number(marked, taken))


def _base(label: str) -> str:
    text = unicodedata.normalize("NFC", label[: 4 * SLUG_CHARS_MAX])
    # Signs have names too ("plus"), which make a slug for a label without letters.
    spoken = "".join(char if unicodedata.category(char)[0] in _SPOKEN else " " for char in text)
    return _plain(spoken) or _plain(text) or _FALLBACK


def _plain(text: str) -> str:
    # An apostrophe does not separate words, so drop it without leaving an underscore.
    spelled = "".join(char if char.isascii() else anyascii(char).translate(_APOSTROPHES) for char in text)
    return _NOT_SLUG.sub("_", spelled.lower()).strip("_")[:SLUG_CHARS_MAX].rstrip("_")


def _free_number(base: str, taken: Container[str]) -> int:
    # Numbered names form an unbroken sequence; search its end in ever larger steps, as counting takes quadratic time.
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
