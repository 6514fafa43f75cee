"""Definitions of lists, and creating one from a template (contract, section 16.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prismd.core.errors import PrismdError
from prismd.core.ids import NewId
from prismd.core.lists.templates import CUSTOM, LISTABLE_TYPES, TEMPLATES, ListTemplate, types_in
from prismd.core.properties.schema import APP_STAGE, Option, Property
from prismd.core.values.blanks import is_blank
from prismd.core.values.errors import text_problem
from prismd.core.views.definitions import GRID, KANBAN, View
from prismd.core.wording.quoting import nearest, quoted

NAME_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class List:
    """A list of records; each record stores the ids of its lists.

    Args:
        id: Id of the list, as UUID text.
        object_type: The main type of the list's records.
        template_id: Id of the template that the list was created from.
    """

    id: str
    object_type: str
    template_id: str
    name: str
    description: str | None
    icon: str | None
    created_at: datetime

    @property
    def object_types(self) -> tuple[str, ...]:
        """The types whose records can join the list; the main type comes first."""
        return types_in(self.object_type)


@dataclass(frozen=True, slots=True)
class MadeList:
    """A new list with its properties and views.

    Args:
        list: The list.
        stages: The stage property of each type that the list takes.
        views: The first views, which show records of the main type.
    """

    list: List
    stages: Mapping[str, Property]
    views: tuple[View, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewList:
    """A list that a request asks for; the template supplies missing values."""

    template_id: str
    name: str | None = None
    icon: str | None = None
    object_type: str | None = None


def define_list(new: NewList, *, new_id: NewId, now: datetime) -> MadeList:
    """Return the list that a request asks for, with its stages and its first views.

    Args:
        new: The request.
        new_id: Returns the ids of the list, its properties, their options and the views.
        now: Time of creation.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong field.
    """
    template = template_named(new.template_id, ".body.template_id")
    object_type = _object_type(new, template)
    _check_text(new.name, ".body.name")
    _check_text(new.icon, ".body.icon")
    made = List(
        id=new_id(),
        object_type=object_type,
        template_id=template.id,
        name=template.name if new.name is None else new.name,
        description=template.description,
        icon=template.icon if new.icon is None else new.icon,
        created_at=now,
    )
    stages = {kind: _stage_property(made.id, template, new_id) for kind in made.object_types}
    return MadeList(made, stages, _first_views(made, stages[made.object_type], new_id))


def template_named(template_id: str, field: str | None = None) -> ListTemplate:
    """Return a template.

    Args:
        template_id: Id of the template, exactly as the caller sent it.
        field: Path of the id in the request; None if the id is in the URL.

    Raises:
        PrismdError: ``invalid_request`` for an unknown id; ``not_found`` if there is no ``field``.
    """
    template = TEMPLATES.get(template_id)
    if template is None:
        message = f"there is no list template {quoted(template_id)}{nearest(template_id, TEMPLATES)}"
        if field is None:
            raise PrismdError("not_found", message)
        raise PrismdError.invalid(field, f"{message} (known: {', '.join(TEMPLATES)})", "enum")
    return template


def _object_type(new: NewList, template: ListTemplate) -> str:
    field, known = ".body.object_type", ", ".join(LISTABLE_TYPES)
    if template.object_type is None:
        if new.object_type is None:
            raise PrismdError.invalid(field, f"a {CUSTOM} list needs it: one of {known}", "required")
        if new.object_type not in LISTABLE_TYPES:
            raise PrismdError.invalid(field, f"expected one of {known}, found {quoted(new.object_type)}", "enum")
        return new.object_type
    if new.object_type not in (None, template.object_type):
        message = f"lists of {template.id} hold records of type {template.object_type}; leave it out, or use {CUSTOM}"
        raise PrismdError.invalid(field, message, "enum")
    return template.object_type


def _check_text(text: str | None, field: str) -> None:
    if text is None:
        return
    if is_blank(text):
        raise PrismdError.invalid(field, "expected a text that people can read, found a blank one", "minLength")
    problem = text_problem(text, NAME_CHARS_MAX)
    if problem is not None:
        raise PrismdError.invalid(field, problem, "maxLength" if len(text) > NAME_CHARS_MAX else "pattern")


def _stage_property(list_id: str, template: ListTemplate, new_id: NewId) -> Property:
    property_id = new_id()
    options = tuple(
        Option(new_id(), slug, label, sort_index=index) for index, (slug, label) in enumerate(template.stages)
    )
    return Property(
        id=property_id,
        slug=APP_STAGE,
        type="select_str",
        name="Stage",
        options=options,
        list_id=list_id,
        alias=APP_STAGE,
    )


def _first_views(made: List, stage: Property, new_id: NewId) -> tuple[View, ...]:
    table = {"name": "Table", "view_type": GRID}
    board = {"name": "Board", "view_type": KANBAN, "group_by": APP_STAGE}
    now, names = made.created_at, {"paths": {APP_STAGE: [stage.id]}, "options": {}}
    return (
        View(new_id(), made.object_type, made.id, table, now, now, {}),
        View(new_id(), made.object_type, made.id, board, now, now, names),
    )
