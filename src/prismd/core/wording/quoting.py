"""Quoting of sent values inside sentences: short, and with escapes for characters that an answer cannot carry."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from prismd.core.json.unpaired import with_unpaired

SHOWN_CHARS_MAX: Final = 60


def quoted(text: str) -> str:
    """Return a text in quotes, cut to a readable length, with escapes for characters that no answer can carry.

    Args:
        text: Any text, of any length, unpaired surrogates included.
    """
    text = with_unpaired(text[: 2 * SHOWN_CHARS_MAX + 2])
    cut = text if len(text) <= SHOWN_CHARS_MAX else text[:SHOWN_CHARS_MAX] + "…"
    if not cut.isprintable():
        cut = "".join(char if char.isprintable() else _escape(char) for char in cut)
    return f'"{cut}"'


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word most like a given one, or an empty text.

    Args:
        word: The given word.
        known: The known words.
    """
    if len(word) > SHOWN_CHARS_MAX:
        return ""
    folded = {name.casefold().replace("_", ""): name for name in known}
    close = get_close_matches(word.casefold().replace("_", ""), folded, n=1)
    return f"; did you mean {quoted(folded[close[0]])}?" if close else ""
