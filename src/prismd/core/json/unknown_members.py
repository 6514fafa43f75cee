"""Members of a request that mean nothing where they stand: refused, with what was meant, and never ignored."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from prismd.core.errors import PrismdError
from prismd.core.wording.quoting import nearest, quoted

#: What to do about a name that a record, or a row, does not have beside its values.
IN_DEFAULT: Final = 'put property values inside "default"'

_NOWHERE: Final[Mapping[str, str]] = MappingProxyType({})


def refuse_unknown(
    names: Iterable[str],
    known: Collection[str],
    field: str,
    whose: str,
    otherwise: str = "",
    *,
    places: Mapping[str, str] = _NOWHERE,
) -> None:
    """Refuse members that are not known: what is misspelt or misplaced would otherwise be left out unseen.

    Args:
        names: Of the members that were sent.
        known: Those that mean something.
        field: Where they stand in the request, such as ``.body``.
        whose: What has them, as a sentence begins, such as ``a record``.
        otherwise: What to do about a name that is like none of them, such as ``put property values inside "default"``.
        places: What to do about members that are known elsewhere, by name.

    Raises:
        PrismdError: ``invalid_request``, with the path of the first member at fault.
    """
    for name in names:
        if name not in known:
            misplaced = name in places
            message = no_field(name, () if misplaced else known, whose, places[name] if misplaced else otherwise)
            raise PrismdError.invalid(f"{field}.{quoted(name)[1:-1]}", message, "additionalProperties")


def no_field(name: str, known: Collection[str], whose: str, otherwise: str = "") -> str:
    """Return the sentence that says that a member means nothing, and what to do.

    Args:
        name: Of the member.
        known: Those that mean something.
        whose: What has them, as a sentence begins.
        otherwise: What to do about a name that is like none of them.
    """
    # A near miss of a known name beats advice about all other names.
    hint = nearest(name, known) or (f"; {otherwise}" if otherwise else "")
    if not hint:
        hint = f" (known: {', '.join(known)})" if known else "; leave it out"
    return f"{whose} has no field {quoted(name)}{hint}"
