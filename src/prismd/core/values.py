"""What values a property accepts, and in what form they are stored and shown (contract, sections 13.2 and 21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from prismd.core.dates import UnreadableDateError, stored_date
from prismd.core.ids import is_uuid
from prismd.core.numbers import DIGITS_MAX, INT_SURE, kept_exactly, spelling_advice, written_number
from prismd.core.quoting import quoted
from prismd.core.schema import Kind, Option, Property
from prismd.core.value_errors import InvalidValueError, found, refuse, text_problem

__all__ = ["OPTION_CHARS_MAX", "InvalidValueError", "Parser", "Stored", "ValueLimits", "parser_for", "render"]

Stored = str | bool | int | Decimal | list[str]
Parser = Callable[[object], Stored]
TextParser = Callable[[object], str]

#: Longest name of an option; a longer unknown value is never made into one.
OPTION_CHARS_MAX: Final = 200

_OPTIONS_SHOWN: Final = 8
_SHORT_CHARS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class ValueLimits:
    """How much a value may hold.

    Args:
        text_chars_max: Characters of one text.
        list_values_max: Values of one array.
    """

    text_chars_max: int
    list_values_max: int


def parser_for(prop: Property, limits: ValueLimits) -> Parser:
    """Return the function that turns a JSON value into what is stored, or raises :class:`InvalidValueError`.

    It is made once for an import and called for every row, so all that can be decided beforehand is. It expects
    JSON numbers as int or Decimal, and is never given null.

    Args:
        prop: The property.
        limits: How much a value may hold.
    """
    return _MAKERS[prop.kind](prop, limits)


def render(prop: Property, stored: object) -> object:
    """Return a stored value as it is sent to clients: options by their slugs (contract, section 9.1).

    Args:
        prop: The property.
        stored: Its value as stored.
    """
    if prop.kind is Kind.SELECT:
        return next((option.slug for option in prop.options if option.id == stored), stored)
    if prop.kind is Kind.MULTISELECT and isinstance(stored, list):
        slugs = {option.id: option.slug for option in prop.options}
        return [slugs.get(option, option) for option in stored]
    return stored


# --- text ---


def _text_parser(slug: str, chars_max: int, expected: str) -> TextParser:
    def parse(value: object) -> str:
        if type(value) is str and len(value) <= chars_max and value.isascii() and "\0" not in value:
            return value
        if not isinstance(value, str):
            number = isinstance(value, int | Decimal) and not isinstance(value, bool)
            refuse(slug, expected, value, "put it in quotes to keep it exactly as written" if number else "")
        problem = text_problem(value, chars_max)
        if problem is not None:
            raise InvalidValueError(f"`{slug}` cannot hold {found(value)}: {problem}")
        return value

    return parse


# --- num, bool, date ---


def _number_parser(slug: str) -> Parser:
    def parse(value: object) -> int | Decimal:
        if type(value) is int and -INT_SURE < value < INT_SURE:
            return value
        number = written_number(value) if isinstance(value, str) else value
        if isinstance(number, bool) or not isinstance(number, int | Decimal):
            advice = spelling_advice(value) if isinstance(value, str) else ""
            refuse(slug, 'a number such as 42 or "-1.50"', value, advice)
        try:
            return kept_exactly(number)
        except ArithmeticError:
            limits = f"at most {DIGITS_MAX} significant digits, between 1e-300 and 1e300"
            raise InvalidValueError(
                f"`{slug}` must be a number of {limits}, not {found(value)}; use a text property to keep it as written"
            ) from None

    return parse


def _boolean_parser(slug: str) -> Parser:
    def parse(value: object) -> bool:
        if value is True or value is False:
            return value
        written = value.strip().lower() if isinstance(value, str) and len(value) <= _SHORT_CHARS_MAX else None
        if written not in ("true", "false"):
            refuse(slug, "true or false", value)
        return written == "true"

    return parse


def _date_parser(slug: str) -> Parser:
    def parse(value: object) -> str:
        if not isinstance(value, str):
            refuse(slug, 'a date such as "2024-05-31" or "2024-05-31T10:30:00Z"', value)
        try:
            return stored_date(value)
        except UnreadableDateError as error:
            raise InvalidValueError(
                f'`{slug}` must be a date such as "2024-05-31" or "2024-05-31T10:30:00Z", not {found(value)}: {error}'
            ) from None

    return parse


# --- select and multiselect ---


def _option_parser(prop: Property) -> TextParser:
    known = _options_by_name(prop.options)

    def parse(value: object) -> str:
        option = known.get(value) if type(value) is str else None
        return option if option is not None else _option_spelled_otherwise(prop, known, value)

    return parse


def _options_by_name(options: tuple[Option, ...]) -> dict[str, str]:
    # Later entries win: a slug over an id over a label, and a label that two options share means neither.
    labels: dict[str, str] = {}
    shared: set[str] = set()
    for option in options:
        if labels.setdefault(option.value, option.id) != option.id:
            shared.add(option.value)
    named = {label: option_id for label, option_id in labels.items() if label not in shared}
    return named | {option.id: option.id for option in options} | {option.slug: option.id for option in options}


def _option_spelled_otherwise(prop: Property, known: dict[str, str], value: object) -> str:
    if not isinstance(value, str):
        refuse(prop.slug, "the name of one of its options", value)
    if is_uuid(value) and value.lower() in known:
        return known[value.lower()]
    shared = [option.slug for option in prop.options if option.value == value]
    if shared:
        names = ", ".join(f"`{slug}`" for slug in shared[:_OPTIONS_SHOWN])
        raise InvalidValueError(
            f"`{prop.slug}` has several options called {quoted(value)}; write the slug of the one meant: {names}",
            code="invalid_option",
        )
    can_be_made = bool(value.strip()) and text_problem(value, OPTION_CHARS_MAX) is None
    raise InvalidValueError(
        f"`{prop.slug}` must be {_choices(prop.options)}, not {found(value)}",
        code="invalid_option",
        options=(value,) if can_be_made else (),
    )


def _choices(options: tuple[Option, ...]) -> str:
    if not options:
        return "one of its options, of which it has none yet"
    shown = ", ".join(f"`{option.slug}`" for option in options[:_OPTIONS_SHOWN])
    rest = len(options) - _OPTIONS_SHOWN
    return f"one of {shown}{f' and {rest} more' if rest > 0 else ''}"


def _options_parser(prop: Property, values_max: int) -> Parser:
    one = _option_parser(prop)
    many = _list_parser(prop.slug, one, values_max, unique=True)

    def parse(value: object) -> Stored:
        try:
            return many(value)
        except InvalidValueError as error:
            if error.code == "invalid_option" and isinstance(value, list):
                error.options = tuple(dict.fromkeys(option for item in value for option in _unknown(one, item)))
            raise

    return parse


def _unknown(parse: TextParser, value: object) -> tuple[str, ...]:
    try:
        parse(value)
    except InvalidValueError as error:
        return error.options
    return ()


# --- arrays and references ---


def _list_parser(slug: str, parse_one: TextParser, values_max: int, *, unique: bool = False) -> Parser:
    def parse(value: object) -> list[str]:
        if not isinstance(value, list):
            return [parse_one(value)]
        if len(value) > values_max:
            raise InvalidValueError(f"`{slug}` has {len(value):,} values and may have at most {values_max:,}")
        parsed = [parse_one(item) for item in value]
        return list(dict.fromkeys(parsed)) if unique else parsed

    return parse


def _reference_parser(prop: Property, chars_max: int) -> TextParser:
    slug, to_contact = prop.slug, prop.target == "contact"
    expected = f"the id of {_a(prop.target or '')}" + (" or an email address" if to_contact else "")

    def parse(value: object) -> str:
        meant = value["id"] if isinstance(value, dict) and "id" in value else value
        if not isinstance(meant, str):
            refuse(slug, expected, meant)
        if is_uuid(meant):
            return meant.lower()
        if not (to_contact and "@" in meant and text_problem(meant, chars_max) is None):
            refuse(slug, expected, meant)
        return meant

    return parse


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeio" else f"a {noun}"


_MAKERS: Final[dict[Kind, Callable[[Property, ValueLimits], Parser]]] = {
    Kind.STR: lambda prop, limits: _text_parser(prop.slug, limits.text_chars_max, "text"),
    Kind.TEXT: lambda prop, limits: _text_parser(prop.slug, limits.text_chars_max, "text"),
    Kind.NUM: lambda prop, _: _number_parser(prop.slug),
    Kind.BOOL: lambda prop, _: _boolean_parser(prop.slug),
    Kind.DATE: lambda prop, _: _date_parser(prop.slug),
    Kind.SELECT: lambda prop, _: _option_parser(prop),
    Kind.MULTISELECT: lambda prop, limits: _options_parser(prop, limits.list_values_max),
    Kind.MULTI_STR: lambda prop, limits: _list_parser(
        prop.slug, _text_parser(prop.slug, limits.text_chars_max, "a list of texts"), limits.list_values_max
    ),
    Kind.REF: lambda prop, limits: _reference_parser(prop, limits.text_chars_max),
    Kind.MULTIREF: lambda prop, limits: _list_parser(
        prop.slug, _reference_parser(prop, limits.text_chars_max), limits.list_values_max, unique=True
    ),
}
