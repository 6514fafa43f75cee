"""One row of an import: from JSON to validated values, or to the problems that refuse it; never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from prismd.core.json_text import NotJsonError, decode
from prismd.core.quoting import nearest, quoted
from prismd.core.records import ArrayChange, ArrayOperation
from prismd.core.schema import Kind, ObjectSchema, Property
from prismd.core.values import InvalidValueError, ValueLimits, parser_for

_FIELDS: Final = ("default", "list", "extended")

_TEXT_KINDS: Final = (Kind.STR, Kind.TEXT)
_NONE: Final[frozenset[str]] = frozenset()

#: Looking for the nearest known slug is slow, so one parser does it for that many unknown slugs and no more; rows that
#: have the same ones share what is said of them, as there can be hundreds of thousands in a chunk.
_HINTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class RowLimits:
    """How large a row may be.

    Args:
        values: Limits of single values.
        row_bytes_max: Most bytes of JSON of one row.
        row_errors_max: Most problems that are listed for one row.
    """

    values: ValueLimits
    row_bytes_max: int
    row_errors_max: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why a row is refused.

    Args:
        code: A key of ``core.errors.ROW_CODES``.
        message: A sentence that a person who made the file understands.
        slug: The property at fault, where there is one.
        missing_options: The values that are not options of a select property, where that is the whole problem.
    """

    code: str
    message: str
    slug: str | None = None
    missing_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row whose values are valid.

    Args:
        values: By slug, with None to clear and :class:`ArrayChange` to change an array.
        plain: Whether no value clears or changes, so that a new record simply has the values.
    """

    values: dict[str, Any]
    plain: bool = False


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be imported, with every reason found; the first is told first."""

    problems: list[Problem] = field(default_factory=list)


#: Parsed rows, in input order.
Rows = list[Row | RefusedRow]


def refused(code: str, message: str, slug: str | None = None) -> RefusedRow:
    """Return a row refused for one reason."""
    return RefusedRow([Problem(code, message, slug)])


class RowParser:
    """Reads the rows of one object type.

    Args:
        schema: The team's properties of that type.
        limits: How large rows and values may be.
    """

    def __init__(self, schema: ObjectSchema, limits: RowLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._parsers = {
            prop.key: _read_only(prop) if prop.read_only else parser_for(prop, limits.values) for prop in schema
        }
        self._unknown_slugs: dict[str, Problem] = {}
        self._texts = frozenset(prop.key for prop in schema if prop.kind in _TEXT_KINDS and not prop.read_only)
        self._writable = {prop.key for prop in schema if not prop.read_only}

    def parse(self, raw: bytes | msgspec.Raw) -> Row | RefusedRow:
        """Return the row's values, or why it is refused (contract, sections 9.1, 19.2 and 21).

        Args:
            raw: JSON text of the row.
        """
        raw = bytes(raw)
        size = len(raw)
        if size > self._limits.row_bytes_max:
            return refused("invalid_row", f"the row has {size} bytes, the most is {self._limits.row_bytes_max}")
        try:
            row = decode(raw)
        except NotJsonError as error:
            return refused("invalid_row", f"the row cannot be read: {error}")
        fields = row.get("default") if type(row) is dict and len(row) == 1 else None
        if type(fields) is not dict:
            fields = _fields_of(row, self._schema)
            if isinstance(fields, RefusedRow):
                return fields
        # What text may not hold is only ever written as an escape, and what is too long makes its row longer still.
        texts = self._texts if b"\\" not in raw and size <= self._limits.values.text_chars_max else _NONE
        return self._parse_fields(fields, texts)

    def _parse_fields(self, fields: Mapping[str, object], texts: frozenset[str]) -> Row | RefusedRow:
        # Nearly every row is plain and right, and is read in one go; the others are read again, value by value.
        parsers = self._parsers
        try:
            values = {
                slug: value if (type(value) is str and slug in texts) or value is None else parsers[slug](value)
                for slug, value in fields.items()
            }
        except (KeyError, InvalidValueError):
            return self._parse_one_by_one(fields)
        plain = None not in values.values() and [] not in values.values()
        if not plain and not self._writable.issuperset(values):
            return self._parse_one_by_one(fields)
        return Row(values, plain)

    def _parse_one_by_one(self, fields: Mapping[str, object]) -> Row | RefusedRow:
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for slug, value in fields.items():
            if slug not in self._parsers:
                problems.append(self._unknown(slug))
                continue
            try:
                values[slug] = self._parse_value(slug, value)
            except InvalidValueError as error:
                problems.append(Problem(error.code, error.message, slug, error.options))
        return RefusedRow(self._listed(problems)) if problems else Row(values)

    def _parse_value(self, slug: str, value: object) -> Any:  # noqa: ANN401 - a stored value of any type
        if value is None and slug in self._writable:
            return None
        if type(value) is dict and "_op" in value:
            return self._array_change(self._schema.properties[slug], value)
        return self._parsers[slug](value)

    def _array_change(self, prop: Property, value: Mapping[str, object]) -> ArrayChange:
        parse = self._parsers[prop.key]
        if prop.read_only or not prop.holds_many:
            if prop.read_only:
                parse(value)
            raise InvalidValueError(f"{prop.slug} holds one value, so it takes no _op")
        operation, values = value["_op"], value.get("values")
        if (
            operation not in list(ArrayOperation)
            or not isinstance(values, list)
            or len(value) != len(("_op", "values"))
        ):
            message = f'{prop.slug} expects {{"_op": "append" or "remove", "values": [...]}}, found something else'
            raise InvalidValueError(message)
        parsed = parse(values)
        assert isinstance(parsed, list)  # noqa: S101 - parsers of properties that hold many return lists
        return ArrayChange(ArrayOperation(str(operation)), parsed)

    def _unknown(self, slug: str) -> Problem:
        problem = self._unknown_slugs.get(slug)
        if problem is None:
            shared = len(self._unknown_slugs) < _HINTS_MAX
            hint = nearest(slug, self._schema.properties) if shared else ""
            shown = quoted(slug)
            problem = Problem(
                "invalid_property", f"{self._schema.object_type} has no property {shown}{hint}", shown[1:-1]
            )
            if shared:
                self._unknown_slugs[slug] = problem
        return problem

    def _listed(self, problems: list[Problem]) -> list[Problem]:
        most = self._limits.row_errors_max
        if len(problems) <= most:
            return problems
        rest = Problem("invalid_row", f"the row has {len(problems) - most} further problems, which are not listed")
        return [*problems[:most], rest]


def _fields_of(row: object, schema: ObjectSchema) -> dict[str, object] | RefusedRow:
    if not isinstance(row, dict):
        return refused("invalid_row", 'expected an object such as {"default": {...}}, found something else')
    problem = _shape_problem(row, schema)
    if problem:
        return refused("invalid_row", problem)
    return {**(row.get("default") or {}), **(row.get("extended") or {})}


def _shape_problem(row: Mapping[str, Any], schema: ObjectSchema) -> str:
    if "id" in row:
        return "a row has no id of its own; name a key property in dedupe_by instead"
    for name in row:
        if name not in _FIELDS:
            hint = '; put property values inside "default"' if schema.get(name) else nearest(name, _FIELDS)
            return f"a row has no field {quoted(name)}{hint}"
    for name in _FIELDS:
        if row.get(name) is not None and not isinstance(row[name], dict):
            return f"{name} must be an object of property slugs and values"
    if row.get("list"):
        return "values that belong to a list are not supported yet; leave list out"
    for slug in (row.get("default") or {}).keys() & (row.get("extended") or {}).keys():
        return f"{quoted(slug)} stands in default and in extended; keep one of them"
    return ""


def _read_only(prop: Property) -> Any:  # noqa: ANN401 - stands where a parser stands
    def refuse(_value: object) -> object:
        raise InvalidValueError(f"{prop.slug} is set by the server; leave it out", code="read_only_property")

    return refuse
