"""The public shapes of views and of the records in them (contract, section 14)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.api.document.shapes import Moment, RecordRow
from prismd.core.json.shapes import in_force, member, nullable
from prismd.core.queries.bodies import COMBINATOR_SCHEMA, FILTER_SCHEMA, SELECT_SCHEMA, SORT_SCHEMA
from prismd.core.views.definitions import KINDS, TEXT_CHARS_MAX, View

_INT_MAX = 2**31 - 1
_LIST = "A list of the team: the view shows its members. It never changes; beside a patch it may be said again."

ViewKind = Literal["grid", "list", "kanban"]
# The service checks the value, with a message that names the three kinds.
_Kind = Annotated[str, Meta(extra_json_schema={"enum": list(KINDS)})]
_Text = Annotated[str, Meta(max_length=TEXT_CHARS_MAX)]
_Name = Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX)]
_Place = Annotated[int, Meta(ge=-_INT_MAX, le=_INT_MAX)]
_Select = Annotated[
    Any,
    member("Slugs, with dots through references; none for all properties.", schema=nullable(SELECT_SCHEMA)),
]
_Filter = Annotated[Any, member("Each entry is `{slug: {operator: value}}`.", schema=FILTER_SCHEMA)]
_Sort = Annotated[Any, member("Each entry is `{slug: direction}`.", schema=SORT_SCHEMA)]
_Combinator = Annotated[
    Any, member("Whether all entries of the filter must hold or one is enough.", schema=COMBINATOR_SCHEMA)
]


#: Members of a view that clients read and may send back with it.
_OwnToServer = Annotated[Any, Meta(description="The server's own, whatever is sent.")]


class _Members(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    list_id: Annotated[str | None, Meta(description=_LIST)] | UnsetType = UNSET
    select: _Select = UNSET
    filter: _Filter = UNSET
    sort: _Sort = UNSET
    combinator: _Combinator = UNSET
    user_id: _Text | UnsetType | None = UNSET
    icon: _Text | UnsetType | None = UNSET
    group_by: Annotated[_Text | None, Meta(description="Slug of a property.")] | UnsetType = UNSET
    group_sort: _Text | UnsetType | None = UNSET
    group_hide_empty: bool | UnsetType | None = UNSET
    group_hidden_option_ids: list[Any] | dict[str, Any] | UnsetType | None = UNSET
    aggregation_prop_def_id: _Text | UnsetType | None = UNSET
    aggregation_type: _Text | UnsetType | None = UNSET
    column_layout: dict[str, Any] | UnsetType | None = UNSET
    sort_order: _Place | UnsetType | None = UNSET
    team_id: _OwnToServer = UNSET
    created_at: _OwnToServer = UNSET
    updated_at: _OwnToServer = UNSET


class ViewCreate(_Members, frozen=True, kw_only=True):
    """A view to make."""

    name: _Name
    view_type: _Kind
    id: Annotated[str | None, Meta(description="A UUID; absent: the server makes one.")] = None


class ViewPatch(_Members, frozen=True, kw_only=True):
    """Changes to a view; null clears a member, and an absent member stays."""

    name: _Name | UnsetType = UNSET
    view_type: _Kind | UnsetType = UNSET
    id: _OwnToServer = UNSET


class ViewBundle(Struct, frozen=True, kw_only=True):
    """A view: how records of one type are shown."""

    id: str
    name: str
    view_type: ViewKind
    list_id: str | None
    team_id: Annotated[str | None, Meta(description="Null for a view of a list.")]
    user_id: str | None
    icon: str | None
    select: Annotated[list[str], Meta(description="None: all properties.")]
    filter: list[dict[str, Any]]
    sort: list[dict[str, Literal["asc", "desc"]]]
    combinator: Literal["AND", "OR"]
    group_by: str | None
    group_sort: str | None
    group_hide_empty: bool | None
    group_hidden_option_ids: list[Any] | dict[str, Any] | None
    aggregation_prop_def_id: str | None
    aggregation_type: str | None
    column_layout: dict[str, Any] | None
    sort_order: int | None
    created_at: Moment
    updated_at: Moment


class ViewPage(Struct, frozen=True, kw_only=True):
    """Views of an object type, in the order of their ids."""

    data: list[ViewBundle]
    has_more: bool
    next_cursor: str | None


class ViewRecordPage(Struct, frozen=True, kw_only=True):
    """Records of a view: the pinned ones, then the others in the view's order."""

    data: list[RecordRow]
    has_more: bool
    next_cursor: str | None


class ViewWithRecords(Struct, frozen=True, kw_only=True):
    """A view with a page of its records."""

    view: ViewBundle
    records: ViewRecordPage


class ViewOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The order of the records pinned in a view."""

    object_ids: Annotated[
        list[str],
        member(
            "Pinned ones, in order; those not named come after them.",
            schema={"maxItems": in_force("pinned_records_max"), "uniqueItems": True},
        ),
    ]


def members_of(sent: ViewCreate | ViewPatch) -> dict[str, Any]:
    """Return the members of a view in a body, without its id."""
    values = {name: getattr(sent, name) for name in sent.__struct_fields__ if name != "id"}
    return {name: value for name, value in values.items() if value is not UNSET}


def shown_view(view: View, team: str) -> ViewBundle:
    """Return a view as clients see it.

    Args:
        view: The view.
        team: The public id of the view's team.
    """
    return ViewBundle(
        id=view.id,
        list_id=view.list_id,
        team_id=None if view.list_id else team,
        created_at=view.created_at,
        updated_at=view.updated_at,
        **view.shown(),
    )
