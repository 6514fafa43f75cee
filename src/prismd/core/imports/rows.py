"""One row of an import: from JSON to validated values, or to the problems that refuse it; never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from prismd.core.json_text import NotJsonError, decode
from prismd.core.quoting import nearest, quoted
from prismd.core.records import ArrayChange, ArrayOperation
from prismd.core.schema import OBJECT_TYPES, Kind, ObjectSchema, Property
from prismd.core.values import InvalidValueError, ValueLimits, parser_for

_FIELDS: Final = ("default", "list", "extended")

#: Looking for the nearest known slug is slow, so one parser does it for that many unknown slugs and no more.
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
    """A row whose values are valid: by slug, with None to clear and :class:`ArrayChange` to change an array."""

    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be imported, with every reason found; the first is told first."""

    problems: list[Problem] = field(default_factory=list)


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
            prop.slug: _read_only(prop) if prop.read_only else parser_for(prop, limits.values) for prop in schema
        }
        self._hints: dict[str, str] = {}
        self._read_only = {prop.slug for prop in schema if prop.read_only}
        #: Slugs of the references whose targets must exist, because prismd holds records of their type.
        self.reference_slugs = {
            prop.slug: prop.target
            for prop in schema
            if prop.kind in (Kind.REF, Kind.MULTIREF) and prop.target in OBJECT_TYPES
        }

    def parse(self, raw: bytes | msgspec.Raw) -> Row | RefusedRow:
        """Return the row's values, or why it is refused (contract, sections 9.1, 19.2 and 21).

        Args:
            raw: JSON text of the row.
        """
        size = memoryview(raw).nbytes
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
        return self._parse_fields(fields)

    def _parse_fields(self, fields: Mapping[str, object]) -> Row | RefusedRow:
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        parsers = self._parsers
        for slug, value in fields.items():
            parse = parsers.get(slug)
            if parse is None:
                problems.append(self._unknown(slug))
                continue
            try:
                if value is None and slug not in self._read_only:
                    values[slug] = None
                elif type(value) is dict and "_op" in value:
                    values[slug] = self._array_change(self._schema.properties[slug], value)
                else:
                    values[slug] = parse(value)
            except InvalidValueError as error:
                problems.append(Problem(error.code, error.message, slug, error.options))
        return RefusedRow(self._listed(problems)) if problems else Row(values)

    def _array_change(self, prop: Property, value: Mapping[str, object]) -> ArrayChange:
        parse = self._parsers[prop.slug]
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
        if slug not in self._hints and len(self._hints) < _HINTS_MAX:
            self._hints[slug] = nearest(slug, self._schema.properties)
        message = f"{self._schema.object_type} has no property {quoted(slug)}{self._hints.get(slug, '')}"
        return Problem("invalid_property", message, quoted(slug)[1:-1])

    def _listed(self, problems: list[Problem]) -> list[Problem]:
        most = self._limits.row_errors_max
        if len(problems) <= most:
            return problems
        rest = Problem("invalid_row", f"the row has {len(problems) - most} further problems, which are not listed")
        return [*problems[:most], rest]


def _fields_of(row: object, schema: ObjectSchema) -> dict[str, object] | RefusedRow:
    if not isinstance(row, dict):
        return refused("invalid_row", 'expected an object such as {"default": {...}}, found something else')
    if "id" in row:
        return refused("invalid_row", "a row has no id of its own; name a key property in dedupe_by instead")
    for name in row:
        if name not in _FIELDS:
            hint = '; put property values inside "default"' if schema.get(name) else nearest(name, _FIELDS)
            return refused("invalid_row", f"a row has no field {quoted(name)}{hint}")
    for name in _FIELDS:
        if row.get(name) is not None and not isinstance(row[name], dict):
            return refused("invalid_row", f"{name} must be an object of property slugs and values")
    if row.get("list"):
        return refused("invalid_row", "values that belong to a list are not supported yet; leave list out")
    default, extended = row.get("default") or {}, row.get("extended") or {}
    for slug in default.keys() & extended.keys():
        return refused("invalid_row", f"{quoted(slug)} stands in default and in extended; keep one of them", slug)
    return {**default, **extended}


def _read_only(prop: Property) -> Any:  # noqa: ANN401 - stands where a parser stands
    def refuse(_value: object) -> object:
        raise InvalidValueError(f"{prop.slug} is set by the server; leave it out", code="read_only_property")

    return refuse
