"""What of a name in a file is seen: names of columns are compared by that."""

from __future__ import annotations

import re
from typing import Final

from prismd.core.values.blanks import INVISIBLE

#: The byte order mark; where it stands inside a file, two files were joined.
MARK: Final = "\ufeff"

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]+")
_WHITE: Final = re.compile(r"\s+")


def visible(text: str) -> str:
    """Return what is seen of a short text, such as a name: nothing invisible, and no white space around it.

    Args:
        text: Any text; white space of any kind inside it becomes one space.
    """
    return _WHITE.sub(" ", text if text.isascii() else _INVISIBLE.sub("", text)).strip()
