"""Booleans written as text: true and false in any case, and no other words."""

from __future__ import annotations

from typing import Final

_WRITTEN: Final = {"true": True, "false": False}
_CHARS_MAX: Final = len("false")


def written_boolean(text: str) -> bool | None:
    """Return the boolean that a text names; None for any other text.

    Args:
        text: Any text, of any length.
    """
    return _WRITTEN.get(text.lower()) if len(text) <= _CHARS_MAX else None
