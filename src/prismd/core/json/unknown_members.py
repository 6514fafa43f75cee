"""Unknown members of a request: they are refused with a hint at the right name, and never ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import nearest, quoted

#: Advice for an unknown member of a record or a row.
IN_DEFAULT: Final = 'put property values inside "default"'

_NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})


def refuse_unknown(
    names: Iterable[str],
    known: Collection[str],
    field: str,
    whose: str,
    otherwise: str = "",
    *,
    misplaced: Mapping[str, str] = _NOWHERE,
) -> None:
    """Refuse unknown members, because a misspelt or misplaced member would otherwise be lost.

    Args:
        names: The names of the members that were sent.
        known: The known names.
        field: Path of the object in the request, such as ``.body``.
        whose: Name of the object for the start of a sentence, such as ``a record``.
        otherwise: Advice for a name that is like no known one, such as ``put property values inside "default"``.
        misplaced: Advice for members that belong elsewhere, by name.

    Raises:
        PrismdError: ``invalid_request``, with the path of the first unknown member.
    """
    for name in names:
        if name not in known:
            advice = misplaced.get(name)
            message = no_field(name, known if advice is None else (), whose, otherwise if advice is None else advice)
            raise PrismdError.invalid(f"{field}.{quoted(name)[1:-1]}", message, "additionalProperties")


def no_field(name: str, known: Collection[str], whose: str, otherwise: str = "") -> str:
    """Return the sentence about an unknown member, with advice.

    Args:
        name: Name of the member.
        known: The known names.
        whose: Name of the object for the start of the sentence.
        otherwise: Advice for a name that is like no known one.
    """
    # A near miss of a known name beats advice about all other names.
    hint = nearest(name, known) or (f"; {otherwise}" if otherwise else "")
    if not hint:
        hint = f" (known: {', '.join(known)})" if known else "; leave it out"
    return f"{whose} has no field {quoted(name)}{hint}"
