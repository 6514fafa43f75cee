"""Words in the names of columns that tell several alike apart, or that say what the rows are about anyway."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from prismd.core.mapping.names import name_words

_FILE: Final = "qualifiers.toml"

#: The least rank of a second, third or further column of a kind.
_NUMBERED: Final = 10
_NONE: Final[frozenset[str]] = frozenset()


class Qualifiers(NamedTuple):
    """The words, as keys.

    Args:
        ranks: Those that tell columns apart, with their rank.
        small: Those that say nothing, such as articles.
        objects: Those that say what rows are, by object type.
    """

    ranks: Mapping[str, int]
    small: frozenset[str]
    objects: Mapping[str, frozenset[str]]


@cache
def qualifiers() -> Qualifiers:
    """Return the words, which are read once."""
    read = tomllib.loads(files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))
    ranks = {key: rank for rank, words in enumerate(read["ranks"]) for key in _keys(words)}
    return Qualifiers(ranks, _keys(read["small"]), {name: _keys(words) for name, words in read["objects"].items()})


def _keys(words: str) -> frozenset[str]:
    return frozenset(key for word in words.split() for key in name_words(word))


def rank_of(words: tuple[str, ...]) -> int:
    """Return the rank of a column among those that could have one property; the least comes first.

    Args:
        words: Of its name.
    """
    ranks = qualifiers().ranks
    numbers = [int(word) for word in words if word.isdecimal() and len(word) <= len("99")]
    later = _NUMBERED + numbers[0] if numbers and numbers[0] > 1 else 0
    return later + max((ranks[word] for word in words if word in ranks), default=0)


def unqualified(words: tuple[str, ...]) -> str:
    """Return the key of a name without numbers and words such as "work" and "home".

    Args:
        words: Of the name.
    """
    ranks = qualifiers().ranks
    return "".join(word for word in words if word not in ranks and not word.isdecimal())


def without_object(words: tuple[str, ...], object_type: str) -> tuple[str, ...]:
    """Return the words of a name without those that say what the rows are, as in "contact name", and small ones.

    Args:
        words: Of the name.
        object_type: What the rows are.
    """
    objects = qualifiers().objects.get(object_type, _NONE)
    return without_small(tuple(word for word in words if word not in objects))


def without_small(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a name without those that say nothing, such as articles.

    Args:
        words: Of the name.
    """
    small = qualifiers().small
    return tuple(word for word in words if word not in small)
