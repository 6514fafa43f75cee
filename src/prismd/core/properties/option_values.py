"""Values of select properties: the option that a text names, and the error of a text that names none or several."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final

from prismd.core.properties.option_names import OptionNames
from prismd.core.properties.schema import Option, Property
from prismd.core.values.blanks import is_blank, trimmed
from prismd.core.values.composing import composed
from prismd.core.values.errors import InvalidValueError, found, refuse, text_problem
from prismd.core.wording.quoting import quoted

TextParser = Callable[[object], str]

#: Longest name of an option; a longer unknown value is never made into one.
OPTION_CHARS_MAX: Final = 200

_OPTIONS_SHOWN: Final = 8


def option_parser(prop: Property, *, assigns: bool) -> TextParser:
    """Return the function that turns the name of an option into its id, or raises :class:`InvalidValueError`.

    Args:
        prop: A select property.
        assigns: Whether the option is assigned to a record; archived options are not.
    """
    names = OptionNames(prop.options, any_case=prop.any_case)
    archived = {option.id for option in prop.options if assigns and not option.enabled}
    known = {text: option_id for text, option_id in names.exact().items() if option_id not in archived}

    def parse(value: object) -> str:
        option = known.get(value) if type(value) is str else None
        return option if option is not None else _option_spelled_otherwise(prop, names, value, archived)

    return parse


def _option_spelled_otherwise(prop: Property, names: OptionNames, value: object, archived: Container[str]) -> str:
    if not isinstance(value, str):
        refuse(prop.slug, "the name of one of its options", value)
    option, rivals = names.meant(value)
    if option is not None:
        if option.id not in archived:
            return option.id
        message = f"the option {quoted(option.value)} of `{prop.slug}` is archived and is given to no record"
        raise InvalidValueError(f"{message}; enable it first, or write another", code="invalid_option")
    if rivals:
        raise InvalidValueError(_several(prop.slug, value, rivals), code="invalid_option")
    problem = text_problem(trimmed(value), OPTION_CHARS_MAX)
    can_be_made = not (is_blank(value) or names.meant_by_case(value).rivals or problem)
    why = f": no option can have this label: {problem}" if problem else _clash(names, value)
    raise InvalidValueError(
        f"`{prop.slug}` must be {_choices(prop.options)}, not {found(value)}{why}",
        code="invalid_option",
        options=(value,) if can_be_made else (),
    )


def _several(slug: str, value: str, rivals: Sequence[Option]) -> str:
    if all(option.value == value for option in rivals):
        how = f"has several options called {quoted(value)}"
    else:
        # All rivals differ from the text by case, and perhaps from each other, so show each label exactly.
        which = " and of ".join(quoted(option.value) for option in rivals[:_OPTIONS_SHOWN])
        how = f"has no option called exactly {quoted(value)}, which but for case is a name of {which}"
    return f"`{slug}` {how}; write the {_telling(value, rivals)}"


def _telling(value: str, rivals: Sequence[Option]) -> str:
    # A text that is both a label and a slug identifies no option by name; then only ids do.
    shown, by_id = rivals[:_OPTIONS_SHOWN], value in {option.slug for option in rivals}
    names = ", ".join(f"`{option.id if by_id else option.slug}`" for option in shown)
    return f"{'id' if by_id else 'slug'} of the one meant: {names}"


def _clash(names: OptionNames, value: str) -> str:
    option, rivals = names.meant_by_case(value)
    if rivals:
        which = " and of ".join(f"`{option.slug}` ({quoted(option.value)})" for option in rivals[:_OPTIONS_SHOWN])
        return f": but for case it is a name of {which}; write a name exactly, or rename one of the options"
    if option is None:
        near = names.nearest(value)
        return f"; did you mean {quoted(near.value)}?" if near else ""
    if trimmed(value) != option.value and composed(trimmed(value)) == composed(option.value):
        # The texts look the same on a screen: Unicode can write one letter in several ways.
        return f": that is not letter for letter the label {quoted(option.value)}, however alike; write `{option.slug}`"
    return f"; did you mean {quoted(option.value)}?"


def _choices(options: tuple[Option, ...]) -> str:
    if not options:
        return "one of its options, of which it has none yet"
    options = tuple(option for option in options if option.enabled)
    shown = ", ".join(f"`{option.slug}`" for option in options[:_OPTIONS_SHOWN])
    rest = len(options) - _OPTIONS_SHOWN
    return f"one of {shown}{f' and {rest} more' if rest > 0 else ''}"


def unknown_options(parse: TextParser, value: object) -> tuple[str, ...]:
    """Return the unknown value that could become an option, if a value is one.

    Args:
        parse: A function from :func:`option_parser`.
        value: Any JSON value.
    """
    try:
        parse(value)
    except InvalidValueError as error:
        return error.options
    return ()
