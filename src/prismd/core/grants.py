"""Grants: who can do what with a record; clients set them (contract, section 12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.values.errors import found, text_problem
from prismd.core.wording.quoting import quoted

#: The types whose records have grants.
GRANTED_TYPES: Final = ("deal", "action", "document", "engagement", "event")
#: The levels: read, write, and all.
LEVELS: Final = ("r", "w", "a")
ID_CHARS_MAX: Final = 255

#: Levels by the id of a team, group or person.
Levels = dict[str, str]

_EXPECTED: Final = "expected an object of ids and levels"


@dataclass(frozen=True, slots=True)
class Grant:
    """A record's grant; its fields have the contract's names.

    Args:
        team_id: Levels by id of a team.
        team_group_id: Levels by id of a team's group, in objects exactly as the client divided them.
        user_id: Levels by id of a person, in objects exactly as the client divided them.
    """

    team_id: Levels = field(default_factory=dict)
    team_group_id: tuple[Levels, ...] = ()
    user_id: tuple[Levels, ...] = ()


def parse_grant(sent: Mapping[str, Any], *, ids_max: int) -> Grant:
    """Return the grant in a body; an absent member is empty.

    Args:
        sent: The members of the body.
        ids_max: Maximum number of ids in all members together.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field.
    """
    grant = Grant(
        _levels(sent["team_id"], ".body.team_id") if sent.get("team_id") is not None else {},
        _split_levels(sent.get("team_group_id"), ".body.team_group_id"),
        _split_levels(sent.get("user_id"), ".body.user_id"),
    )
    count = sum(len(levels) for levels in (grant.team_id, *grant.team_group_id, *grant.user_id))
    if count > ids_max:
        raise PrismdError.invalid(".body", f"expected at most {ids_max:,} ids in all, found {count:,}", "maxItems")
    return grant


def _split_levels(sent: object, field: str) -> tuple[Levels, ...]:
    if sent is None:
        return ()
    if not isinstance(sent, list):
        raise PrismdError.invalid(field, f"expected a list of objects of ids and levels, found {found(sent)}")
    return tuple(_unrepeated(sent, field))


def _unrepeated(sent: list[Any], field: str) -> Iterator[Levels]:
    seen: set[str] = set()
    for index, one in enumerate(sent):
        levels = _levels(one, f"{field}[{index}]")
        if not levels:
            raise PrismdError.invalid(f"{field}[{index}]", f"{_EXPECTED}, found an empty one", "minProperties")
        repeated = next((name for name in levels if name in seen), None)
        if repeated is not None:
            message = f"the id {quoted(repeated)} stands in the list before; an id has one level"
            raise PrismdError.invalid(f"{field}[{index}].{repeated}", message, "uniqueItems")
        seen.update(levels)
        yield levels


def _levels(sent: object, field: str) -> Levels:
    if not isinstance(sent, dict):
        raise PrismdError.invalid(field, f"{_EXPECTED}, found {found(sent)}")
    for name, level in sent.items():
        problem = text_problem(name, ID_CHARS_MAX) if name else "expected an id, found an empty text"
        if problem is not None:
            raise PrismdError.invalid(field, f"the id {quoted(name)}: {problem}", "maxLength" if name else "minLength")
        if level not in LEVELS:
            message = f"expected r (read), w (write) or a (all), found {found(level)}"
            raise PrismdError.invalid(f"{field}.{name}", message, "enum")
    return dict(sent)
