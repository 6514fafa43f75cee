"""Invisible characters: comparison ignores them at the ends of a text, and a text of nothing else is blank."""

from __future__ import annotations

from typing import Final

#: White space of Unicode (property White_Space), and U+001C to U+001F, which Python treats as white space.
_WHITE_SPACE: Final = (
    (0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000),
)  # fmt: skip

#: Characters that no font shows (property Default_Ignorable_Code_Point): byte order mark, zero-width
#: characters, marks of direction, soft hyphen, fillers, selectors of variants, tags.
_INVISIBLE: Final = (
    (0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip

#: The characters that no font shows, each once.
INVISIBLE: Final = "".join(chr(code) for first, last in _INVISIBLE for code in range(first, last + 1))

#: All invisible characters, each once.
UNSEEN: Final = "".join(chr(code) for first, last in _WHITE_SPACE for code in range(first, last + 1)) + INVISIBLE

_UNSEEN: Final = frozenset(UNSEEN)


def trimmed(text: str) -> str:
    """Return a text without invisible characters at its ends.

    Args:
        text: Any text, of any length.
    """
    if text[:1] not in _UNSEEN and text[-1:] not in _UNSEEN:
        return text  # as nearly always
    start, end = 0, len(text)
    while start < end and text[start] in _UNSEEN:
        start += 1
    while end > start and text[end - 1] in _UNSEEN:
        end -= 1
    return text[start:end]


def is_blank(text: str) -> bool:
    """Return whether a text has no visible character.

    Args:
        text: Any text, of any length.
    """
    return not trimmed(text)
