"""The public shapes of properties and options, and how they are built (contract, sections 13.2 and 13.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.core.properties.definitions import NewProperty
from prismd.core.properties.option_definitions import NewOption
from prismd.core.properties.roles import usual_role
from prismd.core.properties.schema import APP_STAGE, Kind, Option, Property
from prismd.core.records.rows import Problem

_SCOPE = Meta(description="The list that has it; null for all records of the type.")
_OLD_SCOPE = Meta(description="Old name of `list_id`.")
_ICON = Meta(description="Name of an icon, for clients that show one.")
_ENABLED = Meta(description="`false` archives: not listed, takes no new values, keeps those it has.")
_DERIVED = Meta(description="Absent: made of the name, and numbered where that is taken.")


#: Codes that validation names differently from rows of imports (contract, section 23, 117).
_TYPE_CODES: Final = {"invalid_value": "invalid_type"}


class PropertyOption(Struct, frozen=True, kw_only=True):
    """One choice of a select property."""

    id: str
    slug: Annotated[str, Meta(description="What rows write and reads give.")]
    value: Annotated[str, Meta(description="What people read.")]
    color_scheme: str | None
    description: str | None
    icon: str | None
    option_group: str | None
    sort_index: int | None
    enabled: Annotated[bool, _ENABLED]
    list_id: Annotated[str | None, _SCOPE]
    crm_id: Annotated[str | None, _OLD_SCOPE]


class PropertyDefinition(Struct, frozen=True, kw_only=True):
    """One property of an object type."""

    id: str
    slug: Annotated[str, Meta(description="What rows use as a key; it never changes.")]
    type: Annotated[str, Meta(description="How values are stored; it never changes.")]
    name: str
    native: Annotated[bool, Meta(description="Shipped with the product, the same in every team.")]
    locked: Annotated[bool, Meta(description="Its values cannot be edited; the same as `read_only`.")]
    required: bool
    read_only: Annotated[bool, Meta(description="Values are set by the server alone.")]
    enabled: Annotated[bool, _ENABLED]
    icon: Annotated[str | None, _ICON]
    options: Annotated[list[PropertyOption], Meta(description="Of select properties.")] | UnsetType = UNSET
    list_id: Annotated[str | None, _SCOPE]
    crm_id: Annotated[str | None, _OLD_SCOPE]
    team_id: Annotated[str | None, Meta(description="Null for native properties.")]
    alias: Annotated[Literal["app_stage"] | None, Meta(description="`app_stage` marks the stage property of a list.")]
    role_id: Annotated[str, Meta(description="How its values are shown; of its type the usual one if none was given.")]


class OptionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An option to make."""

    value: Annotated[str, Meta(description="What people read.")]
    slug: Annotated[str | None, _DERIVED] = None
    color_scheme: str | None = None
    description: str | None = None
    icon: Annotated[str | None, _ICON] = None
    option_group: str | None = None
    sort_index: int | None = None
    list_id: Annotated[str | None, _SCOPE] = None
    crm_id: Annotated[str | None, _OLD_SCOPE] = None

    def meant(self) -> NewOption:
        """Return the option that the body describes."""
        return NewOption(**{name: getattr(self, name) for name in NewOption.__dataclass_fields__})


class PropertyOptionCreate(OptionBody, frozen=True, kw_only=True):
    """An option to add to a property."""

    type: Annotated[str, Meta(description="Type of the property.")]


class PropertyOptionPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to an option; null clears a member."""

    type: Annotated[str, Meta(description="Type of the property.")]
    value: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    color_scheme: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    icon: Annotated[str | None, _ICON] | UnsetType = UNSET
    option_group: str | UnsetType | None = UNSET
    sort_index: int | UnsetType | None = UNSET
    enabled: Annotated[bool, _ENABLED] | UnsetType = UNSET
    list_id: Annotated[str | None, _SCOPE] = None
    crm_id: Annotated[str | None, _OLD_SCOPE] = None


class PropertyDefinitionCreate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A property to make."""

    name: Annotated[str, Meta(description="Unique among the properties of the object type, whatever its case.")]
    type: str
    slug: Annotated[str | None, _DERIVED] = None
    icon: Annotated[str | None, _ICON] = None
    role_id: str | None = None
    required: bool = False
    options: Annotated[list[OptionBody], Meta(description="For select properties.")] | None = None
    list_id: Annotated[str | None, _SCOPE] = None
    crm_id: Annotated[str | None, _OLD_SCOPE] = None

    def meant(self, list_id: str | None) -> NewProperty:
        """Return the property that the body describes.

        Args:
            list_id: The list that gets the property; None for no list.
        """
        return NewProperty(
            name=self.name,
            type=self.type,
            slug=self.slug,
            icon=self.icon,
            role_id=self.role_id,
            required=self.required,
            options=tuple(option.meant() for option in self.options or ()),
            list_id=list_id,
        )


class ValidationScope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The properties that the values belong to."""

    type: Annotated[Literal["workspace", "list"], Meta(description="Those of all records, or those of a list too.")]
    list_id: Annotated[str | None, Meta(description="The list; needed for `list`.")] = None


class PropertyValidation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values to try without writing them."""

    scope: ValidationScope
    operation: Annotated[
        Literal["create", "update"], Meta(description="`create` demands all required properties, `update` those named.")
    ]
    properties: Annotated[dict[str, Any], Meta(description="Values by property slug.")]


class ValueProblem(Struct, frozen=True, kw_only=True):
    """The reason why a value cannot be written."""

    field: Annotated[str, Meta(description="Where, as a path such as `properties.email`.")]
    code: Annotated[str, Meta(description="As rows of imports have it, but `invalid_type` for `invalid_value`.")]
    message: str


class ValidationAnswer(Struct, frozen=True, kw_only=True):
    """Whether the values can be written."""

    valid: bool
    errors: list[ValueProblem]


class PropertyDefinitionPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to a property; null clears a member."""

    type: Annotated[str, Meta(description="Type of the property; it locates and cannot change.")]
    name: str | UnsetType = UNSET
    icon: Annotated[str | None, _ICON] | UnsetType = UNSET
    enabled: Annotated[bool, _ENABLED] | UnsetType = UNSET
    slug: Annotated[str, Meta(description="It never changes: any other than it has is refused.")] | UnsetType = UNSET
    role_id: Annotated[str, Meta(description="It never changes, either.")] | UnsetType = UNSET
    options: Annotated[Any, Meta(description="Refused: options have routes of their own.")] | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    list_id: Annotated[str | None, _SCOPE] = None
    crm_id: Annotated[str | None, _OLD_SCOPE] = None


def changes_of(patch: PropertyDefinitionPatch | PropertyOptionPatch) -> dict[str, Any]:
    """Return the changes that a patch names, without the members that only locate the property."""
    located_by = ("type", "list_id", "crm_id")
    values = {name: getattr(patch, name) for name in patch.__struct_fields__ if name not in located_by}
    return {name: value for name, value in values.items() if value is not UNSET}


def shown_option(option: Option, list_id: str | None) -> PropertyOption:
    """Return an option as clients see it.

    Args:
        option: The option.
        list_id: The list that has the option's property; None for no list.
    """
    values = {name: getattr(option, name) for name in Option.__dataclass_fields__}
    return PropertyOption(**values, list_id=list_id, crm_id=list_id)


def shown_property(prop: Property, team_id: str, *, with_options: bool = True) -> PropertyDefinition:
    """Return a property as clients see it.

    Args:
        prop: The property.
        team_id: The team's public id.
        with_options: Whether to show the options of a select property.
    """
    has_options = with_options and prop.kind in (Kind.SELECT, Kind.MULTISELECT)
    return PropertyDefinition(
        id=prop.id,
        slug=prop.slug,
        type=prop.type,
        name=prop.name,
        native=prop.native,
        locked=prop.read_only,
        required=prop.required,
        read_only=prop.read_only,
        enabled=prop.enabled,
        icon=prop.icon,
        options=_listed_options(prop) if has_options else UNSET,
        list_id=prop.list_id,
        crm_id=prop.list_id,
        alias=APP_STAGE if prop.alias == APP_STAGE else None,
        team_id=None if prop.native else team_id,
        role_id=prop.role_id or usual_role(prop.type),
    )


def _listed_options(prop: Property) -> list[PropertyOption]:
    return [shown_option(option, prop.list_id) for option in prop.options if option.enabled]


def shown_problems(problems: Sequence[Problem]) -> ValidationAnswer:
    """Return the problems of values as clients see them; the values are valid if the sequence is empty."""
    return ValidationAnswer(
        valid=not problems,
        errors=[
            ValueProblem(
                field="properties" if problem.slug is None else f"properties.{problem.slug}",
                code=_TYPE_CODES.get(problem.code, problem.code),
                message=problem.message,
            )
            for problem in problems
        ],
    )
