"""Definitions of views, which are stored ways to show the records of one type (contract, section 14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.values.blanks import is_blank
from prismd.core.values.errors import found, text_problem
from prismd.core.values.numbers import NUMBERS_KEPT, kept_exactly
from prismd.core.wording.quoting import quoted

#: The layouts of a view (contract, section 23, fact 112).
GRID: Final = "grid"
KANBAN: Final = "kanban"
KINDS: Final = (GRID, "list", KANBAN)

#: The types that have views; only the client 0.8.0 knows views of comments.
VIEW_TYPES: Final = ("comment", "action", "deal", "engagement", "document", "event", "identity", "organization")

#: The members that form the query of a view; each is replaced as a whole.
QUERIED: Final = ("select", "filter", "sort", "combinator")
#: Members that are checked against the team's properties and lists.
CHECKED: Final = (*QUERIED, "group_by", "list_id")
#: All members that clients write, except the view's id and list.
MEMBERS: Final = (
    "name", "view_type", *QUERIED, "user_id", "icon", "group_by", "group_sort", "group_hide_empty",
    "group_hidden_option_ids", "aggregation_prop_def_id", "aggregation_type", "column_layout", "sort_order",
)  # fmt: skip

TEXT_CHARS_MAX: Final = 255
DEPTH_MAX: Final = 32

_DEMANDED: Final = ("name", "view_type")
_ABSENT: Final[Mapping[str, Any]] = {"select": [], "filter": [], "sort": [], "combinator": "AND"}


@dataclass(frozen=True, slots=True)
class View:
    """A view of the records of one type.

    Args:
        id: Id of the view, as UUID text; ids are unique only within a team.
        list_id: The list whose records it shows, and whose properties it can name; None for all records of the type.
        definition: The members of :data:`MEMBERS` that have a value, exactly as clients sent them.
        created_at: Time of creation.
        updated_at: Time of the last change of the definition; pinned records do not count.
        names: The ids that its names refer to (see :mod:`prismd.core.views.names`); None if they were never recorded.
    """

    id: str
    object_type: str
    list_id: str | None
    definition: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    names: Mapping[str, Any] | None = None

    def query(self) -> dict[str, Any]:
        """Return the view's query; a view without a selection shows all properties."""
        asked = {name: self.definition.get(name) for name in QUERIED}
        return {**asked, "select": asked["select"] or None}

    def shown(self) -> dict[str, Any]:
        """Return all members, with defaults for those without a value."""
        return {name: self.definition.get(name, _ABSENT.get(name)) for name in MEMBERS}


def changed_definition(definition: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a view after changes; null clears a member.

    Args:
        definition: The present members; empty for a new view.
        changes: The new members by name, each of the right type; names outside of :data:`MEMBERS` are ignored.

    Raises:
        PrismdError: ``invalid_request``: a value is invalid or cannot be stored.
    """
    known = {name: value for name, value in changes.items() if name in MEMBERS}
    for name, value in known.items():
        _check(name, value, f".body.{name}")
    whole = {**definition, **known}
    return {name: whole[name] for name in MEMBERS if whole.get(name) is not None}


def _check(name: str, value: object, field: str) -> None:
    if name in _DEMANDED and not (isinstance(value, str) and not is_blank(value)):
        raise PrismdError.invalid(field, "expected a text that people can read, found a blank one", "minLength")
    if name == "view_type" and value not in KINDS:
        raise PrismdError.invalid(field, f"expected one of {', '.join(KINDS)}, found {found(value)}", "enum")
    if isinstance(value, str) and len(value) > TEXT_CHARS_MAX:
        problem = f"expected at most {TEXT_CHARS_MAX} characters, found {len(value):,}"
        raise PrismdError.invalid(field, problem, "maxLength")
    _check_free_form(value, field)


def _is_kept(number: int | Decimal) -> bool:
    try:
        kept_exactly(number)
    except ArithmeticError:
        return False
    return True


def _check_free_form(value: object, field: str) -> None:
    # Go level by level, because a body can be nested deeper than recursion allows.
    level: list[object] = [value]
    for _ in range(DEPTH_MAX):
        if not level:
            return
        below: list[object] = []
        for one in level:
            if isinstance(one, str) and text_problem(one, len(one)) is not None:
                raise PrismdError.invalid(field, f"{quoted(one)}: {text_problem(one, len(one))}", "pattern")
            if isinstance(one, int | Decimal) and not _is_kept(one):
                message = f"{found(one)} cannot be kept; use one of {NUMBERS_KEPT}, or a text"
                raise PrismdError.invalid(field, message, "maximum")
            if isinstance(one, dict):
                below += (*one, *one.values())
            elif isinstance(one, list):
                below += one
        level = below
    if level:
        raise PrismdError.invalid(field, f"it is nested more than {DEPTH_MAX} levels deep; make it flatter", "maxItems")
