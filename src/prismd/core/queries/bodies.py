"""The body of a query: the type that reads it and that the document shows (contract, section 9.4)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from prismd.core.errors import PrismdError
from prismd.core.json.shapes import Words, fitted, in_force, look_over, member, names_of, nullable
from prismd.core.json.text import NotJsonError, decode, without_unpaired
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.values.errors import found

# ``parsing.py`` checks the parts of a query, because only there the properties are known, also for views and query
# strings. So the type accepts any value for a part; this is the schema that the document shows.
_ENTRY: Final = {"type": "object", "minProperties": 1, "maxProperties": 1}
SELECT_SCHEMA: Final = {"type": "array", "items": {"type": "string"}, "maxItems": in_force("query_select_max")}
FILTER_SCHEMA: Final = nullable(
    {"type": "array", "items": {**_ENTRY, "additionalProperties": _ENTRY}, "maxItems": in_force("query_filter_max")}
)
SORT_SCHEMA: Final = nullable(
    {
        "type": "array",
        "items": {**_ENTRY, "additionalProperties": {"type": "string", "enum": ["asc", "desc"]}},
        "maxItems": in_force("query_sort_max"),
    }
)
COMBINATOR_SCHEMA: Final = nullable({"type": "string", "enum": ["AND", "OR"]})

_TEXT: Final = Words("a text")
_FROM_ONE: Final = Words("a whole number from 1", "minimum")
_Id = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
_Ids = Annotated[
    list[Any],
    Meta(extra_json_schema={"items": {"type": "string", "format": "uuid"}, "maxItems": in_force("query_ids_max")}),
]
_Slugs = Annotated[
    list[Any],
    member(
        "Slugs of the properties to show; dots follow references.",
        Words("an array of property slugs", missing="it is required: an array of property slugs"),
        SELECT_SCHEMA,
    ),
]
_Number = Annotated[int, Meta(ge=1)] | None


class QueryMembers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A query on the records of a type."""

    select: _Slugs
    filter: Annotated[
        Any,
        member(
            'Entries `{slug: {operator: value}}`, such as `{"email": {"=": "ada@example.com"}}`.', schema=FILTER_SCHEMA
        ),
    ] = None
    sort: Annotated[
        Any,
        member(
            "Entries `{slug: direction}`, the most important first; records without a value come last.",
            schema=SORT_SCHEMA,
        ),
    ] = None
    combinator: Annotated[Any, member("How entries of the filter go together.", schema=COMBINATOR_SCHEMA)] = None
    list_id: Annotated[str | None, member("Only members of this list, with its own properties.", _TEXT)] = None
    crm_id: Annotated[str | None, member("Old name of `list_id`.", _TEXT)] = None
    cursor: Annotated[str | None, member("`next_cursor` of the page before.", _TEXT)] = None
    limit: Annotated[
        Annotated[int, Meta(ge=1, extra_json_schema={"maximum": in_force("page_max")})] | None,
        member("Rows of a page, 25 where absent. A cursor brings its own.", _FROM_ONE),
    ] = None
    page: Annotated[_Number, member("Deprecated: the number of the page, from 1.", _FROM_ONE)] = None

    @property
    def parts(self) -> dict[str, Any]:
        """The parts for a :class:`QueryReader`, by name."""
        return {"select": self.select, "filter": self.filter, "sort": self.sort, "combinator": self.combinator}

    @property
    def list_named(self) -> str | None:
        """The list to query, by either of its names; None for all records."""
        return self.list_id or self.crm_id or None


class QueryBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a query."""

    query: Annotated[QueryMembers, member("The query.", Words("an object", missing="expected an object, found null"))]
    id: Annotated[_Id | _Ids | None, member("Only these records.", Words("an array of ids"))] = None
    cursor: Annotated[str | None, member("As `query.cursor`, which wins.", _TEXT)] = None
    deleted: Annotated[
        bool | Literal["only"] | None,
        member("Deleted records too, or those alone.", Words('true, false or "only"', "enum")),
    ] = None
    include_total: Annotated[bool | None, member("Count all that the query wants.", Words("true or false"))] = None
    boxes: Annotated[Any, Meta(description="Accepted and ignored.")] = None
    sources: Annotated[Any, Meta(description="Accepted and ignored.")] = None


look_over(QueryBody)

_IN_QUERY: Final = dict.fromkeys(names_of(QueryMembers), 'put it inside "query"')
_BESIDE_QUERY: Final = dict.fromkeys(names_of(QueryBody), 'put it into the body, beside "query"')


def read_query_body(body: bytes) -> QueryBody:
    """Return a query exactly as the caller sent it; its parts are read later.

    Args:
        body: JSON text.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong member.
    """
    try:
        value = decode(without_unpaired(body))
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"it cannot be read as JSON: {error}") from None
    if not isinstance(value, dict):
        keyword = "required" if value is None else "type"
        raise PrismdError.invalid(".body", f"expected an object, found {found(value)}", keyword)
    refuse_unknown(value, names_of(QueryBody), ".body", "the body", misplaced=_IN_QUERY)
    query = value.get("query")
    if isinstance(query, dict):
        refuse_unknown(query, names_of(QueryMembers), ".body.query", "a query", misplaced=_BESIDE_QUERY)
    return fitted(value, QueryBody)
