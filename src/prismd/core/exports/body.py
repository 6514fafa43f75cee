"""The body of an export: the type that reads it and that the document shows."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from prismd.core.errors import PrismdError
from prismd.core.json.shapes import Words, fitted, in_force, look_over, member, names_of, nullable
from prismd.core.json.text import NotJsonError, decode, without_unpaired
from prismd.core.json.unknown_members import refuse_unknown
from prismd.core.queries.bodies import COMBINATOR_SCHEMA, FILTER_SCHEMA, SELECT_SCHEMA
from prismd.core.values.errors import found

#: The formats of the route.
FORMATS: Final = ("ndjson", "csv")

_TEXT: Final = Words("a text")
_TRUTH: Final = Words("true or false")
_Ids = Annotated[
    list[Any],
    Meta(extra_json_schema={"items": {"type": "string", "format": "uuid"}, "maxItems": in_force("query_ids_max")}),
]


class ExportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part of a query that chooses records and properties."""

    select: Annotated[
        Any,
        member(
            "Slugs of the properties to export; all where absent. `company.name` adds that value beside a reference.",
            schema=nullable(SELECT_SCHEMA),
        ),
    ] = None
    filter: Annotated[Any, member("As in a query.", schema=FILTER_SCHEMA)] = None
    combinator: Annotated[Any, member("As in a query.", schema=COMBINATOR_SCHEMA)] = None
    list_id: Annotated[str | None, member("Only members of this list, with its own properties.", _TEXT)] = None

    @property
    def parts(self) -> dict[str, Any]:
        """The parts for a :class:`QueryReader <prismd.core.queries.parsing.QueryReader>`, by name."""
        return {"select": self.select, "filter": self.filter, "combinator": self.combinator}


class ExportBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an export."""

    query: Annotated[ExportQuery | None, member("The records and properties.", Words("an object"))] = None
    id: Annotated[
        Annotated[str, Meta(extra_json_schema={"format": "uuid"})] | _Ids | None,
        member("Only these records.", Words("an array of ids")),
    ] = None
    deleted: Annotated[
        bool | Literal["only"] | None,
        member("Deleted records too, or those alone.", Words('true, false or "only"', "enum")),
    ] = None
    format: Annotated[Literal["ndjson", "csv"], member("One JSON object a line, or CSV with a header.")] = "ndjson"
    importable: Annotated[
        bool, member("Only what an import takes: neither ids of the records nor read-only properties.", _TRUTH)
    ] = False
    keys: Annotated[
        bool, member("Show a key of the record behind each reference, such as `company.primary_domain`.", _TRUTH)
    ] = True
    apostrophes: Annotated[
        bool, member("Put an apostrophe before cells of CSV that a spreadsheet takes for formulas.", _TRUTH)
    ] = False
    marks: Annotated[
        bool, member("NDJSON: begin with the columns, and end each page with a cursor to go on from.", _TRUTH)
    ] = False
    cursor: Annotated[str | None, member("The cursor of a mark, to go on after its page.", _TEXT)] = None


look_over(ExportBody)

_ORDER: Final = "exports have no order of their own: records come in the order of their creation, so leave it out"
_PAGES: Final = "an export has no pages: it answers all records at once, so leave it out"
_IN_QUERY: Final = dict.fromkeys(names_of(ExportQuery), 'put it inside "query"') | {"sort": _ORDER}
_BESIDE_QUERY: Final = dict.fromkeys(names_of(ExportBody), 'put it into the body, beside "query"') | {
    "sort": _ORDER,
    "limit": _PAGES,
    "page": _PAGES,
}


def read_export_body(body: bytes) -> ExportBody:
    """Return an export as the caller asks for it; the parts of its query are read later.

    Args:
        body: JSON text; an empty one asks for all records.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong member.
    """
    try:
        value = decode(without_unpaired(body)) if body.strip() else {}
    except NotJsonError as error:
        raise PrismdError.invalid(".body", f"it cannot be read as JSON: {error}") from None
    if not isinstance(value, dict):
        raise PrismdError.invalid(".body", f"expected an object, found {found(value)}")
    refuse_unknown(value, names_of(ExportBody), ".body", "an export", misplaced=_IN_QUERY)
    query = value.get("query")
    if isinstance(query, dict):
        refuse_unknown(query, names_of(ExportQuery), ".body.query", "the query of an export", misplaced=_BESIDE_QUERY)
    asked = fitted(value, ExportBody)
    if asked.apostrophes and asked.format != "csv":
        raise PrismdError.invalid(".body.apostrophes", 'they protect cells of CSV; ask for "format": "csv"', "enum")
    if asked.marks and asked.format != "ndjson":
        raise PrismdError.invalid(".body.marks", 'CSV has no place for them; ask for "format": "ndjson"', "enum")
    if asked.cursor and asked.format == "csv":
        message = 'CSV would get a second header; ask for "format": "ndjson"'
        raise PrismdError.invalid(".body.cursor", message, "enum")
    return asked
