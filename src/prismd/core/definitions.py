"""What a team may define: custom properties and options, judged against those that there are (contract, 13.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import NewId, is_uuid
from prismd.core.quoting import nearest, quoted
from prismd.core.schema import (
    APP_STAGE,
    MULTIPLE_REFERENCE_TARGETS,
    PLAIN_TYPES,
    SINGLE_REFERENCE_TARGETS,
    STATUS,
    Kind,
    ObjectSchema,
    Option,
    Property,
    property_key,
)
from prismd.core.slugs import SLUG_CHARS_MAX, is_slug, slug_for
from prismd.core.value_errors import text_problem
from prismd.core.values import OPTION_CHARS_MAX

#: Every type that a custom property can have.
WRITABLE_TYPES: Final = (
    *PLAIN_TYPES,
    *(Kind.REF.value + target for target in SINGLE_REFERENCE_TARGETS),
    *(Kind.MULTIREF.value + target for target in MULTIPLE_REFERENCE_TARGETS),
)
NAME_CHARS_MAX: Final = 200
DESCRIPTION_CHARS_MAX: Final = 2_000

_SELECTS: Final = (Kind.SELECT, Kind.MULTISELECT)
#: Slugs that no property can be given, and what they mean: rows have no property ``id``, as an import that names it
#: means the record's own, and within a list the stage is the list's.
_RESERVED_SLUGS: Final = {"id": "the record itself", APP_STAGE: "the stage of a record in a list"}
_INDEX_MAX: Final = 2**31 - 1
# The texts of a definition, with the most characters of each.
_CHARS_MAX: Final = {
    "name": NAME_CHARS_MAX,
    "value": OPTION_CHARS_MAX,
    "icon": NAME_CHARS_MAX,
    "color_scheme": NAME_CHARS_MAX,
    "option_group": NAME_CHARS_MAX,
    "description": DESCRIPTION_CHARS_MAX,
}
_DEMANDED: Final = ("name", "value")


@dataclass(frozen=True, slots=True)
class DefinitionLimits:
    """How much a team may define.

    Args:
        properties_max: Custom properties of one object type, those of its lists included, their stages excepted.
        options_max: Options of one select property, native ones included.
    """

    properties_max: int
    options_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOption:
    """An option as it is asked for; without a slug, one is derived from the label."""

    value: str
    slug: str | None = None
    color_scheme: str | None = None
    description: str | None = None
    icon: str | None = None
    option_group: str | None = None
    sort_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProperty:
    """A property as it is asked for; without a slug, one is derived from the name.

    Args:
        list_id: The list that gets it; None for all records of the type.
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
    """Return the property that is asked for.

    Args:
        schema: The properties that there are.
        new: What is asked for.
        new_id: Makes the ids of the property and its options.
        limits: How much a team may define.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken`` or ``slug_taken``.
    """
    _check_type(new)
    _check_fields({"name": new.name, "icon": new.icon, "role_id": new.role_id}, ".body")
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
        options=_options(new.options, new_id, limits),
        list_id=new.list_id,
    )


def change_property(schema: ObjectSchema, prop: Property, changes: Mapping[str, Any]) -> Property:
    """Return a custom property with changes made to it; its slug, type and scope stay.

    Args:
        schema: The properties that there are.
        prop: The property.
        changes: New values of ``name``, ``icon``, ``enabled`` and ``required``.

    Raises:
        PrismdError: ``invalid_request`` or ``name_taken``.
    """
    _check_fields(changes, ".body")
    if "name" in changes:
        _check_name(schema, changes["name"], prop.list_id, own_id=prop.id)
    return replace(prop, **changes)


def define_option(prop: Property, new: NewOption, *, new_id: NewId, limits: DefinitionLimits) -> Option:
    """Return the option that is asked for.

    Args:
        prop: A property with the options that there are.
        new: What is asked for.
        new_id: Makes the option's id.
        limits: How much a team may define.

    Raises:
        PrismdError: ``invalid_request`` or ``slug_taken``.
    """
    if prop.kind not in _SELECTS:
        selects = " and ".join(kind.value for kind in _SELECTS)
        raise PrismdError.invalid(".path.propertyId", f"only properties of {selects} have options, not of {prop.type}")
    if len(prop.options) >= limits.options_max:
        message = f"`{prop.slug}` has {len(prop.options)} options, which is the most; delete one"
        raise PrismdError.invalid(".body", message, "maxItems")
    return _option(new, _labels_by_slug(prop), new_id, ".body")


def change_option(prop: Property, option: Option, changes: Mapping[str, Any]) -> Option:
    """Return an option with changes made to it; records keep it, as they hold its id.

    Args:
        prop: The property with all its options.
        option: The option.
        changes: New values of its fields.

    Raises:
        PrismdError: ``invalid_request`` or ``slug_taken``.
    """
    _check_fields({name: value for name, value in changes.items() if name != "slug"}, ".body")
    if "slug" in changes:
        _check_option_slug(changes["slug"], _labels_by_slug(prop, without=option), ".body")
    return replace(option, **changes)


def _options(wanted: tuple[NewOption, ...], new_id: NewId, limits: DefinitionLimits) -> tuple[Option, ...]:
    if len(wanted) > limits.options_max:
        message = f"expected at most {limits.options_max} options, found {len(wanted)}"
        raise PrismdError.invalid(".body.options", message, "maxItems")
    taken: dict[str, str] = {}
    made: dict[int, Option] = {}
    # Explicit slugs come first, so that none is lost to one that is merely derived.
    for index in sorted(range(len(wanted)), key=lambda index: wanted[index].slug is None):
        option = _option(wanted[index], taken, new_id, f".body.options[{index}]")
        taken[option.slug] = option.value
        made[index] = option if option.sort_index is not None else replace(option, sort_index=index)
    return tuple(made[index] for index in range(len(wanted)))


def _option(new: NewOption, taken: Mapping[str, str], new_id: NewId, field: str) -> Option:
    values = {name: getattr(new, name) for name in NewOption.__dataclass_fields__ if name != "slug"}
    _check_fields(values, field)
    if new.slug is not None:
        _check_option_slug(new.slug, taken, field)
    return Option(id=new_id(), slug=new.slug or slug_for(new.value, taken), **values)


def _labels_by_slug(prop: Property, *, without: Option | None = None) -> dict[str, str]:
    return {option.slug: option.value for option in prop.options if option is not without}


def _check_type(new: NewProperty) -> None:
    if new.type not in WRITABLE_TYPES:
        message = f"there is no type {quoted(new.type)}{nearest(new.type, WRITABLE_TYPES)}"
        raise PrismdError.invalid(".body.type", f"{message} (known: {', '.join(WRITABLE_TYPES)})", "enum")
    if new.options and new.type not in {kind.value for kind in _SELECTS}:
        raise PrismdError.invalid(".body.options", f"a property of type {new.type} has no options; leave them out")


def _check_fields(values: Mapping[str, Any], field: str) -> None:
    for name, value in values.items():
        if isinstance(value, str):
            _check_text(name, value, f"{field}.{name}")
        elif name == "sort_index" and value is not None and not 0 <= value <= _INDEX_MAX:
            raise PrismdError.invalid(f"{field}.{name}", f"expected a whole number from 0 to {_INDEX_MAX}", "maximum")


def _check_text(name: str, value: str, field: str) -> None:
    if name == "role_id":
        if not is_uuid(value):
            raise PrismdError.invalid(field, f"expected a UUID, found {quoted(value)}", "format")
        return
    if name in _DEMANDED and not value.strip():
        raise PrismdError.invalid(field, "expected a text that people can read, found a blank one", "minLength")
    problem = text_problem(value, _CHARS_MAX[name])
    if problem is not None:
        raise PrismdError.invalid(field, problem, "maxLength" if len(value) > _CHARS_MAX[name] else "pattern")


def _check_name(schema: ObjectSchema, name: str, list_id: str | None, *, own_id: str | None = None) -> None:
    same = name.strip().casefold()
    for prop in schema:
        if prop.list_id == list_id and prop.name.strip().casefold() == same and prop.id != own_id:
            whose = schema.object_type if list_id is None else "the list"
            origin = "native" if prop.native else "custom"
            message = f"{whose} has a {origin} property called {quoted(prop.name)} (`{prop.slug}`) already"
            raise PrismdError("name_taken", f"{message}; use it, or take another name")


def _property_slug(schema: ObjectSchema, new: NewProperty) -> str:
    if new.slug is None:
        # A list may have a slug that all records have too, but only where somebody asks for it.
        return slug_for(new.name, {*schema.slugs(new.list_id), *_RESERVED_SLUGS})
    _check_slug(new.slug, ".body")
    if new.slug in _RESERVED_SLUGS:
        raise PrismdError("slug_taken", f"the slug `{new.slug}` means {_RESERVED_SLUGS[new.slug]}; take another one")
    if new.slug == STATUS and new.list_id is not None:
        raise PrismdError("slug_taken", f"the slug `{STATUS}` means the stage of a record in its list; take another")
    taken = schema.properties.get(property_key(new.slug, new.list_id))
    if taken is not None:
        message = f"the slug `{new.slug}` belongs to the property {quoted(taken.name)}"
        raise PrismdError("slug_taken", f"{message}; take another one, or leave it out to get one made of the name")
    return new.slug


def _check_option_slug(slug: str, taken: Mapping[str, str], field: str) -> None:
    _check_slug(slug, field)
    if slug in taken:
        message = f"the slug `{slug}` belongs to the option {quoted(taken[slug])}"
        raise PrismdError("slug_taken", f"{message}; take another one, or leave it out to get one made of the label")


def _check_slug(slug: str, field: str) -> None:
    if not is_slug(slug):
        message = f"expected 1 to {SLUG_CHARS_MAX} lower-case letters, digits and underscores, found {quoted(slug)}"
        raise PrismdError.invalid(f"{field}.slug", message, "pattern")
