"""Definitions of custom properties, checked against the existing ones (contract, section 13.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import NewId, is_uuid
from prismd.core.properties.option_definitions import (
    SELECTS,
    DefinitionLimits,
    NewOption,
    check_fields,
    check_slug,
    define_options,
    taken_by,
)
from prismd.core.properties.option_names import folded
from prismd.core.properties.schema import (
    MULTIPLE_REFERENCE_TARGETS,
    PLAIN_TYPES,
    SINGLE_REFERENCE_TARGETS,
    STATUS,
    Kind,
    ObjectSchema,
    Property,
    property_key,
)
from prismd.core.properties.slugs import RESERVED, slug_for
from prismd.core.wording.quoting import nearest, quoted

# Members that never change, because records and clients rely on them.
_KEPT: Final = ("slug", "role_id")
#: Every type that a custom property can have.
WRITABLE_TYPES: Final = (
    *PLAIN_TYPES,
    *(Kind.REF.value + target for target in SINGLE_REFERENCE_TARGETS),
    *(Kind.MULTIREF.value + target for target in MULTIPLE_REFERENCE_TARGETS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProperty:
    """A requested property; without a slug, one is derived from the name.

    Args:
        list_id: The list that gets the property; None for all records of the type.
    """

    name: str
    type: str
    list_id: str | None = None
    slug: str | None = None
    icon: str | None = None
    role_id: str | None = None
    required: bool = False
    options: tuple[NewOption, ...] = ()


def define_property(schema: ObjectSchema, new: NewProperty, *, new_id: NewId, limits: DefinitionLimits) -> Property:
    """Return the requested property.

    Args:
        schema: The existing properties.
        new: The request.
        new_id: Returns the ids of the property and its options.
        limits: Limits of definitions.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken`` or ``slug_taken``.
    """
    _check_type(new)
    check_fields({"name": new.name, "icon": new.icon, "role_id": new.role_id}, ".body")
    if sum(not prop.native and prop.alias is None for prop in schema) >= limits.properties_max:
        message = f"{schema.object_type} has {limits.properties_max} custom properties, which is the most; delete one"
        raise PrismdError.invalid(".body", message, "maxItems")
    _check_name(schema, new.name, new.list_id)
    return Property(
        id=new_id(),
        slug=_property_slug(schema, new),
        type=new.type,
        name=new.name,
        required=new.required,
        icon=new.icon,
        role_id=new.role_id and new.role_id.lower(),
        options=define_options(new.options, new_id, limits),
        list_id=new.list_id,
    )


def change_property(schema: ObjectSchema, prop: Property, changes: Mapping[str, Any]) -> Property:
    """Return a custom property after changes; its slug, type, role and list never change.

    Args:
        schema: The existing properties.
        prop: The property.
        changes: New values of ``name``, ``icon``, ``enabled`` and ``required``; other members must not differ.

    Raises:
        PrismdError: ``invalid_request`` or ``name_taken``.
    """
    _check_kept(prop, changes)
    changes = {name: value for name, value in changes.items() if name not in _KEPT}
    check_fields(changes, ".body")
    if "name" in changes:
        _check_name(schema, changes["name"], prop.list_id, own_id=prop.id)
    return replace(prop, **changes)


def _check_type(new: NewProperty) -> None:
    if new.type not in WRITABLE_TYPES:
        message = f"there is no type {quoted(new.type)}{nearest(new.type, WRITABLE_TYPES)}"
        raise PrismdError.invalid(".body.type", f"{message} (known: {', '.join(WRITABLE_TYPES)})", "enum")
    if new.options and new.type not in {kind.value for kind in SELECTS}:
        raise PrismdError.invalid(".body.options", f"a property of type {new.type} has no options; leave them out")


def _check_name(schema: ObjectSchema, name: str, list_id: str | None, *, own_id: str | None = None) -> None:
    same = folded(name)
    for prop in schema:
        if prop.list_id == list_id and folded(prop.name) == same and prop.id != own_id:
            whose = schema.object_type if list_id is None else "the list"
            origin = ("native" if prop.native else "custom") if prop.enabled else "custom, archived"
            message = f"{whose} has a {origin} property called {quoted(prop.name)} (`{prop.slug}`) already"
            raise taken_by("name_taken", f"{message}, {_who(prop)}; use it, or take another name", prop, prop.type)


def _property_slug(schema: ObjectSchema, new: NewProperty) -> str:
    if new.slug is None:
        # A list's property can share its slug with one of all records, but only if the caller asks for that slug.
        return slug_for(new.name, {*schema.slugs(new.list_id), *RESERVED})
    check_slug(new.slug, ".body")
    if new.slug in RESERVED:
        raise PrismdError("slug_taken", f"the slug `{new.slug}` means {RESERVED[new.slug]}; take another one")
    if new.slug == STATUS and new.list_id is not None:
        raise PrismdError("slug_taken", f"the slug `{STATUS}` means the stage of a record in its list; take another")
    taken = schema.properties.get(property_key(new.slug, new.list_id))
    if taken is not None:
        message = f"the slug `{new.slug}` belongs to the property {quoted(taken.name)}, {_who(taken)}"
        advice = "take another one, or leave it out to get one made of the name"
        raise taken_by("slug_taken", f"{message}; {advice}", taken, taken.type)
    return new.slug


def _who(prop: Property) -> str:
    return f"of type {prop.type}, with the id {prop.id}"


def _check_kept(prop: Property, changes: Mapping[str, Any]) -> None:
    if "options" in changes:
        message = "options are added and changed one by one, by the routes under .../options; leave them out"
        raise PrismdError.invalid(".body.options", message, "additionalProperties")
    for name in _KEPT:
        value: str = getattr(prop, name)
        wanted = changes.get(name, value)
        if wanted != value and not (isinstance(wanted, str) and is_uuid(wanted) and wanted.lower() == value):
            message = f"it is {quoted(value)} and never changes, as records and clients go by it; leave it out"
            raise PrismdError.invalid(f".body.{name}", message, "enum")
