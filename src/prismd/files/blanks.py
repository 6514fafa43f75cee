"""What nobody sees: white space of every kind, byte order marks, and characters of no width."""

from __future__ import annotations

import re
from typing import Final

#: The characters that Unicode lets a screen leave out (``Default_Ignorable_Code_Point``), and the blank of Braille.
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)

#: The byte order mark; where it stands inside a file, two files were joined.
MARK: Final = "\ufeff"

_BLANK: Final = re.compile(f"[\\s{INVISIBLE}]*+")
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]+")
_WHITE: Final = re.compile(r"\s+")


def is_blank(text: str) -> bool:
    """Whether a text shows nothing at all.

    Args:
        text: Any text.
    """
    return not text or text.isspace() or (not text.isascii() and _BLANK.fullmatch(text) is not None)


def visible(text: str) -> str:
    """Return what is seen of a short text, such as a name: nothing invisible, and no white space around it.

    Args:
        text: Any text; white space of any kind inside it becomes one space.
    """
    return _WHITE.sub(" ", text if text.isascii() else _INVISIBLE.sub("", text)).strip()
