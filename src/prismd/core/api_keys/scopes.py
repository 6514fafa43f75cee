"""Scopes of API keys: the rights of a key, for all object types or one, and the refusal for a missing scope."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

from prismd.core.errors import PrismdError
from prismd.core.properties.schema import OBJECT_TYPES
from prismd.core.wording.quoting import nearest, quoted


class Scope(enum.StrEnum):
    """A right of a key to a team's data."""

    READ = "read"
    WRITE = "write"
    IMPORT = "import"
    ADMIN = "admin"


#: Separates a scope from the object type that it is limited to.
_OF: Final = ":"

#: All texts of scopes.
KNOWN: Final = (*Scope, *(f"{scope}{_OF}{object_type}" for scope in Scope for object_type in OBJECT_TYPES))


class UnknownScopeError(ValueError):
    """A text is no scope; the message names it and lists the scopes."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of one key.

    Args:
        granted: Texts of :data:`KNOWN`: a plain scope applies to all object types, ``read:contact`` to one.
    """

    granted: frozenset[str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Return the scopes that texts name.

        Raises:
            UnknownScopeError: A text is no scope, or no text is given.
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
        """Return whether a scope is granted.

        Args:
            scope: The needed scope.
            object_type: The type of the records; None means all types.
        """
        return scope in self.granted or (object_type is not None and f"{scope}{_OF}{object_type}" in self.granted)

    def allow_some(self, scopes: Collection[Scope]) -> bool:
        """Return whether one of some scopes is granted for at least one object type."""
        return any(text.partition(_OF)[0] in scopes for text in self.granted)

    def require(self, scopes: Collection[Scope], object_type: str | None, why: str = "") -> None:
        """Refuse unless one of some scopes is granted.

        Args:
            scopes: The scopes; one of them is enough.
            object_type: The type of the records; None means all types.
            why: The end of the error's sentence, if the route alone does not explain it.

        Raises:
            PrismdError: ``missing_scope``.
        """
        if not any(self.allow(scope, object_type) for scope in scopes):
            raise missing_scope(scopes, object_type, why)

    def _tells(self, text: str) -> bool:
        scope, _, object_type = text.partition(_OF)
        return not object_type or scope not in self.granted


#: The scopes of a key by default.
ALL: Final = Scopes(frozenset(Scope))


def missing_scope(scopes: Collection[Scope], object_type: str | None, why: str = "") -> PrismdError:
    """Return the error for a missing scope.

    Args:
        scopes: The scopes of which one would be enough.
        object_type: The type of the records; None means all types.
        why: The end of the error's sentence.
    """
    texts = [scope if object_type is None else f"{scope}{_OF}{object_type}" for scope in scopes]
    words = " or ".join(quoted(text) for text in texts)
    reach = " for all object types" if object_type is None else ""
    message = (
        f"the API key lacks the scope {words}{reach}{why}: use a key that has it, or have one made with "
        f"`prismd keys create --scope {texts[0]}`"
    )
    return PrismdError("missing_scope", message, details={"missing_scope": texts[0]})
