"""What programs and people call the properties: our own list, read once, with the language of each name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from prismd.core.mapping.names import name_key, name_words
from prismd.core.mapping.qualifiers import without_small
from prismd.core.wording.near_names import NearNames

_FILE: Final = "synonyms.toml"
_EVERY: Final = "all"


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that columns hold, by whatever name.

    Args:
        name: As the list calls it.
        slugs: The property for it, by object type.
        weak: Whether its names have other meanings, too.
        doubt: Why it is asked about even if no other column is meant; empty where it is not.
    """

    name: str
    slugs: Mapping[str, str]
    weak: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name means.

    Args:
        concept: The concept.
        name: The name as the list has it.
        language: Its code, as in ``de``; None for a name of every language.
    """

    concept: Concept
    name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Synonyms:
    """The list.

    Args:
        by_key: The meanings of each name.
        near: Names by those that are misspelt.
    """

    by_key: Mapping[str, tuple[Meaning, ...]]
    near: NearNames[tuple[Meaning, ...]]


@cache
def synonyms() -> Synonyms:
    """Return the list, which is read once."""
    text = files(__package__).joinpath(_FILE).read_text(encoding="utf-8")
    by_key: dict[str, list[Meaning]] = {}
    for name, entry in tomllib.loads(text).items():
        concept = Concept(name, entry.pop("to"), weak=entry.pop("weak", False), doubt=entry.pop("doubt", ""))
        for language, names in entry.items():
            for one in names.split(" | "):
                meaning = Meaning(concept, one, None if language == _EVERY else language)
                # Small words are left out of names that say what the rows are, so they are here, too.
                for key in dict.fromkeys((name_key(one), "".join(without_small(name_words(one))))):
                    known = by_key.setdefault(key, [])
                    if all((other.concept, other.language) != (concept, meaning.language) for other in known):
                        known.append(meaning)
    found = {key: tuple(meanings) for key, meanings in by_key.items()}
    return Synonyms(found, NearNames(found))
