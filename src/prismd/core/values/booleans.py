"""True and false written as text: in any case, and by no other words."""

from __future__ import annotations

from typing import Final

_WRITTEN: Final = {"true": True, "false": False}
_CHARS_MAX: Final = len("false")


def written_boolean(text: str) -> bool | None:
    """Return the boolean that a text names, or None where it names neither.

    Args:
        text: Any text, of any length.
    """
    return _WRITTEN.get(text.lower()) if len(text) <= _CHARS_MAX else None
