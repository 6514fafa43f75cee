"""Roles: ids for the ways to show values, the same in every installation (contract, sections 13.2 and 23, 116)."""

from __future__ import annotations

from functools import cache
from typing import Final
from uuid import UUID, uuid5

#: The namespace of role ids. It must never change, because clients and databases keep the ids.
_ROLE_SPACE: Final = UUID("3f0b5a52-0f4c-5c0e-8a55-6c2d9b7f4e10")


@cache
def usual_role(wire_type: str) -> str:
    """Return the default role of a property.

    Args:
        wire_type: The wire's name of the property's type.
    """
    return str(uuid5(_ROLE_SPACE, wire_type))


#: The role of dates that are days; their values have neither a time nor an offset.
DAY_ROLE: Final = usual_role("day")
