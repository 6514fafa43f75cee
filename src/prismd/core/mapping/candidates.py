"""What the name of a column says: the properties that it may mean, each with its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from prismd.core.mapping.names import name_key, name_words
from prismd.core.mapping.qualifiers import rank_of, unqualified, without_object
from prismd.core.mapping.synonyms import Meaning, synonyms
from prismd.core.mapping.targets import Target, Targets
from prismd.core.wording.near_names import is_slip
from prismd.core.wording.quoting import quoted

#: How sure each kind of evidence is; at least :data:`SURE` is taken without asking.
EXACT: Final = 0.99
SYNONYM: Final = 0.96
WEAK: Final = 0.92
SURE: Final = 0.9
LIKELY: Final = 0.7
MISSPELT: Final = 0.5
OTHER_WORDS: Final = 0.45
CONTENT: Final = 0.4

#: Concepts of which people have several: numbers and words such as "work" only tell them apart.
_SEVERAL: Final = (
    "email", "phone", "city", "state", "country", "zip_code", "address_1", "address_2", "website", "linkedin",
    "photo_url",
)  # fmt: skip
#: What people are in an organization, and the types that are people.
_PLACES: Final = ("job_title", "department")
_PERSONS: Final = ("contact", "identity")
#: Concepts that come second where another has the same property: a web address may be that of one page.
_SECOND: Final = ("website",)
_LANGUAGES: Final = {
    "cs": "Czech", "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French",
    "hu": "Hungarian", "it": "Italian", "ja": "Japanese", "nb": "Norwegian", "nl": "Dutch", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "tr": "Turkish", "uk": "Ukrainian",
    "zh": "Chinese",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A property that a column may mean.

    Args:
        slug: Of the property.
        confidence: From 0 to 1.
        reason: In words, as a sentence without its end.
        weak: Whether the name has other meanings, too.
        rank: Of several columns for one property, that of the least rank is the first choice.
        concept: What the column holds, where a synonym says so.
        asks: Why the candidate is not to be taken without asking; empty where nothing speaks against it.
    """

    slug: str
    confidence: float
    reason: str
    weak: bool = False
    rank: int = 0
    concept: str = ""
    asks: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether it can be taken without asking, as far as the column alone says."""
        return self.confidence >= SURE and not self.asks

    def doubted(self, why: str, at_most: float = LIKELY) -> Candidate:
        """Return it as one that must be asked about.

        Args:
            why: As a clause for the end of the reason.
            at_most: How sure it can still be.
        """
        return replace(self, confidence=min(self.confidence, at_most), reason=f"{self.reason}, but {why}", asks=why)


class NamedCandidates:
    """The candidates of all columns of a table by their names.

    Args:
        names: Of all columns, empty where one has none.
        targets: The team's properties of the object type.
        object_type: What the rows are.
    """

    def __init__(self, names: Sequence[str], targets: Targets, object_type: str) -> None:
        self._targets, self._type = targets, object_type
        self._own = _by_key(targets)
        self._called = _by_concept(targets)
        words = [name_words(name) for name in names]
        meanings = [self._meanings(name_key(name), of_name) for name, of_name in zip(names, words, strict=True)]
        self._votes = Counter(one.language for found in meanings if len(found) == 1 for one in found if one.language)
        ranked = [self._by_language(found) for found in meanings]
        chosen = [found[0] if found else None for found in ranked]
        #: What each column holds, whether or not there is a property for it; "" where that is not known.
        self.concepts = tuple(one.concept.name if one else "" for one in chosen)
        concepts = Counter(one.concept.name for one in chosen if one)
        self.all = [
            list(self._of(name, of_name, found, concepts))
            for name, of_name, found in zip(names, words, ranked, strict=True)
        ]

    def _meanings(self, key: str, words: tuple[str, ...]) -> tuple[Meaning, ...]:
        """Return what a name can mean: as it is, or without words that say what the rows are, or tell several apart."""
        known = synonyms()
        found = known.by_key.get(key, ())
        if found or not words:
            return found
        inner = without_object(words, self._type)
        for shorter, several in (("".join(inner), False), (unqualified(words), True), (unqualified(inner), True)):
            found = known.by_key.get(shorter, ())
            found = tuple(one for one in found if not several or one.concept.name in _SEVERAL)
            if found:
                return found
        # What stands behind a person's organization is the person's place in it, but for the name.
        inner = without_object(words, "organization") if self._type in _PERSONS else ()
        found = known.by_key.get(unqualified(inner), ()) if len(inner) < len(words) else ()
        return tuple(one for one in found if one.concept.name in _PLACES)

    def _by_language(self, found: tuple[Meaning, ...]) -> list[Meaning]:
        """Return the meanings, those in the language that most other columns have first."""
        return sorted(found, key=lambda one: (-self._votes[one.language or ""], one.concept.weak))

    def _of(
        self, name: str, words: tuple[str, ...], meanings: Sequence[Meaning], concepts: Mapping[str, int]
    ) -> Iterator[Candidate]:
        key, own = name_key(name), self._own.get(name_key(name))
        if not meanings:
            rank = rank_of(words)
            yield from [Candidate(*own, rank=rank)] if own else self._misspelt(key, rank)
            return
        meaning = meanings[0]
        weak, concept = meaning.concept.weak, meaning.concept.name
        rank = rank_of(words) + (concept in _SECOND)
        if (person := self._part_of_name(meaning, concepts)) is not None:
            slug, why = person
            asks = "it may be the whole name" if own else ""
            yield Candidate(slug, WEAK, why, rank=rank, concept=slug, asks=asks)
        if own is not None:
            slug, _, reason = own
            yield Candidate(slug, WEAK if weak else EXACT, reason, weak, rank, concept)
        else:
            yield from self._of_concept(meaning, rank)
        yield from self._said(meanings, rank)

    def _said(self, meanings: Sequence[Meaning], rank: int) -> Iterator[Candidate]:
        """Yield the properties that a synonym is a name for; where it is one for several, they are in doubt."""
        votes = [self._votes[one.language or ""] for one in meanings]
        alike = {
            self._slug(one) or one.concept.name for one, vote in zip(meanings, votes, strict=True) if vote == votes[0]
        }
        for position, one in enumerate(meanings):
            slug, weak = self._slug(one), one.concept.weak
            if not slug:
                continue
            asks = one.concept.doubt
            confidence = WEAK if weak else SYNONYM
            if len(alike) > 1 or position:
                asks = f"it has other meanings: {', '.join(sorted(alike - {slug}))}"
                confidence = LIKELY - min(position, 9) / 100
            yield Candidate(slug, confidence, _reason(one, slug), weak, rank, one.concept.name, asks)

    def _slug(self, meaning: Meaning) -> str:
        """Return the property for what a name means, or an empty text where there is none."""
        slug = meaning.concept.slugs.get(self._type, "")
        return slug if slug in self._targets else ""

    def _part_of_name(self, meaning: Meaning | None, concepts: Mapping[str, int]) -> tuple[str, str] | None:
        """Return the part of a person's name that a name alone is, beside a column with the other part."""
        if meaning is None or meaning.concept.name != "any_name":
            return None
        for slug, other in (("last_name", "first_name"), ("first_name", "last_name")):
            if slug in self._targets and other in concepts and slug not in concepts:
                words = other.replace("_", " ")
                return slug, f"{quoted(meaning.name)} stands beside a column of the {words}"
        return None

    def _of_concept(self, meaning: Meaning, rank: int) -> Iterator[Candidate]:
        """Yield properties of the team's own that are called by another name of the same concept."""
        if self._slug(meaning):
            return
        for slug, text in self._called[meaning.concept.name]:
            reason = f"{quoted(meaning.name)} and the property's {quoted(text)} are names for the same"
            yield Candidate(slug, LIKELY, reason, rank=rank, concept=meaning.concept.name, asks="names differ")

    def _misspelt(self, key: str, rank: int) -> Iterator[Candidate]:
        for meaning in synonyms().near.nearest(key) or ():
            slug = meaning.concept.slugs.get(self._type, "")
            if slug in self._targets and is_slip(key, name_key(meaning.name)):
                reason = f"the name is nearly {quoted(meaning.name)}"
                yield Candidate(slug, MISSPELT, reason, rank=rank, concept=meaning.concept.name, asks="it is misspelt")


def _by_concept(targets: Mapping[str, Target]) -> dict[str, list[tuple[str, str]]]:
    """Return the properties that can be written by the concepts that their names or slugs mean, with that text."""
    found = defaultdict[str, list[tuple[str, str]]](list)
    for slug, target in targets.items():
        texts = () if target.read_only else (target.name, slug)
        meant = {one.concept.name: text for text in texts for one in synonyms().by_key.get(name_key(text), ())}
        for concept, text in meant.items():
            found[concept].append((slug, text))
    return found


def _by_key(targets: Mapping[str, Target]) -> dict[str, tuple[str, float, str]]:
    """Return the properties that can be written by the keys of their names and slugs, with the reason of a match."""
    found: dict[str, tuple[str, float, str]] = {}
    writable = {slug: target for slug, target in targets.items() if not target.read_only}
    for slug, target in writable.items():
        if target.name:
            found.setdefault(name_key(target.name), (slug, EXACT, f"the property is called {quoted(target.name)}"))
    return found | {name_key(slug): (slug, EXACT, f"the property's slug is {quoted(slug)}") for slug in writable}


def _reason(meaning: Meaning, slug: str) -> str:
    language = _LANGUAGES.get(meaning.language or "", "")
    return f"{quoted(meaning.name)} is{f' {language},' if language else ''} a name for {quoted(slug)}"
