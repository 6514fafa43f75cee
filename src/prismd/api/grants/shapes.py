"""The public shape of grants (contract, section 12)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Struct

from prismd.core.grants import ID_CHARS_MAX, LEVELS, Grant
from prismd.core.json.shapes import in_force, member, nullable

_LEVEL: Final = {"type": "string", "enum": list(LEVELS)}
_LEVELS: Final = {
    "type": "object",
    "propertyNames": {"minLength": 1, "maxLength": ID_CHARS_MAX},
    "additionalProperties": _LEVEL,
}
_SPLIT_LEVELS: Final = {"type": "array", "items": {**_LEVELS, "minProperties": 1}}
_AT_MOST: Final = f"At most {in_force('grant_ids_max')} ids in all groups together."
_Level = Literal["r", "w", "a"]


class GrantBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grant to put; a group that is left out is empty.

    The core says what is wrong with a group, and where, so the type takes anything there.
    """

    team_id: Annotated[Any, member(f"Levels by team. {_AT_MOST}", schema=nullable(_LEVELS))] = None
    team_group_id: Annotated[Any, member("Levels by group of the team.", schema=nullable(_SPLIT_LEVELS))] = None
    user_id: Annotated[Any, member("Levels by person.", schema=nullable(_SPLIT_LEVELS))] = None


class RecordGrant(Struct, frozen=True, kw_only=True):
    """Who may do what with a record, as it was last put."""

    team_id: dict[str, _Level]
    team_group_id: list[dict[str, _Level]]
    user_id: list[dict[str, _Level]]


def shown_grant(grant: Grant) -> dict[str, Any]:
    """Return a grant as clients see it, with the members of :class:`RecordGrant`."""
    return {"team_id": grant.team_id, "team_group_id": grant.team_group_id, "user_id": grant.user_id}
