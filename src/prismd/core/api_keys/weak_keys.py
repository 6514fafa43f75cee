"""API keys that could be guessed: a key that a person chose is checked before it is accepted."""

from __future__ import annotations

import re
from typing import Final

#: Length of the shortest accepted key, in characters.
KEY_CHARS_MIN: Final = 15

_TELLING_CHARS_MIN: Final = 8
_DIFFERENT_CHARS_MIN: Final = 6
#: A longer key is strong by its length, so it is not checked further.
_LOOKED_AT_CHARS: Final = 256
_REPEATED: Final = re.compile(r"^(.+?)\1+$")
#: Common words and names that people use as secrets; case does not matter.
_WORDS: Final = re.compile(
    r"passw(?:or[dt])?|change\W?me|secret|default|example|admin|letmein|welcome|qwerty|asdfgh|prismd?|micro|api\W?key|"
    r"token|master|test|demo|user|root|1q2w3e4r|iloveyou|dragon|abc123"
)


def weakness(key: str) -> str:
    """Return what is wrong with an API key that a person chose; empty if it is good enough.

    Args:
        key: The key.
    """
    if len(key) < KEY_CHARS_MIN:
        return f"it has {len(key)} characters, and {KEY_CHARS_MIN} are the least"
    if len(set(key.casefold())) < _DIFFERENT_CHARS_MIN:
        return "it has too few different characters"
    # Keep one copy of a repeated text.
    telling = _REPEATED.sub(r"\1", key.casefold()[:_LOOKED_AT_CHARS])
    telling = _without_runs(_WORDS.sub("", telling))
    if len(telling) < _TELLING_CHARS_MIN or len(set(telling)) < _DIFFERENT_CHARS_MIN:
        return "it is made of usual words, repetitions or sequences"
    return ""


def _without_runs(text: str) -> str:
    # "aaaa", "1234", "dcba" and "aabbcc" are each reduced to one character.
    shorter = "".join(one for before, one in zip(f"\0{text}", text, strict=False) if abs(ord(one) - ord(before)) > 1)
    return shorter if shorter == text else _without_runs(shorter)
