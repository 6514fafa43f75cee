"""Conditions of filters: the operators, the property types that they apply to, and reading their values."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.properties.schema import Kind, Property
from prismd.core.queries.paths import IDENTIFIER, Path
from prismd.core.queries.patterns import PARTS_MAX, parts_of
from prismd.core.values.booleans import written_boolean
from prismd.core.values.dates import comparable_date
from prismd.core.values.errors import found, text_problem
from prismd.core.values.property_values import InvalidValueError, ValueLimits, parser_for
from prismd.core.wording.quoting import nearest, quoted

#: Maximum length of a pattern of ``like_regex``, in characters.
PATTERN_CHARS_MAX: Final = 1_000

_BETWEEN_VALUES: Final = 2


class Operator(enum.Enum):
    """The comparison of a condition; several have more than one name in requests."""

    EQUALS = "is one of the given ones"
    LESS = "is less than"
    AT_MOST = "is at most"
    MORE = "is more than"
    AT_LEAST = "is at least"
    BETWEEN = "is from the first to the second"
    CONTAINS = "contains the text"
    BEGINS = "begins with"
    ENDS = "ends with"
    MATCHES = "matches the pattern"
    PRESENT = "is there"


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of the values at the end of a path: one of them must pass, or, if negated, none of them.

    Args:
        path: The path to the values.
        operator: The comparison.
        values: The values to compare with, in comparable form (see :func:`comparable`).
        negated: Whether the condition matches records without a passing value.
    """

    path: Path
    operator: Operator
    values: tuple[Any, ...] = ()
    negated: bool = False


_EQUALITY: Final = {"=": False, "in": False, "!=": True, "not_in": True}
_ORDER: Final = {
    "<": Operator.LESS, "<=": Operator.AT_MOST, ">": Operator.MORE, ">=": Operator.AT_LEAST,
    "between": Operator.BETWEEN,
}  # fmt: skip
_CONTAINMENT: Final = {"contains": False, "not_contains": True}
_TEXTUAL: Final = {"begins_with": Operator.BEGINS, "ends_with": Operator.ENDS, "like_regex": Operator.MATCHES}
_PRESENCE: Final = {"is_null": True, "not_exists": True, "is_not_null": False, "exists": False}

#: The names of all operators (contract, section 9.4).
OPERATOR_NAMES: Final = (*_EQUALITY, *_ORDER, *_CONTAINMENT, *_TEXTUAL, *_PRESENCE)

_ORDERED: Final = {Kind.STR, Kind.TEXT, Kind.MULTI_STR, Kind.NUM, Kind.DATE}
_TEXTS: Final = {Kind.STR, Kind.TEXT, Kind.MULTI_STR}
_SELECTS: Final = {Kind.SELECT, Kind.MULTISELECT}
_ARRAYS: Final = {Kind.MULTI_STR, Kind.MULTISELECT, Kind.MULTIREF}


def operator_names(prop: Property) -> list[str]:
    """Return the names of the operators that apply to a property."""
    names = [*_EQUALITY]
    if prop is not IDENTIFIER:
        names += _ORDER if prop.kind in _ORDERED else ()
        names += _CONTAINMENT if prop.kind in _TEXTS | _ARRAYS else ()
        names += _TEXTUAL if prop.kind in _TEXTS else ()
    return [*names, *_PRESENCE]


def comparable(prop: Property, stored: Any) -> Any:  # noqa: ANN401 - any stored value
    """Return one stored value in the form for comparisons: a day becomes the moment of its start."""
    return comparable_date(stored, day=prop.holds_days) if prop.kind is Kind.DATE else stored


def parse_condition(path: Path, name: str, value: object, limits: ValueLimits, field: str) -> list[Condition]:
    """Return the conditions of an operator with its value; all of them must hold.

    Args:
        path: The path to the values.
        name: Name of the operator, exactly as the caller sent it.
        value: The operator's value, as decoded from JSON.
        limits: The limits of values.
        field: Path of the value in the request.

    Raises:
        PrismdError: ``invalid_request``: the operator is unknown, or does not apply to this type or this value.
    """
    prop = path.leaf
    _check_operator(prop, name, field)
    if name in _PRESENCE:
        return [Condition(path, Operator.PRESENT, negated=_PRESENCE[name] == _truth(value, field))]
    values = _Values(prop, limits, field)
    if name in _EQUALITY:
        many = name in ("in", "not_in")
        given = values.some(value) if many else [values.equal_to(value)]
        return [Condition(path, Operator.EQUALS, tuple(chain(*given)), negated=_EQUALITY[name])]
    if name in _CONTAINMENT:
        return _containment(path, values.some(value), negated=_CONTAINMENT[name])
    if name == "between":
        return [Condition(path, Operator.BETWEEN, values.two(value))]
    if name == "like_regex":
        return [Condition(path, Operator.MATCHES, (_pattern(value, field),))]
    return [Condition(path, _ORDER.get(name) or _TEXTUAL[name], (values.one(value),))]


def _containment(path: Path, values: Sequence[tuple[Any, ...]], *, negated: bool) -> list[Condition]:
    # An array contains values; a text contains parts.
    operator = Operator.EQUALS if path.leaf.kind in _ARRAYS else Operator.CONTAINS
    return [Condition(path, operator, value, negated=negated) for value in values]


def _truth(value: object, field: str) -> bool:
    truth = written_boolean(value) if isinstance(value, str) else value
    if not isinstance(truth, bool):
        raise PrismdError.invalid(field, f"expected true or false, found {found(value)}")
    return truth


def _check_operator(prop: Property, name: str, field: str) -> None:
    if name not in OPERATOR_NAMES:
        hint = '; did you mean "="?' if name == "==" else nearest(name, OPERATOR_NAMES)
        raise PrismdError.invalid(field, f"there is no operator {quoted(name)}{hint}", "enum")
    usable = operator_names(prop)
    if name not in usable:
        message = f"{quoted(name)} makes no sense for {prop.slug}, which is of type {prop.type}"
        raise PrismdError.invalid(field, f"{message}; use one of {', '.join(usable)}", "enum")


def _pattern(value: object, field: str) -> str:
    if not isinstance(value, str):
        raise PrismdError.invalid(field, f"expected a regular expression, found {found(value)}")
    if problem := text_problem(value, PATTERN_CHARS_MAX):
        raise PrismdError.invalid(field, f"{quoted(value)} is no regular expression that can be used: {problem}")
    if (parts := parts_of(value)) > PARTS_MAX:
        message = f"with its repeats written out it has {parts:,} parts, the most is {PARTS_MAX:,}; repeat less"
        raise PrismdError.invalid(field, message, "pattern")
    return value


class _Values:
    """Reads the values that a condition compares a property with."""

    def __init__(self, prop: Property, limits: ValueLimits, field: str) -> None:
        self._prop = prop
        self._limits = limits
        self._field = field
        self._parse = parser_for(prop, limits)

    def one(self, value: object) -> Any:  # noqa: ANN401 - a comparable value of any type
        if value is None or (isinstance(value, list) and self._prop.kind in _ARRAYS):
            shown = "null" if value is None else "a list"
            raise PrismdError.invalid(
                self._field, f"expected one value, found {shown}; use is_null or in for what that may mean"
            )
        if self._prop is IDENTIFIER and not (isinstance(value, str) and is_uuid(value)):
            raise PrismdError.invalid(self._field, f"expected the id of a record, found {found(value)}", "format")
        try:
            parsed: Any = self._parse(value)
        except InvalidValueError as error:
            raise PrismdError.invalid(self._field, error.message) from None
        parsed = parsed[0] if isinstance(parsed, list) else parsed
        return parsed.lower() if self._prop is IDENTIFIER else comparable(self._prop, parsed)

    def equal_to(self, value: object) -> tuple[Any, ...]:
        """Return the values equal to a given one: itself, or none if it names an option that does not exist."""
        return () if self._names_no_option(value) else (self.one(value),)

    def some(self, value: object) -> list[tuple[Any, ...]]:
        """Return, for each given value, the values equal to it: one, or none."""
        given = value if isinstance(value, list) else [value]
        most = self._limits.list_values_max
        if not 1 <= len(given) <= most:
            raise PrismdError.invalid(self._field, f"expected 1 to {most} values, found {len(given)}", "maxItems")
        return [self.equal_to(item) for item in given]

    def _names_no_option(self, value: object) -> bool:
        # A team need not have the options that clients name (contract, section 23, fact 114).
        if self._prop.kind not in _SELECTS or not isinstance(value, str):
            return False
        try:
            self._parse(value)
        except InvalidValueError:
            # A label that several options share is refused as ambiguous.
            return all(option.value != value for option in self._prop.options)
        return False

    def two(self, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != _BETWEEN_VALUES:
            shown = f"{len(value)} values" if isinstance(value, list) else found(value)
            message = f"expected two values, the least and the greatest, found {shown}"
            raise PrismdError.invalid(self._field, message, "minItems")
        return tuple(self.one(item) for item in value)
