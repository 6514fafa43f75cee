"""The known name nearest to a misspelt one, found in time that does not grow with the number of names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Generic, TypeVar

_Named = TypeVar("_Named")

#: Shorter names are too similar to each other, and longer ones are seldom typed.
_CHARS_MIN: Final = 4
_CHARS_MAX: Final = 48


class NearNames(Generic[_Named]):
    """An index of names by their forms with one character removed.

    Two texts that differ by one character removed, inserted, replaced or swapped with its neighbour have such a form in
    common. So a look-up takes as many steps as the text has characters, for any number of names.

    Args:
        named: The objects by name; of equally near names the first wins.
    """

    def __init__(self, named: Mapping[str, _Named]) -> None:
        self._found: dict[str, _Named] = {}
        for name, one in named.items():
            for rest in _rests(name):
                self._found.setdefault(rest, one)

    def nearest(self, text: str) -> _Named | None:
        """Return the object with the nearest name, or None.

        Args:
            text: Any text, of any length.
        """
        found: Iterable[_Named | None] = (self._found.get(rest) for rest in _rests(text))
        return next((one for one in found if one is not None), None)


#: A letter too many or too few makes another word of a shorter name, and so does a wrong one.
_SLIP_CHARS_MIN: Final = 5
_WRONG_CHARS_MIN: Final = 7


def is_slip(text: str, name: str) -> bool:
    """Return whether a text is probably a name with a slip of the pen, and no other word, as "plan" is not "land".

    Args:
        text: The text, in lower case.
        name: The name, in lower case.
    """
    one, other = sorted((text, name), key=len)
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) == len(other):
        swapped = one[same : same + 2] == other[same : same + 2][::-1] and one[same + 2 :] == other[same + 2 :]
        return swapped or (len(one) >= _WRONG_CHARS_MIN and one[same + 1 :] == other[same + 1 :])
    doubled = same > 0 and other[same] == other[same - 1]
    return one[same:] == other[same + 1 :] and (doubled or len(one) >= _SLIP_CHARS_MIN)


def _rests(text: str) -> Iterator[str]:
    """Yield the text without separators of words, and then each form with one more character removed."""
    plain = "".join(char for char in text[: 2 * _CHARS_MAX].casefold() if char.isalnum())
    if _CHARS_MIN <= len(plain) <= _CHARS_MAX:
        yield plain
        yield from (plain[:index] + plain[index + 1 :] for index in range(len(plain)))
