"""Which known name a misspelt one may stand for, found in a time that does not grow with the number of names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Generic, TypeVar

_Named = TypeVar("_Named")

#: Shorter names are too like each other, and longer ones are seldom typed.
_CHARS_MIN: Final = 4
_CHARS_MAX: Final = 48


class NearNames(Generic[_Named]):
    """Names by what is left of them where one character is missing.

    Two texts that are the same but for one character left out, put in, replaced or exchanged with its neighbour have
    such a rest in common. So each look-up takes as many steps as the text has characters, however many names there are.

    Args:
        named: What is looked for, by its name; of names that are alike the first is found.
    """

    def __init__(self, named: Mapping[str, _Named]) -> None:
        self._found: dict[str, _Named] = {}
        for name, one in named.items():
            for rest in _rests(name):
                self._found.setdefault(rest, one)

    def nearest(self, text: str) -> _Named | None:
        """Return what a misspelt text may stand for, or None.

        Args:
            text: Any text, of any length.
        """
        found: Iterable[_Named | None] = (self._found.get(rest) for rest in _rests(text))
        return next((one for one in found if one is not None), None)


def _rests(text: str) -> Iterator[str]:
    """Yield the text without what words are parted by, and then without one character more."""
    plain = "".join(char for char in text[: 2 * _CHARS_MAX].casefold() if char.isalnum())
    if _CHARS_MIN <= len(plain) <= _CHARS_MAX:
        yield plain
        yield from (plain[:place] + plain[place + 1 :] for place in range(len(plain)))
