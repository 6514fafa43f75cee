"""What an API key may do: scopes, each of all object types or of one, and the refusal where one is missing."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.wording.quoting import nearest, quoted


class Scope(enum.StrEnum):
    """What a key may do with a team's data."""

    READ = "read"
    WRITE = "write"
    IMPORT = "import"
    ADMIN = "admin"


#: Between a scope and the object type that it is limited to.
_OF: Final = ":"

#: Every text that stands for a scope.
KNOWN: Final = (*Scope, *(f"{scope}{_OF}{object_type}" for scope in Scope for object_type in OBJECT_TYPES))


class UnknownScopeError(ValueError):
    """A text stands for no scope; the message says which and what there is."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """What one key may do.

    Args:
        granted: Texts of :data:`KNOWN`: a scope alone holds for all object types, ``read:contact`` for one.
    """

    granted: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Return the scopes that texts stand for.

        Raises:
            UnknownScopeError: One stands for none, or there is none at all.
        """
        granted = frozenset(texts)
        for text in sorted(granted):
            if text not in KNOWN:
                types = ", ".join(OBJECT_TYPES)
                raise UnknownScopeError(
                    f"there is no scope {quoted(text)}{nearest(text, KNOWN)} (known: {', '.join(Scope)}, each alone or "
                    f"with an object type, such as read:contact; types: {types})"
                )
        if not granted:
            raise UnknownScopeError(f"a key without scopes may do nothing: name one of {', '.join(Scope)}")
        return cls(granted)

    def texts(self) -> list[str]:
        """Return the scopes as texts, those of all types first, each once."""
        return [text for text in KNOWN if text in self.granted and self._tells(text)]

    def allow(self, scope: Scope, object_type: str | None) -> bool:
        """Tell whether something may be done.

        Args:
            scope: What is needed.
            object_type: With which records; None means those of all types.
        """
        return scope in self.granted or (object_type is not None and f"{scope}{_OF}{object_type}" in self.granted)

    def allow_some(self, scopes: Collection[Scope]) -> bool:
        """Tell whether one of some scopes is granted for one object type at least."""
        return any(text.partition(_OF)[0] in scopes for text in self.granted)

    def require(self, scopes: Collection[Scope], object_type: str | None, why: str = "") -> None:
        """See to it that one of some scopes is granted.

        Args:
            scopes: Each of which is enough.
            object_type: With which records; None means those of all types.
            why: What it is needed for, as the end of a sentence, where the route alone does not tell.

        Raises:
            PrismdError: ``missing_scope``.
        """
        if not any(self.allow(scope, object_type) for scope in scopes):
            raise missing_scope(scopes, object_type, why)

    def _tells(self, text: str) -> bool:
        scope, _, object_type = text.partition(_OF)
        return not object_type or scope not in self.granted


#: What a key may do unless somebody says otherwise.
ALL: Final = Scopes(frozenset(Scope))


def missing_scope(scopes: Collection[Scope], object_type: str | None, why: str = "") -> PrismdError:
    """Return the refusal of what a key may not do.

    Args:
        scopes: Each of which would be enough.
        object_type: With which records; None means those of all types.
        why: What it is needed for, as the end of a sentence.
    """
    texts = [scope if object_type is None else f"{scope}{_OF}{object_type}" for scope in scopes]
    words = " or ".join(quoted(text) for text in texts)
    reach = " for all object types" if object_type is None else ""
    message = (
        f"the API key lacks the scope {words}{reach}{why}: use a key that has it, or have one made with "
        f"`prismd keys create --scope {texts[0]}`"
    )
    return PrismdError("missing_scope", message, details={"missing_scope": texts[0]})
