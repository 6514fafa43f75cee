"""The public shapes of properties and options, and how they are made (contract, sections 13.2 and 13.3)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from prismd.core.definitions import NewOption, NewProperty
from prismd.core.schema import Kind, Option, Property

_LIST_SCOPE = Meta(description="Lists are not supported yet: null or absent.")
_ICON = Meta(description="Name of an icon, for clients that show one.")
_DERIVED = Meta(description="Absent: made of the name, and numbered where that is taken.")


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
    list_id: None = None
    crm_id: None = None


class PropertyDefinition(Struct, frozen=True, kw_only=True):
    """One property of an object type."""

    id: str
    slug: Annotated[str, Meta(description="What rows use as a key; it never changes.")]
    type: Annotated[str, Meta(description="How values are stored; it never changes.")]
    name: str
    native: Annotated[bool, Meta(description="Shipped with the product, the same in every team.")]
    locked: Annotated[bool, Meta(description="The definition cannot be changed or deleted; options can be added.")]
    required: bool
    read_only: Annotated[bool, Meta(description="Values are set by the server alone.")]
    enabled: bool
    icon: Annotated[str | None, _ICON]
    options: Annotated[list[PropertyOption], Meta(description="Of select properties.")] | UnsetType = UNSET
    list_id: None = None
    crm_id: None = None
    team_id: Annotated[str | None, Meta(description="Null for native properties.")]
    alias: None = None
    role_id: str | None


class OptionBody(Struct, frozen=True, kw_only=True):
    """An option to make."""

    value: Annotated[str, Meta(description="What people read.")]
    slug: Annotated[str | None, _DERIVED] = None
    color_scheme: str | None = None
    description: str | None = None
    icon: Annotated[str | None, _ICON] = None
    option_group: str | None = None
    sort_index: int | None = None
    list_id: Annotated[str | None, _LIST_SCOPE] = None
    crm_id: Annotated[str | None, _LIST_SCOPE] = None

    def meant(self) -> NewOption:
        """Return the option that is asked for."""
        return NewOption(**{name: getattr(self, name) for name in NewOption.__dataclass_fields__})


class PropertyOptionCreate(OptionBody, frozen=True, kw_only=True):
    """An option to add to a property."""

    type: Annotated[str, Meta(description="Type of the property.")]


class PropertyOptionPatch(Struct, frozen=True, kw_only=True):
    """What to change of an option; null clears."""

    type: Annotated[str, Meta(description="Type of the property.")]
    value: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    color_scheme: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    icon: Annotated[str | None, _ICON] | UnsetType = UNSET
    option_group: str | UnsetType | None = UNSET
    sort_index: int | UnsetType | None = UNSET
    list_id: Annotated[str | None, _LIST_SCOPE] = None
    crm_id: Annotated[str | None, _LIST_SCOPE] = None


class PropertyDefinitionCreate(Struct, frozen=True, kw_only=True):
    """A property to make."""

    name: Annotated[str, Meta(description="Unique among the properties of the object type, whatever its case.")]
    type: str
    slug: Annotated[str | None, _DERIVED] = None
    icon: Annotated[str | None, _ICON] = None
    role_id: str | None = None
    required: bool = False
    options: Annotated[list[OptionBody], Meta(description="For select properties.")] | None = None
    list_id: Annotated[str | None, _LIST_SCOPE] = None
    crm_id: Annotated[str | None, _LIST_SCOPE] = None

    def meant(self) -> NewProperty:
        """Return the property that is asked for."""
        return NewProperty(
            name=self.name,
            type=self.type,
            slug=self.slug,
            icon=self.icon,
            role_id=self.role_id,
            required=self.required,
            options=tuple(option.meant() for option in self.options or ()),
        )


class PropertyDefinitionPatch(Struct, frozen=True, kw_only=True):
    """What to change of a property; null clears."""

    type: Annotated[str, Meta(description="Type of the property; it locates and cannot change.")]
    name: str | UnsetType = UNSET
    icon: Annotated[str | None, _ICON] | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    list_id: Annotated[str | None, _LIST_SCOPE] = None
    crm_id: Annotated[str | None, _LIST_SCOPE] = None


def changes_of(patch: PropertyDefinitionPatch | PropertyOptionPatch) -> dict[str, Any]:
    """Return what a patch names, without what only locates."""
    located_by = ("type", "list_id", "crm_id")
    values = {name: getattr(patch, name) for name in patch.__struct_fields__ if name not in located_by}
    return {name: value for name, value in values.items() if value is not UNSET}


def shown_option(option: Option) -> PropertyOption:
    """Return an option as clients see it."""
    return PropertyOption(**{name: getattr(option, name) for name in Option.__dataclass_fields__})


def shown_property(prop: Property, team_id: str, *, with_options: bool = True) -> PropertyDefinition:
    """Return a property as clients see it.

    Args:
        prop: The property.
        team_id: The team, as clients write it.
        with_options: Show its options if it is a select property.
    """
    has_options = with_options and prop.kind in (Kind.SELECT, Kind.MULTISELECT)
    return PropertyDefinition(
        id=prop.id,
        slug=prop.slug,
        type=prop.type,
        name=prop.name,
        native=prop.native,
        locked=prop.native,
        required=prop.required,
        read_only=prop.read_only,
        enabled=prop.enabled,
        icon=prop.icon,
        options=[shown_option(option) for option in prop.options] if has_options else UNSET,
        team_id=None if prop.native else team_id,
        role_id=prop.role_id,
    )
