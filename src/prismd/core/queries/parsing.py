"""Reading queries from the decoded JSON of a request or a view; errors name the wrong field."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.queries.conditions import parse_condition
from prismd.core.queries.paths import Path, Schemas, resolve_path
from prismd.core.queries.tree import Clause, Query, SortKey
from prismd.core.values.errors import found
from prismd.core.values.property_values import ValueLimits
from prismd.core.wording.quoting import quoted

_COMBINATORS: Final = ("AND", "OR")
_DIRECTIONS: Final = ("asc", "desc")


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """The limits of a query.

    Args:
        values: The limits of values, and of the number of values of one operator.
        select_max: Maximum number of paths to show.
        filter_max: Maximum number of entries of a filter.
        sort_max: Maximum number of sort keys.
        ids_max: Maximum number of ids to query.
    """

    values: ValueLimits
    select_max: int
    filter_max: int
    sort_max: int
    ids_max: int


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads the parts of a query for one object type.

    Args:
        schemas: The schemas of all types.
        object_type: The type of the records.
        list_id: The list whose own properties can be named; None for no list.
        limits: The limits of a query.
        field: Path of the query's parts in the request, such as ``.body.query``.
        filter_by_name: Whether errors name entries of the filter by slug alone, as for a query string.
        named: Paths by the names in a stored view; None for a deleted property.
    """

    schemas: Schemas
    object_type: str
    list_id: str | None
    limits: QueryLimits
    field: str
    filter_by_name: bool = False
    named: Mapping[str, Path | None] = dataclasses.field(default_factory=dict)

    def read(self, raw: Mapping[str, object], **others: Any) -> Query:  # noqa: ANN401 - fields of a query
        """Return the query with select, filter, sort and combinator; each can be absent or null.

        Args:
            raw: The parts by name, as decoded from JSON.
            others: Further fields of the query.

        Raises:
            PrismdError: ``invalid_request``.
        """
        return Query(
            object_type=self.object_type,
            select=self._select(raw.get("select")),
            clauses=self._filter(raw.get("filter")),
            any_clause=self._combinator(raw.get("combinator")) == "OR",
            sort=self._sort(raw.get("sort")),
            list_id=self.list_id,
            **others,
        )

    def _select(self, raw: object) -> tuple[Path, ...] | None:
        if raw is None:
            return None
        field = f"{self.field}.select"
        paths = _array(raw, field, "property slugs", self.limits.select_max)
        for index, text in enumerate(paths):
            if not isinstance(text, str):
                raise PrismdError.invalid(f"{field}[{index}]", f"expected a property slug, found {found(text)}")
        return tuple(self.path(text, f"{field}[{index}]") for index, text in enumerate(dict.fromkeys(paths)))

    def _filter(self, raw: object) -> tuple[Clause, ...]:
        field = f"{self.field}.filter"
        entries = [] if raw is None else _array(raw, field, "conditions", self.limits.filter_max)
        return tuple(self._clause(entry, f"{field}[{index}]") for index, entry in enumerate(entries))

    def _clause(self, entry: object, field: str) -> Clause:
        slug, asked = _only_member(entry, field, "a slug with its operator and value")
        named = f"{self.field}.{_printable(slug)}"
        path = self._compared(slug, named if self.filter_by_name else field)
        at_slug = named if self.filter_by_name else f"{field}.{_printable(slug)}"
        operator, value = _only_member(asked, at_slug, "an operator with its value")
        at_value = at_slug if self.filter_by_name else f"{at_slug}.{_printable(operator)}"
        return Clause(tuple(parse_condition(path, operator, value, self.limits.values, at_value)))

    def _sort(self, raw: object) -> tuple[SortKey, ...]:
        field = f"{self.field}.sort"
        entries = [] if raw is None else _array(raw, field, "slugs with their direction", self.limits.sort_max)
        return tuple(self._sort_key(entry, f"{field}[{index}]") for index, entry in enumerate(entries))

    def _sort_key(self, entry: object, field: str) -> SortKey:
        slug, direction = _only_member(entry, field, 'a slug with "asc" or "desc"')
        path = self._compared(slug, field)
        if direction not in _DIRECTIONS:
            raise PrismdError.invalid(
                f"{field}.{_printable(slug)}", f'expected "asc" or "desc", found {found(direction)}', "enum"
            )
        if not path.leads_to_one:
            message = f"{quoted(slug)} can have several values, so records have no order by it"
            raise PrismdError.invalid(field, message, "enum")
        return SortKey(path, descending=direction == "desc")

    def _combinator(self, raw: object) -> object:
        if raw is not None and raw not in _COMBINATORS:
            raise PrismdError.invalid(f"{self.field}.combinator", f'expected "AND" or "OR", found {found(raw)}', "enum")
        return raw

    def _compared(self, text: str, field: str) -> Path:
        path = self.path(text, field)
        if path.inverse is not None and path.inverse.inverse_of is not None:
            other, slug = path.inverse.inverse_of
            message = f"{path.inverse.slug} is {other}.{slug} seen from its other side; query {other} by {slug} instead"
            raise PrismdError.invalid(field, message, "enum")
        return path

    def path(self, text: str, field: str) -> Path:
        """Return the path that a text names.

        Args:
            text: Slugs with dots between them.
            field: Path of the text in the request.

        Raises:
            PrismdError: ``invalid_request``.
        """
        if text in self.named:
            path = self.named[text]
            if path is None:
                message = f"the property {quoted(text)} that the view names has been deleted; change the view"
                raise PrismdError.invalid(field, message, "enum")
            return path
        return resolve_path(self.schemas, self.object_type, text, list_id=self.list_id, field=field)


def read_ids(raw: object, field: str, ids_max: int) -> tuple[str, ...] | None:
    """Return the ids that a request restricts its query to; None if it names none.

    Args:
        raw: One id or several, as decoded from JSON.
        field: Path of the value in the request.
        ids_max: Maximum number of ids.

    Raises:
        PrismdError: ``invalid_request``: a value is no id, or there are too many.
    """
    if raw is None:
        return None
    ids = _array([raw] if isinstance(raw, str) else raw, field, "ids", ids_max)
    for index, one in enumerate(ids):
        if not isinstance(one, str) or not is_uuid(one):
            at_id = f"{field}[{index}]" if isinstance(raw, list) else field
            raise PrismdError.invalid(at_id, f"expected the id of a record, found {found(one)}", "format")
    return tuple(dict.fromkeys(one.lower() for one in ids))


def _array(raw: object, field: str, of_what: str, most: int) -> list[Any]:
    if not isinstance(raw, list):
        raise PrismdError.invalid(field, f"expected an array of {of_what}, found {found(raw)}")
    if len(raw) > most:
        raise PrismdError.invalid(field, f"expected at most {most} entries, found {len(raw)}", "maxItems")
    return raw


def _only_member(raw: object, field: str, expected: str) -> tuple[str, object]:
    if not isinstance(raw, dict):
        raise PrismdError.invalid(field, f"expected an object of {expected}, found {found(raw)}")
    if len(raw) != 1:
        message = f"expected exactly one member, {expected}, found {len(raw)}; write one entry for each"
        raise PrismdError.invalid(field, message, "maxProperties" if raw else "minProperties")
    [(name, value)] = raw.items()
    return name, value


def _printable(name: str) -> str:
    return quoted(name)[1:-1]
