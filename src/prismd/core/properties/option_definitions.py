"""Definitions of options: labels, slugs and texts, checked against the existing ones (contract, section 13.3)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import NewId, is_uuid
from prismd.core.properties.option_names import OptionNames, folded
from prismd.core.properties.option_values import OPTION_CHARS_MAX
from prismd.core.properties.schema import Kind, Option, Property
from prismd.core.properties.slugs import SLUG_CHARS_MAX, is_slug, slug_for
from prismd.core.values.blanks import is_blank
from prismd.core.values.errors import text_problem
from prismd.core.wording.quoting import quoted

NAME_CHARS_MAX: Final = 200
DESCRIPTION_CHARS_MAX: Final = 2_000

#: The kinds of properties that have options.
SELECTS: Final = (Kind.SELECT, Kind.MULTISELECT)
_INDEX_MAX: Final = 2**31 - 1
# Maximum number of characters of each text in a definition.
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
    """Limits of the definitions of a team.

    Args:
        properties_max: Maximum of custom properties of one object type; lists' properties count, but not lists' stages.
        options_max: Maximum of options of one select property; native options count.
        options_left: Number of options that properties of the object type can still get.
    """

    properties_max: int
    options_max: int
    options_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOption:
    """A requested option; without a slug, one is derived from the label."""

    value: str
    slug: str | None = None
    color_scheme: str | None = None
    description: str | None = None
    icon: str | None = None
    option_group: str | None = None
    sort_index: int | None = None


def define_option(prop: Property, new: NewOption, *, new_id: NewId, limits: DefinitionLimits) -> Option:
    """Return the option that a request asks for.

    Args:
        prop: The property with its present options.
        new: The request.
        new_id: Returns the option's id.
        limits: The limits of definitions.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken`` or ``slug_taken``.
    """
    if prop.kind not in SELECTS:
        selects = " and ".join(kind.value for kind in SELECTS)
        raise PrismdError.invalid(".path.propertyId", f"only properties of {selects} have options, not of {prop.type}")
    if len(prop.options) >= limits.options_max:
        message = f"`{prop.slug}` has {len(prop.options)} options, which is the most; delete one"
        raise PrismdError.invalid(".body", message, "maxItems")
    _check_left(1, limits, ".body")
    names = OptionNames(prop.options)
    _check_option(new, ".body")
    if new.slug is not None:
        _check_option_slug(prop.type, new.slug, names, ".body")
    _check_label(prop.type, new.value, names)
    return _option(new, names.taken, new_id)


def _check_left(wanted: int, limits: DefinitionLimits, field: str) -> None:
    # All readers of records load all options of the type first, so their total number is limited.
    if wanted > max(0, limits.options_left):
        message = f"the properties of the type have room for {max(0, limits.options_left):,} more options in all"
        raise PrismdError.invalid(field, f"{message} (PRISMD_OPTIONS_PER_TYPE_MAX); delete some", "maxItems")


def change_option(prop: Property, option: Option, changes: Mapping[str, Any]) -> Option:
    """Return an option after changes; records refer to it by id, so they keep it.

    Args:
        prop: The property with all its options.
        option: The option.
        changes: New values of its fields.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken`` or ``slug_taken``.
    """
    check_fields({name: value for name, value in changes.items() if name != "slug"}, ".body")
    changed = replace(option, **changes)
    others = OptionNames(one for one in prop.options if one is not option)
    # Check changed names only: options of earlier versions can have names that clash.
    if changed.slug != option.slug:
        _check_option_slug(prop.type, changed.slug, others, ".body")
    if changed.value != option.value:
        _check_label(prop.type, changed.value, others)
    return changed


def define_options(wanted: tuple[NewOption, ...], new_id: NewId, limits: DefinitionLimits) -> tuple[Option, ...]:
    """Return the options of a new property.

    Args:
        wanted: The options that the request asks for.
        new_id: Returns the ids of the options.
        limits: The limits of definitions.

    Raises:
        PrismdError: ``invalid_request``, ``name_taken`` or ``slug_taken``.
    """
    if len(wanted) > limits.options_max:
        message = f"expected at most {limits.options_max} options, found {len(wanted)}"
        raise PrismdError.invalid(".body.options", message, "maxItems")
    _check_left(len(wanted), limits, ".body.options")
    for index, new in enumerate(wanted):
        _check_option(new, f".body.options[{index}]")
    labels = [folded(new.value) for new in wanted]
    _check_apart([new.slug for new in wanted], labels)
    taken, made = {*labels, *(new.slug for new in wanted if new.slug)}, []
    for index, (new, label) in enumerate(zip(wanted, labels, strict=True)):
        # An option can derive its slug from its own label, but never take the label of another option.
        taken.discard(label)
        option = _option(new, taken, new_id)
        taken |= {label, option.slug}
        made.append(option if option.sort_index is not None else replace(option, sort_index=index))
    return tuple(made)


def _check_apart(slugs: Sequence[str | None], labels: Sequence[str]) -> None:
    by_slug, by_label = _by_name("slug_taken", "slug", slugs), _by_name("name_taken", "label", labels)
    for slug, index in by_slug.items():
        other = by_label.get(slug, index)
        if other != index:
            clash = f"the slug {quoted(slug)} of .body.options[{index}] is the label of .body.options[{other}]"
            raise PrismdError("slug_taken", f"{clash}, so a text could mean both; take another slug")


def _by_name(code: str, what: str, names: Sequence[str | None]) -> dict[str, int]:
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if name and first.setdefault(name, index) != index:
            both = f".body.options[{first[name]}] and .body.options[{index}]"
            raise PrismdError(code, f"{both} have the same {what} {quoted(name)}; give each option one of its own")
    return first


def _option(new: NewOption, taken: Container[str], new_id: NewId) -> Option:
    return Option(id=new_id(), slug=new.slug or slug_for(new.value, taken), **_texts_of(new))


def _check_option(new: NewOption, field: str) -> None:
    check_fields(_texts_of(new), field)
    if new.slug is not None:
        check_slug(new.slug, field)


def _texts_of(new: NewOption) -> dict[str, Any]:
    return {name: getattr(new, name) for name in NewOption.__dataclass_fields__ if name != "slug"}


def check_fields(values: Mapping[str, Any], field: str) -> None:
    """Refuse invalid texts and numbers in a definition.

    Args:
        values: Values by name; values of unknown names can have any type.
        field: Path of the definition in the request.

    Raises:
        PrismdError: ``invalid_request``.
    """
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
    if name in _DEMANDED and is_blank(value):
        raise PrismdError.invalid(field, "expected a text that people can read, found a blank one", "minLength")
    problem = text_problem(value, _CHARS_MAX[name])
    if problem is not None:
        raise PrismdError.invalid(field, problem, "maxLength" if len(value) > _CHARS_MAX[name] else "pattern")


def _check_option_slug(wire_type: str, slug: str, others: OptionNames, field: str) -> None:
    check_slug(slug, field)
    holder, labelled = others.with_slug(slug), others.labelled(slug)
    if holder is None and labelled is None:
        return
    advice = "take another one, or leave it out to get one made of the label"
    if holder is not None:
        message = f"the slug `{slug}` belongs to the option {quoted(holder.value)}, {_which(holder)}"
        raise taken_by("slug_taken", f"{message}; {advice}", holder, wire_type)
    assert labelled is not None  # noqa: S101 - one of the two is there
    message = f"the slug `{slug}` is the label of the option {quoted(labelled.value)}, {_which(labelled)}"
    raise taken_by("slug_taken", f"{message}, so a text could mean both; {advice}", labelled, wire_type)


def _check_label(wire_type: str, label: str, others: OptionNames) -> None:
    same = others.labelled(label)
    if same is not None:
        state = "" if same.enabled else "archived "
        message = f"there is an {state}option called {quoted(same.value)} already, {_which(same)}"
        raise taken_by("name_taken", f"{message}; use it, or take another label", same, wire_type)
    clashing = others.with_slug(folded(label))
    if clashing is not None:
        message = f"the label {quoted(label)} is the slug of the option {quoted(clashing.value)}, {_which(clashing)}"
        advice = "so a text could mean both; take another label, or give that option another slug first"
        raise taken_by("name_taken", f"{message}, {advice}", clashing, wire_type)


def taken_by(code: str, message: str, holder: Property | Option, wire_type: str) -> PrismdError:
    """Return the error for a taken name or slug, with the property or option that has it (contract, section 23, 116).

    Args:
        code: ``name_taken`` or ``slug_taken``.
        message: A sentence that names the holder.
        holder: The property or option that has the name or slug.
        wire_type: The type of the property; for an option, the type of its property.
    """
    details = {"id": holder.id, "slug": holder.slug, "type": wire_type}
    return PrismdError(code, message, details=details)


def _which(option: Option) -> str:
    return f"`{option.slug}`, with the id {option.id}"


def check_slug(slug: str, field: str) -> None:
    """Refuse a text that cannot be a slug.

    Args:
        slug: The text, exactly as the caller sent it.
        field: Path of the definition in the request.

    Raises:
        PrismdError: ``invalid_request``.
    """
    if not is_slug(slug):
        message = f"expected 1 to {SLUG_CHARS_MAX} lower-case letters, digits and underscores, found {quoted(slug)}"
        raise PrismdError.invalid(f"{field}.slug", message, "pattern")
