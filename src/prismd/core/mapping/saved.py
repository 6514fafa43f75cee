"""Mappings that are saved under a name: the name, and the facts about the newest version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prismd.core.mapping.document import MappingDocument

#: What a name can be, as a regular expression.
NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}"
EXPECTED: Final = (
    "1 to 100 letters, digits, blanks and . _ - without accents, of which the first is a letter or a digit"
)
_NAME: Final = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A mapping as it was saved.

    Args:
        name: Its name.
        version: From 1; each time that it is saved under the name is a new one.
        object_type: The type that its document is for; None for any.
        created_at: When this version was saved; in a list, when the first one was.
        updated_at: When the newest version was saved.
        document: Its document; None where only the facts were asked for.
    """

    name: str
    version: int
    object_type: str | None
    created_at: datetime
    updated_at: datetime
    document: MappingDocument | None = None


def is_name(text: str) -> bool:
    """Return whether a text can be the name of a saved mapping.

    Args:
        text: Any text.
    """
    return _NAME.fullmatch(text) is not None
