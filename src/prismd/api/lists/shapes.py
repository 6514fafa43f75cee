"""The public shapes of lists and their templates, and how they are built (contract, section 16.1)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from prismd.api.document.shapes import Moment
from prismd.core.lists.definitions import NewList
from prismd.core.lists.templates import LISTABLE_TYPES, ListTemplate
from prismd.services.lists import ShownList

_ICON = Meta(description="Name of an icon, for clients that show one.")


class ListViewName(Struct, frozen=True, kw_only=True):
    """A view of a list."""

    id: str
    name: str


class ObjectList(Struct, frozen=True, kw_only=True):
    """A list of records."""

    id: str
    name: str
    object_type: Annotated[str, Meta(description="The type that it is made for.")]
    team_id: str
    type: Annotated[str, Meta(description="The template that it was made from.")]
    description: str | None
    icon: Annotated[str | None, _ICON]
    created_at: Moment
    views: Annotated[list[ListViewName], Meta(description="Its views for that type, oldest first.")]


class ListPage(Struct, frozen=True, kw_only=True):
    """All lists of a team, oldest first."""

    data: list[ObjectList]


class ListCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list to make."""

    template_id: Annotated[str, Meta(description="Id of a template.")]
    name: Annotated[str | None, Meta(description="Absent: the name of the template.")] = None
    icon: Annotated[str | None, _ICON] = None
    object_type: Annotated[
        str | None, Meta(description=f"Only for `custom`, then required: one of {', '.join(LISTABLE_TYPES)}.")
    ] = None

    def meant(self) -> NewList:
        """Return the list that the body describes."""
        return NewList(template_id=self.template_id, name=self.name, icon=self.icon, object_type=self.object_type)


class ListStage(Struct, frozen=True, kw_only=True):
    """An option of the stage property that a list gets."""

    slug: str
    value: Annotated[str, Meta(description="What people read.")]


class ListTemplateShape(Struct, frozen=True, kw_only=True):
    """A template for lists."""

    id: str
    name: str
    description: str
    icon: str
    object_type: Annotated[str | None, Meta(description="Null for `custom`, where the request says.")]
    type: Annotated[str, Meta(description="The `type` of lists that are made from it.")]
    supported_object_types: Annotated[
        list[str], Meta(description="The types whose records such a list takes; for `custom`, what it can be made for.")
    ]
    stages: list[ListStage]


class ListTemplatePage(Struct, frozen=True, kw_only=True):
    """All templates."""

    data: list[ListTemplateShape]


def shown_list(shown: ShownList, team_id: str) -> ObjectList:
    """Return a list as clients see it.

    Args:
        shown: The list, with its views.
        team_id: The team's public id.
    """
    one = shown.list
    return ObjectList(
        id=one.id,
        name=one.name,
        object_type=one.object_type,
        team_id=team_id,
        type=one.template_id,
        description=one.description,
        icon=one.icon,
        created_at=one.created_at,
        views=[ListViewName(id=view.id, name=view.name) for view in shown.views],
    )


def shown_template(template: ListTemplate) -> ListTemplateShape:
    """Return a template as clients see it."""
    return ListTemplateShape(
        id=template.id,
        name=template.name,
        description=template.description,
        icon=template.icon,
        object_type=template.object_type,
        type=template.id,
        supported_object_types=list(template.supported_object_types),
        stages=[ListStage(slug=slug, value=label) for slug, label in template.stages],
    )
