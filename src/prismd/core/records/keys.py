"""Record keys: normalising, comparing and hashing the values that identify records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from hashlib import blake2b
from typing import Any, Final

from prismd.core.properties.schema import Kind, Property
from prismd.core.values.blanks import trimmed
from prismd.core.values.composing import composed
from prismd.core.values.dates import comparable_date

Keys = tuple[str, ...]
Hashes = tuple[int, ...]

#: Precision for normalising numbers: more digits than any stored number has, so nothing is rounded.
_EXACT: Final = Context(prec=400)

_COMPARABLE: Final = (Kind.STR, Kind.TEXT, Kind.NUM, Kind.DATE, Kind.SELECT, Kind.MULTI_STR)


def is_comparable(prop: Property) -> bool:
    """Return whether a property can identify records (contract, section 19.1, 10)."""
    by_address = prop.kind in (Kind.REF, Kind.MULTIREF) and prop.target == "contact"
    # Values that only the server sets are stored outside of the record's properties, and get no keys.
    return not prop.read_only and (prop.kind in _COMPARABLE or by_address)


def normalised(text: str, *, fold_case: bool) -> str:
    """Return the form of a text for comparison: NFC, without invisible characters at its ends, and caseless if asked.

    Args:
        text: The value as stored.
        fold_case: Whether to apply Unicode's full case folding (contract, section 19.1, 6 and 7).
    """
    if text.isascii():
        return text.strip().lower() if fold_case else text.strip()
    plain = trimmed(composed(text))
    # Case folding can decompose characters, so compose once more.
    return composed(plain.casefold()) if fold_case else plain


class KeyRule:
    """The comparison of one property's values, and their hashes for look-ups.

    Args:
        object_type: The type that has the property.
        prop: A property that :func:`is_comparable` accepts.
        fold_case: Whether the comparison ignores case.
    """

    def __init__(self, object_type: str, prop: Property, *, fold_case: bool) -> None:
        self.prop = prop
        self.slug = prop.slug
        #: Key under which records store the values to compare.
        self.key = prop.key
        self._values = _as_texts(prop)
        self._as_stored = prop.kind is not Kind.DATE
        self._fold_case = fold_case
        # The common start of all keys is hashed once; each key continues with a copy.
        number = "number\0" if prop.kind is Kind.NUM else ""  # up to schema 0003 without, and made of rounded ones
        self._begun = blake2b(f"{object_type}\0{prop.key}\0{number}".encode(), digest_size=8)

    def keys(self, value: object) -> Keys:
        """Return the keys of a stored value: none if it is absent or blank, several if it holds several values."""
        if value is None:
            return ()
        if type(value) is str and self._as_stored:
            key = normalised(value, fold_case=self._fold_case)
            return (key,) if key else ()
        texts = (normalised(text, fold_case=self._fold_case) for text in self._values(value))
        return tuple(dict.fromkeys(text for text in texts if text))

    def keys_and_hashes(self, value: object) -> tuple[Keys, Hashes]:
        """Return keys and hashes; for a text, this takes little longer than either alone."""
        if type(value) is not str or not self._as_stored:
            return self.keys(value), self.hashes(value)
        folded = normalised(value, fold_case=True)
        if not folded:
            return (), ()
        key = folded if self._fold_case or folded == value else normalised(value, fold_case=False)
        return (key,), (self._hash(folded),)

    def hashes(self, value: object) -> Hashes:
        """Return the 64-bit signed hashes of a stored value.

        Hashes ignore case under every rule, so that one index serves both ways of comparing.
        """
        if value is None:
            return ()
        texts = (value,) if type(value) is str and self._as_stored else self._values(value)
        keys = dict.fromkeys(normalised(text, fold_case=True) for text in texts)
        return tuple(self._hash(key) for key in keys if key)

    def _hash(self, key: str) -> int:
        begun = self._begun.copy()
        begun.update(key.encode())
        return int.from_bytes(begun.digest(), "big", signed=True)


def _as_texts(prop: Property) -> Callable[[Any], Sequence[str]]:
    def number(value: int | Decimal) -> Sequence[str]:
        return (str(_EXACT.create_decimal(value).normalize(_EXACT)),)

    def flag(value: bool) -> Sequence[str]:  # noqa: FBT001 - the value itself
        return ("true" if value else "false",)

    def moment(value: str) -> Sequence[str]:
        return (comparable_date(value, day=prop.holds_days),)

    def many(values: list[str]) -> Sequence[str]:
        return values

    forms: dict[Kind, Callable[[Any], Sequence[str]]] = {Kind.NUM: number, Kind.BOOL: flag, Kind.DATE: moment}
    return forms.get(prop.kind, many)
