"""The visible part of a name in a file, by which names of columns are compared."""

from __future__ import annotations

import re
from typing import Final

from prismd.core.values.blanks import INVISIBLE

#: The byte order mark; inside a file it shows that two files were joined.
MARK: Final = "\ufeff"

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]+")
_WHITE: Final = re.compile(r"\s+")


def visible(text: str) -> str:
    """Return the visible part of a short text, such as a name, without white space around it.

    Args:
        text: Any text; white space inside it becomes one space.
    """
    return _WHITE.sub(" ", text if text.isascii() else _INVISIBLE.sub("", text)).strip()
