"""References by key: an object that names a record by the value of one of its properties, instead of its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from prismd.core.values.errors import InvalidValueError, found, text_problem
from prismd.core.wording.quoting import quoted

#: Begins the names of members that are no slugs; no slug begins with it.
_OTHERWISE: Final = "_"


@dataclass(frozen=True, slots=True)
class KeyReference:
    """A record, named by the value of one of its properties.

    Args:
        slug: Slug of a property of the referenced type; whether there is one is known only at the look-up.
        value: The property's value, exactly as the caller sent it.
        shown: The reference for a sentence.
    """

    slug: str
    value: str | int | Decimal
    shown: str = field(compare=False)


def key_reference(slug: str, sent: Mapping[str, Any], chars_max: int) -> KeyReference:
    """Return the reference that an object stands for.

    Args:
        slug: Slug of the property that holds the reference.
        sent: The object, exactly as the caller sent it; it has no ``id``.
        chars_max: Maximum length of a text, in characters.

    Raises:
        InvalidValueError: The object does not name exactly one property and its value.
    """
    if len(sent) != 1 or next(iter(sent)).startswith(_OTHERWISE):
        expected = 'a reference by key names one property, such as {"primary_domain": "acme.org"}'
        names = ", ".join(quoted(name) for name in list(sent)[:_NAMES_SHOWN])
        raise InvalidValueError(f"`{slug}` {_HAS.format(len(sent))}{f' ({names})' if names else ''}; {expected}")
    [(key, value)] = sent.items()
    where = f"`{slug}.{quoted(key)[1:-1]}`"
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise InvalidValueError(f"{where} must be a text or a number, not {found(value)}")
    if isinstance(value, str) and (problem := text_problem(value, chars_max)) is not None:
        raise InvalidValueError(f"{where} cannot be {found(value)}: {problem}")
    return KeyReference(key, value, f"{quoted(key)[1:-1]} {quoted(value) if isinstance(value, str) else value}")


_NAMES_SHOWN: Final = 3
_HAS: Final = "cannot refer to a record by an object of {} members"
