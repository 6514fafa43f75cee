"""The names of a select property's options: resolving a text that can be an id, a label, a slug, or ambiguous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from prismd.core.ids import is_uuid
from prismd.core.properties.schema import Option
from prismd.core.records.keys import normalised
from prismd.core.wording.near_names import NearNames

_NONE: Final[tuple[Option, ...]] = ()


class Meaning(NamedTuple):
    """The option that a text names; or several rivals, if the text is ambiguous; or neither."""

    option: Option | None = None
    rivals: tuple[Option, ...] = ()


_NOTHING: Final = Meaning()


def folded(label: str) -> str:
    """Return the form of a label for comparing labels: like a key, without case and outer white space.

    Args:
        label: The label of an option, or a text that can be one.
    """
    return normalised(label, fold_case=True)


class OptionNames:
    """The names of the options of a property.

    An id takes precedence, then an exact label, then a slug, then a label in another case, if that counts.

    Args:
        options: All options, including archived ones.
        any_case: Whether a label counts regardless of case and outer white space, as in imports that create options.
    """

    def __init__(self, options: Iterable[Option], *, any_case: bool = False) -> None:
        self._any_case = any_case
        self._options = tuple(options)
        self._by_id = {option.id: option for option in self._options}
        self._by_slug = {option.slug: option for option in self._options}
        self._by_label = _grouped((option.value, option) for option in self._options)

    @cached_property
    def _by_folded(self) -> dict[str, tuple[Option, ...]]:
        # Built only if needed: with thousands of options it takes a while, and most texts are exact names.
        return _grouped((folded(option.value), option) for option in self._options)

    @cached_property
    def _near(self) -> NearNames[Option]:
        return NearNames({option.value: option for option in self._options if option.enabled})

    def meant(self, text: str) -> Meaning:
        """Return the meaning of a text."""
        by_id = self._by_id.get(text) or (self._by_id.get(text.lower()) if is_uuid(text) else None)
        if by_id is not None:
            return Meaning(by_id)
        if text in self._by_label:
            return _one_of(self._by_label[text])
        if text in self._by_slug:
            return Meaning(self._by_slug[text])
        return self.meant_by_case(text) if self._any_case else _NOTHING

    def meant_by_case(self, text: str) -> Meaning:
        """Return the meaning of a text that is no exact name of an option."""
        key = folded(text)
        by_slug, by_label = self._by_slug.get(key), self._by_folded.get(key, _NONE)
        if by_slug is None or by_slug in by_label:
            return _one_of(by_label)
        # The text names a label, or would become a new one, but is also the slug of another option: ambiguous.
        return Meaning(rivals=(*by_label, by_slug))

    def exact(self) -> dict[str, str]:
        """Return ids of options by all texts that are exact names of one option."""
        labels = {label: found[0].id for label, found in self._by_label.items() if len(found) == 1}
        slugs = {slug: option.id for slug, option in self._by_slug.items() if slug not in self._by_label}
        return slugs | labels | {option_id: option_id for option_id in self._by_id}

    def labelled(self, label: str) -> Option | None:
        """Return an option with the same label, ignoring case; None if there is none."""
        return next(iter(self._by_folded.get(folded(label), _NONE)), None)

    def nearest(self, text: str) -> Option | None:
        """Return the option whose label is nearest to a misspelt text; archived options do not count."""
        return self._near.nearest(text)

    def with_slug(self, slug: str) -> Option | None:
        """Return the option with a slug; None if there is none."""
        return self._by_slug.get(slug)

    @property
    def taken(self) -> Mapping[str, object]:
        """The slugs that new options cannot have: existing slugs, and labels in their form for comparison."""
        return {**self._by_folded, **self._by_slug}


def _grouped(named: Iterable[tuple[str, Option]]) -> dict[str, tuple[Option, ...]]:
    found: dict[str, list[Option]] = {}
    for name, option in named:
        found.setdefault(name, []).append(option)
    return {name: tuple(options) for name, options in found.items()}


def _one_of(found: tuple[Option, ...]) -> Meaning:
    return Meaning(found[0]) if len(found) == 1 else Meaning(rivals=found)
