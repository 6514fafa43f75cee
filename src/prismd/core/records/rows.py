"""Reading one row of an import: JSON becomes validated values, or the problems that refuse it; nothing is raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from prismd.core.ids import is_uuid
from prismd.core.json.text import NotJsonError, decode, decode_texts
from prismd.core.json.unknown_members import IN_DEFAULT, no_field
from prismd.core.properties.schema import APP_STAGE, LISTS_KEY, STATUS, ObjectSchema, property_key
from prismd.core.records.fields import FieldParser, Problem, Row
from prismd.core.records.merging import ArrayChange, ArrayOperation
from prismd.core.values.errors import found
from prismd.core.values.property_values import ValueLimits
from prismd.core.wording.quoting import quoted

__all__ = ["Problem", "RefusedRow", "Row", "RowLimits", "RowParser", "Rows", "refused"]

_FIELDS: Final = ("default", "list", "extended")


@dataclass(frozen=True, slots=True)
class RowLimits:
    """The limits of a row.

    Args:
        values: The limits of single values.
        row_bytes_max: Maximum size of a row, in bytes of JSON.
        row_errors_max: Maximum number of problems to list for one row.
    """

    values: ValueLimits
    row_bytes_max: int
    row_errors_max: int


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be imported, with every problem found, in the order in which they are shown."""

    problems: list[Problem] = field(default_factory=list)


#: Parsed rows, in input order.
Rows = list[Row | RefusedRow]

#: Values by slug, exactly as the caller sent them, by list; the list None holds the record's own values.
_Parts = dict[str | None, dict[str, object]]


def refused(code: str, message: str, slug: str | None = None) -> RefusedRow:
    """Return a row that is refused for one problem."""
    return RefusedRow([Problem(code, message, slug)])


class RowParser:
    """Reads the rows of one object type.

    Args:
        schema: The schema of the rows' type.
        limits: The limits of rows and values.
        list_id: A list that every row's record joins; ``list`` can hold slugs of this list without its id.
        require_stage: Whether to refuse rows without a stage in that list.
    """

    def __init__(
        self,
        schema: ObjectSchema,
        limits: RowLimits,
        list_id: str | None = None,
        *,
        require_stage: bool = False,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._list_id = list_id
        self._require_stage = require_stage
        # Every list has at least its stage property.
        self._lists = {prop.list_id for prop in schema if prop.list_id is not None}
        self._default = FieldParser(schema, limits.values)
        self._of_lists: dict[str | None, FieldParser] = {None: self._default}

    def parse_all(self, rows: Sequence[bytes | msgspec.Raw]) -> Rows:
        """Return the values of rows, each as :meth:`parse` returns it.

        Args:
            rows: JSON texts of rows.
        """
        return [self.parse(raw) for raw in rows]

    def parse(self, raw: bytes | msgspec.Raw) -> Row | RefusedRow:
        """Return the row's values, or the problems that refuse it (contract, sections 9.1, 19.2 and 21).

        Args:
            raw: JSON text of the row.
        """
        raw = bytes(raw)
        size = len(raw)
        if size > self._limits.row_bytes_max:
            return refused("invalid_row", f"the row has {size} bytes, the most is {self._limits.row_bytes_max}")
        # Characters that no text can have need an escape, and a row is at least as long as each of its texts.
        texts_are_fine = b"\\" not in raw and size <= self._limits.values.text_chars_max
        if texts_are_fine and self._list_id is None and (texts := decode_texts(raw, "default")) is not None:
            plain = self._default.parse_texts(texts, raw)
            return self._refused(plain) if isinstance(plain, list) else plain
        try:
            row = decode(raw)
        except NotJsonError as error:
            return refused("invalid_row", f"the row cannot be read: {error}")
        fields = row.get("default") if type(row) is dict and len(row) == 1 and self._list_id is None else None
        if type(fields) is not dict:
            return self._parse_buckets(row, texts_are_fine=texts_are_fine)
        parsed = self._default.parse(fields, texts_are_fine=texts_are_fine)
        return parsed if isinstance(parsed, Row) else self._refused(parsed)

    def _parse_buckets(self, row: object, *, texts_are_fine: bool) -> Row | RefusedRow:
        if not isinstance(row, dict):
            return refused("invalid_row", 'expected an object such as {"default": {...}}, found something else')
        parts: _Parts = {}
        problem = _shape_problem(row, self._schema) or self._take_apart(row, parts)
        if problem:
            return refused("invalid_row", problem)
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for list_id, fields in parts.items():
            parsed = self._parse_part(list_id, fields, texts_are_fine=texts_are_fine)
            if isinstance(parsed, list):
                problems += parsed
            else:
                values |= {property_key(slug, list_id): value for slug, value in parsed.values.items()}
        problems += self._stage_problems(parts)
        if problems:
            return self._refused(problems)
        member = _member(values, [list_id for list_id in parts if list_id is not None])
        member.id = row["id"].lower() if "id" in row else None
        return member

    def _take_apart(self, row: Mapping[str, Any], parts: _Parts) -> str:
        """Sort values by the list that they belong to; return the fault of the row, or an empty text."""
        parts[None] = {**(row.get("default") or {}), **(row.get("extended") or {})}
        if self._list_id is not None:
            # If the import names a list, these slugs mean the stage of that list wherever the row has them.
            names = (APP_STAGE, STATUS) if self._has_two_names(self._list_id) else (APP_STAGE,)
            parts[self._list_id] = {name: parts[None].pop(name) for name in names if name in parts[None]}
        for name, value in (row.get("list") or {}).items():
            fields = value if is_uuid(name) else {name: value}
            list_id = name.lower() if is_uuid(name) else self._list_id
            if list_id is None:
                return f"list holds {quoted(name)}, which is no id of a list; write it as " + _EXAMPLE
            if not isinstance(fields, dict):
                return f"list must hold an object of property slugs and values for the list {list_id}"
            twice = parts.setdefault(list_id, {}).keys() & fields.keys()
            if twice:
                return f"{quoted(min(twice))} stands twice for the list {list_id}; keep one of them"
            parts[list_id] |= fields
        return next(filter(None, (self._name_stage(list_id, parts[list_id]) for list_id in parts if list_id)), "")

    def _has_two_names(self, list_id: str) -> bool:
        stage = self._schema.own(STATUS, list_id)
        return stage is not None and stage.slug == APP_STAGE

    def _name_stage(self, list_id: str, fields: dict[str, object]) -> str:
        """Rename the second slug of a list's stage to the first; return the fault if they have different values."""
        if STATUS not in fields or not self._has_two_names(list_id):
            return ""
        if APP_STAGE in fields and fields[APP_STAGE] != fields[STATUS]:
            return (
                f"{APP_STAGE} and {STATUS} are two names of the stage in the list {list_id}, and have different values;"
                " keep one of them"
            )
        fields[APP_STAGE] = fields.pop(STATUS)
        return ""

    def _parse_part(
        self, list_id: str | None, fields: Mapping[str, object], *, texts_are_fine: bool
    ) -> Row | list[Problem]:
        if list_id is not None and list_id not in self._lists:
            message = f"there is no list of type {self._schema.object_type} with the id {list_id}"
            return [Problem("not_found", message, list_id=list_id)]
        parser = self._of_lists.get(list_id)
        if parser is None:
            parser = self._of_lists[list_id] = FieldParser(self._schema, self._limits.values, list_id)
        return parser.parse(fields, texts_are_fine=texts_are_fine)

    def _stage_problems(self, parts: _Parts) -> list[Problem]:
        if not self._require_stage or parts[self._list_id].get(APP_STAGE) is not None:
            return []
        message = (
            f"the row has no {APP_STAGE}, its stage in the list ({STATUS} means the same), which require_list_stage"
            " demands; give it one"
        )
        return [Problem("missing_required", message, APP_STAGE, list_id=self._list_id)]

    def _refused(self, problems: list[Problem]) -> RefusedRow:
        most = self._limits.row_errors_max
        if len(problems) <= most:
            return RefusedRow(problems)
        rest = Problem("invalid_row", f"the row has {len(problems) - most} further problems, which are not listed")
        return RefusedRow([*problems[:most], rest])


_EXAMPLE: Final = '{"<list id>": {"slug": value}}, or name the list in list_id'


def _member(values: dict[str, Any], list_ids: list[str]) -> Row:
    plain = not list_ids and not any(
        value is None or value == [] or isinstance(value, ArrayChange) for value in values.values()
    )
    if list_ids:
        values[LISTS_KEY] = ArrayChange(ArrayOperation.APPEND, list_ids)
    return Row(values, plain)


def _shape_problem(row: Mapping[str, Any], schema: ObjectSchema) -> str:
    if "id" in row and not (isinstance(row["id"], str) and is_uuid(row["id"])):
        return f"id must be the id of a record, not {found(row['id'])}; leave it out where the row is about none"
    for name in row:
        if name not in (*_FIELDS, "id"):
            return no_field(name, () if schema.get(name) else _FIELDS, "a row", IN_DEFAULT)
    for name in _FIELDS:
        if row.get(name) is not None and not isinstance(row[name], dict):
            return f"{name} must be an object of property slugs and values"
    for slug in (row.get("default") or {}).keys() & (row.get("extended") or {}).keys():
        return f"{quoted(slug)} stands in default and in extended; keep one of them"
    return ""
