"""Which API keys could be guessed: those that a person chose are looked at before they are taken."""

from __future__ import annotations

import re
from typing import Final

#: Shortest key that is taken, in characters.
KEY_CHARS_MIN: Final = 15

_TELLING_CHARS_MIN: Final = 8
_DIFFERENT_CHARS_MIN: Final = 6
#: What is longer is long enough; so the check takes no time.
_LOOKED_AT_CHARS: Final = 256
_REPEATED: Final = re.compile(r"^(.+?)\1+$")
#: What people write where a secret belongs, as a pattern; case does not matter.
_WORDS: Final = re.compile(
    r"passw(?:or[dt])?|change\W?me|secret|default|example|admin|letmein|welcome|qwerty|asdfgh|prismd?|micro|api\W?key|"
    r"token|master|test|demo|user|root|1q2w3e4r|iloveyou|dragon|abc123"
)


def weakness(key: str) -> str:
    """Return what is wrong with an API key that a person chose; nothing where it is good enough.

    Args:
        key: The key.
    """
    if len(key) < KEY_CHARS_MIN:
        return f"it has {len(key)} characters, and {KEY_CHARS_MIN} are the least"
    if len(set(key.casefold())) < _DIFFERENT_CHARS_MIN:
        return "it has too few different characters"
    # Of a text that is repeated, one.
    telling = _REPEATED.sub(r"\1", key.casefold()[:_LOOKED_AT_CHARS])
    telling = _without_runs(_WORDS.sub("", telling))
    if len(telling) < _TELLING_CHARS_MIN or len(set(telling)) < _DIFFERENT_CHARS_MIN:
        return "it is made of usual words, repetitions or sequences"
    return ""


def _without_runs(text: str) -> str:
    # Of "aaaa", "1234", "dcba" and "aabbcc" one character is left.
    shorter = "".join(one for before, one in zip(f"\0{text}", text, strict=False) if abs(ord(one) - ord(before)) > 1)
    return shorter if shorter == text else _without_runs(shorter)
