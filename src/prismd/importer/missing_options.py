"""The values of select properties that are no options yet, found before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from prismd.core.mapping.targets import SELECT_TYPES, Targets
from prismd.core.wording.quoting import quoted
from prismd.files.rows import FileRow
from prismd.importer.row_keys import part_decoder

#: The most values of a property that are remembered and shown.
_VALUES_MAX: Final = 1_000
_SHOWN_MAX: Final = 5


@dataclass(slots=True)
class MissingOptions:
    """Collects values that are no options.

    Args:
        targets: The properties that the rows write.
    """

    targets: Targets
    _known: dict[str, tuple[str, set[str]]] = field(init=False)
    _decode: Callable[[bytes], Any] = field(init=False)
    _missing: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Prepare the names of the options."""
        selects = [(slug, target) for slug, target in self.targets.items() if target.type in SELECT_TYPES]
        self._known = {f"option_{n}": (slug, set(target.options)) for n, (slug, target) in enumerate(selects)}
        self._decode = part_decoder((name, slug) for name, (slug, _) in self._known.items())

    def look(self, row: FileRow) -> None:
        """Look at the values of a row."""
        if not self._known or row.wire is None:
            return
        values = self._decode(row.wire).default
        for name, (slug, known) in self._known.items():
            value = getattr(values, name)
            if value is msgspec.UNSET or (type(value) is str and value in known):
                continue
            for text in texts_of(value):
                if text.strip() not in known:
                    found = self._missing.setdefault(slug, {})
                    if text in found or len(found) < _VALUES_MAX:
                        found[text] = found.get(text, 0) + 1

    @property
    def found(self) -> bool:
        """Whether any value is no option."""
        return bool(self._missing)

    @property
    def properties(self) -> frozenset[str]:
        """The slugs of the properties that lack options."""
        return frozenset(self._missing)

    def sentences(self) -> Iterator[str]:
        """Yield a sentence for each property that lacks options."""
        for slug, found in self._missing.items():
            shown = ", ".join(map(quoted, list(found)[:_SHOWN_MAX]))
            more = f" and {len(found) - _SHOWN_MAX} more" if len(found) > _SHOWN_MAX else ""
            yield f"The property {quoted(slug)} lacks the options {shown}{more}."


def texts_of(value: object) -> list[str]:
    """Return the texts of a value as it is sent: one, several, or several to be added.

    Args:
        value: Of a select property.
    """
    if isinstance(value, dict):
        value = value.get("values")
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
