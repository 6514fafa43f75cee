"""The public shape of grants (contract, section 12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from prismd.core.grants import ID_CHARS_MAX, Grant

_Level = Annotated[Literal["r", "w", "a"], Meta(description="Read, write, or all.")]
_Id = Annotated[str, Meta(min_length=1, max_length=ID_CHARS_MAX)]
_Some = Annotated[dict[_Id, _Level], Meta(min_length=1)]


class GrantSent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grant as it arrives; the core reports what is wrong with it, and in which field."""

    team_id: Any = None
    team_group_id: Any = None
    user_id: Any = None


class GrantBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grant to put; a group that is left out is empty."""

    team_id: Annotated[dict[_Id, _Level], Meta(description="Levels by team.")] | None = None
    team_group_id: Annotated[list[_Some], Meta(description="Levels by group of the team.")] | None = None
    user_id: Annotated[list[_Some], Meta(description="Levels by person.")] | None = None


class RecordGrant(Struct, frozen=True, kw_only=True):
    """Who may do what with a record, as it was last put."""

    team_id: dict[str, _Level]
    team_group_id: list[dict[str, _Level]]
    user_id: list[dict[str, _Level]]


def shown_grant(grant: Grant) -> dict[str, Any]:
    """Return a grant as clients see it, with the members of :class:`RecordGrant`."""
    return {"team_id": grant.team_id, "team_group_id": grant.team_group_id, "user_id": grant.user_id}
