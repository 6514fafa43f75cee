"""The values that a property accepts, and their stored and shown forms (contract, sections 13.2 and 21)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar

from prismd.core.ids import is_uuid
from prismd.core.properties.option_values import OPTION_CHARS_MAX, TextParser, option_parser, unknown_options
from prismd.core.properties.schema import OBJECT_TYPES, Kind, Property
from prismd.core.values.blanks import is_blank, trimmed
from prismd.core.values.dates import UnreadableDateError, stored_date, stored_day
from prismd.core.values.errors import InvalidValueError, found, refuse, text_problem
from prismd.core.values.key_references import KeyReference, key_reference
from prismd.core.values.numbers import INT_SURE, NUMBERS_KEPT, kept_exactly, spelling_advice, written_number

__all__ = [
    "OPTION_CHARS_MAX",
    "InvalidValueError",
    "Parser",
    "Stored",
    "ValueLimits",
    "parser_for",
    "remover_for",
    "render",
    "writer_for",
]

#: A reference by key stands for a record's id until it is looked up.
Stored = str | bool | int | Decimal | list[str] | KeyReference | list[str | KeyReference]
Parser = Callable[[object], Stored]

_Item = TypeVar("_Item")

_SHORT_CHARS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class ValueLimits:
    """Limits of the size of values.

    Args:
        text_chars_max: The most characters of a text.
        list_values_max: The most values of an array.
    """

    text_chars_max: int
    list_values_max: int


def parser_for(prop: Property, limits: ValueLimits) -> Parser:
    """Return the function that turns a JSON value into its stored form, or raises :class:`InvalidValueError`.

    An import makes it once and calls it for every row, so it decides as much as possible beforehand. It expects
    JSON numbers as int or Decimal, and never gets null.

    Args:
        prop: The property.
        limits: Limits of the value's size.
    """
    return _MAKERS[prop.kind](prop, limits)


def writer_for(prop: Property, limits: ValueLimits) -> Parser:
    """Return the parser for writes: an archived property or option takes no new values (contract, section 23, 103).

    Args:
        prop: The property.
        limits: Limits of the value's size.
    """
    if not prop.enabled:
        return _archived(prop)
    if prop.kind is Kind.SELECT:
        return option_parser(prop, assigns=True)
    if prop.kind is Kind.MULTISELECT:
        return _options_parser(prop, limits.list_values_max, assigns=True)
    return remover_for(prop, limits)


def remover_for(prop: Property, limits: ValueLimits) -> Parser:
    """Return the parser for values to remove: archived properties and options too, and references by key.

    Args:
        prop: The property.
        limits: Limits of the value's size.
    """
    if prop.target is None:
        return parser_for(prop, limits)
    one = _reference_parser(prop, limits.text_chars_max, by_key=True)
    return one if prop.kind is Kind.REF else _list_parser(prop.slug, one, limits.list_values_max, unique=True)


def _archived(prop: Property) -> Parser:
    def parse(value: object) -> Stored:
        if prop.holds_many and value == []:
            return []
        message = f"`{prop.slug}` is archived and takes no values, though those that it has can be cleared"
        raise InvalidValueError(f"{message}; enable it first, or leave it out", code="invalid_property")

    return parse


def render(prop: Property, stored: object) -> object:
    """Return a stored value in the form for clients: options by their slugs (contract, section 9.1).

    Args:
        prop: The property.
        stored: The stored value.
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
            message = f"`{slug}` must be a number of {NUMBERS_KEPT}, not {found(value)}"
            raise InvalidValueError(f"{message}; use a text property to keep it as written") from None

    return parse


def _boolean_parser(slug: str) -> Parser:
    def parse(value: object) -> bool:
        if value is True or value is False:
            return value
        written = trimmed(value).lower() if isinstance(value, str) and len(value) <= _SHORT_CHARS_MAX else None
        if written not in ("true", "false"):
            refuse(slug, "true or false", value, _truth_advice(written, value))
        return written == "true"

    return parse


_TRUE: Final = ("yes", "y", "t", "on", "1")
_FALSE: Final = ("no", "n", "f", "off", "0")


def _truth_advice(written: str | None, value: object) -> str:
    word = written if written is not None else str(value) if value in (0, 1) else None
    return "write true" if word in _TRUE else "write false" if word in _FALSE else ""


def _date_parser(prop: Property) -> Parser:
    read = stored_day if prop.holds_days else stored_date
    expected = (
        'a day such as "2024-05-31"' if prop.holds_days else 'a date such as "2024-05-31" or "2024-05-31T10:30:00Z"'
    )

    def parse(value: object) -> str:
        if not isinstance(value, str):
            refuse(prop.slug, expected, value, "put it in quotes, as year-month-day")
        try:
            return read(value)
        except UnreadableDateError as error:
            reason = "" if is_blank(value) else f": {error}"
            raise InvalidValueError(f"`{prop.slug}` must be {expected}, not {found(value)}{reason}") from None

    return parse


# --- select and multiselect ---


def _options_parser(prop: Property, values_max: int, *, assigns: bool) -> Parser:
    one = option_parser(prop, assigns=assigns)
    many = _list_parser(prop.slug, one, values_max, unique=True)

    def parse(value: object) -> Stored:
        try:
            return many(value)
        except InvalidValueError as error:
            if error.code == "invalid_option" and isinstance(value, list):
                error.options = tuple(dict.fromkeys(option for item in value for option in unknown_options(one, item)))
            raise

    return parse


# --- arrays and references ---


def _list_parser(
    slug: str, parse_one: Callable[[object], _Item], values_max: int, *, unique: bool = False
) -> Callable[[object], list[_Item]]:
    def parse(value: object) -> list[_Item]:
        if not isinstance(value, list):
            return [parse_one(value)]
        if len(value) > values_max:
            raise InvalidValueError(f"`{slug}` has {len(value):,} values and may have at most {values_max:,}")
        parsed = [parse_one(item) for item in value]
        return list(dict.fromkeys(parsed)) if unique else parsed

    return parse


def _reference_parser(
    prop: Property, chars_max: int, *, by_key: bool = False
) -> Callable[[object], str | KeyReference]:
    slug, to_contact, by_key = prop.slug, prop.target == "contact", by_key and prop.target in OBJECT_TYPES
    expected = f"the id of {_a(prop.target or '')}" + (" or an email address" if to_contact else "")

    def parse(value: object) -> str | KeyReference:
        meant = value
        if isinstance(value, dict):
            if by_key and "id" not in value:
                return key_reference(slug, value, chars_max)
            meant = value.get("id", value)
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
    Kind.DATE: lambda prop, _: _date_parser(prop),
    Kind.SELECT: lambda prop, _: option_parser(prop, assigns=False),
    Kind.MULTISELECT: lambda prop, limits: _options_parser(prop, limits.list_values_max, assigns=False),
    Kind.MULTI_STR: lambda prop, limits: _list_parser(
        prop.slug, _text_parser(prop.slug, limits.text_chars_max, "a list of texts"), limits.list_values_max
    ),
    Kind.REF: lambda prop, limits: _reference_parser(prop, limits.text_chars_max),
    Kind.MULTIREF: lambda prop, limits: _list_parser(
        prop.slug, _reference_parser(prop, limits.text_chars_max), limits.list_values_max, unique=True
    ),
}
