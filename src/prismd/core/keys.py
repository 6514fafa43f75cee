"""What makes two values the same key: normalisation, comparison and hashing of de-duplication keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import Context, Decimal
from hashlib import blake2b
from typing import Final

from prismd.core.schema import Kind, Property

Keys = tuple[str, ...]

#: More digits than any stored number has, so that normalising one never rounds it.
_EXACT: Final = Context(prec=400)

_COMPARABLE: Final = (Kind.STR, Kind.TEXT, Kind.NUM, Kind.DATE, Kind.SELECT, Kind.MULTI_STR)


def is_comparable(prop: Property) -> bool:
    """Tell whether records can be told apart by a property (contract, section 19.1, 10)."""
    return prop.kind in _COMPARABLE or (prop.kind in (Kind.REF, Kind.MULTIREF) and prop.target == "contact")


def normalised(text: str, *, fold_case: bool) -> str:
    """Return a text as it is compared: NFC, without white space at its ends and, if asked, without case.

    Args:
        text: The value as stored.
        fold_case: Apply Unicode's full case folding (contract, section 19.1, 6 and 7).
    """
    if text.isascii():
        return text.strip().lower() if fold_case else text.strip()
    composed = unicodedata.normalize("NFC", text).strip()
    # Folding can undo the composition, so it is composed once more.
    return unicodedata.normalize("NFC", composed.casefold()) if fold_case else composed


class KeyRule:
    """How one property's values are compared and found.

    Args:
        object_type: The type that has the property.
        prop: A property for which :func:`is_comparable` holds.
        fold_case: Compare without regard to case.
    """

    def __init__(self, object_type: str, prop: Property, *, fold_case: bool) -> None:
        self.slug = prop.slug
        self._compared = _comparer(prop.kind, fold_case=fold_case)
        self._folded = _comparer(prop.kind, fold_case=True)
        self._prefix = f"{object_type}\0{prop.slug}\0".encode()

    def keys(self, value: object) -> Keys:
        """Return the keys of a stored value: none where it is absent or blank, several where it holds many."""
        return self._compared(value) if value is not None else ()

    def hashes(self, value: object) -> set[int]:
        """Return the 64-bit signed hashes by which a stored value is found.

        They are made of the case-folded form whatever the rule, so that one index serves both ways of comparing.
        """
        if value is None:
            return set()
        return {self._hash(key) for key in self._folded(value)}

    def _hash(self, key: str) -> int:
        digest = blake2b(self._prefix + key.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def _comparer(kind: Kind, *, fold_case: bool) -> Callable[[object], Keys]:
    def one(value: object) -> Keys:
        key = normalised(str(value), fold_case=fold_case)
        return (key,) if key else ()

    def many(value: object) -> Keys:
        assert isinstance(value, list)  # noqa: S101 - stored values have been validated by their property's type
        return tuple(dict.fromkeys(key for item in value for key in one(item)))

    def number(value: object) -> Keys:
        assert isinstance(value, int | Decimal)  # noqa: S101 - as above
        return (str(_EXACT.create_decimal(value).normalize(_EXACT)),)

    return {Kind.NUM: number, Kind.MULTI_STR: many, Kind.MULTIREF: many}.get(kind, one)
