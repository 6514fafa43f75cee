"""Querying a team's records: read a request's JSON, return a page of rows (contract, sections 8, 9.3, 9.4 and 11.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from msgspec import Raw

from prismd.core.properties.schema import OBJECT_TYPES, Kind, Property
from prismd.core.queries.conditions import Condition, Operator
from prismd.core.queries.cursors import PageEnd, read_query_cursor, write_query_cursor
from prismd.core.queries.parsing import QueryLimits, QueryReader
from prismd.core.queries.paths import Schemas, check_readable
from prismd.core.queries.rows import Selection, keys_of, row, selection, whole_selection
from prismd.core.queries.tree import Clause, Deleted, Query
from prismd.core.records.keys import KeyRule
from prismd.core.values.property_values import ValueLimits
from prismd.services.lists import list_of_field
from prismd.services.queries.narrowing import Narrowing, NotFindableError
from prismd.services.queries.references import ReferenceReader, make_inverses_findable
from prismd.services.records.findable import make_findable
from prismd.services.records.reading_budget import Reading
from prismd.services.records.references import CONTACT, EMAIL, all_contacts_by_address
from prismd.services.session import Transaction
from prismd.settings import Settings
from prismd.store import properties
from prismd.store.queries import pages


@dataclass(frozen=True, slots=True)
class PageWanted:
    """The page of a query that a request asks for.

    Args:
        limit: Maximum number of rows; a cursor has its own.
        cursor: The cursor from the page before; None for the first page.
        offset: Number of rows to skip, for clients that count pages.
        include_total: Whether to count all records that match the query.
        cursor_field: Path of the cursor in the request.
    """

    limit: int
    cursor: str | None = None
    offset: int = 0
    include_total: bool = False
    cursor_field: str = ".body.query.cursor"


@dataclass(frozen=True, slots=True)
class QueryAsked:
    """A query as the caller sent it.

    Args:
        object_type: The type of the records.
        raw: The parts of the query, as decoded from JSON.
        list_id: The list to query, exactly as the caller sent it; None for all records.
        field: Path of the query's parts in the request, such as ``.body.query``.
        ids: Ids of the records to query; None for all.
        deleted: Whether to return deleted records too, or alone.
        filter_by_name: Whether errors name entries of the filter by slug alone, as for a query string.
    """

    object_type: str
    raw: Mapping[str, Any]
    list_id: str | None
    field: str
    ids: Sequence[str] | None = None
    deleted: Deleted = Deleted.LEFT_OUT
    filter_by_name: bool = False


@dataclass(frozen=True, slots=True)
class QueryPage:
    """A page of a query.

    Args:
        rows: Rows as JSON: ``{id, properties}``, and ``deleted_at`` for deleted records.
        next_cursor: The cursor of the next page; None on the last page.
        total: Number of records that match the query; None if they were not counted.
    """

    rows: list[Raw]
    next_cursor: str | None
    total: int | None = None


def answer_query(transaction: Transaction, asked: QueryAsked, wanted: PageWanted) -> QueryPage:
    """Read a query and return a page of its rows.

    Args:
        transaction: The team's open transaction.
        asked: The query as the caller sent it.
        wanted: The page to return.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong part; ``missing_scope``; ``query_timeout``.
    """
    list_id = asked.list_id
    if list_id is not None:
        # The stored id is in lower case; the client can send capitals.
        where = f"{asked.field}.list_id"
        list_id = list_of_field(transaction, list_id, asked.object_type, where).id
    reader = query_reader(transaction, asked.object_type, list_id=list_id, field=asked.field)
    reader = replace(reader, filter_by_name=asked.filter_by_name)
    query = reader.read(asked.raw, ids=asked.ids, deleted=asked.deleted)
    check_readable(query.paths(), transaction.scopes)
    return run_query(transaction, query, wanted, schemas=reader.schemas)


def query_reader(transaction: Transaction, object_type: str, *, list_id: str | None, field: str) -> QueryReader:
    """Return a reader of queries for one object type.

    Args:
        list_id: The list whose own properties can be named, which is a list of this team and type; None for none.
        field: Path of the query's parts in the request, such as ``.body.query``.
    """
    schemas = properties.load_schemas(transaction.connection, transaction.team_id, OBJECT_TYPES)
    return QueryReader(schemas, object_type, list_id, query_limits(transaction.settings), field)


def query_limits(settings: Settings) -> QueryLimits:
    """Return the limits of a query."""
    return QueryLimits(
        ValueLimits(settings.text_chars_max, settings.list_values_max),
        select_max=settings.query_select_max,
        filter_max=settings.query_filter_max,
        sort_max=settings.query_sort_max,
        ids_max=settings.query_ids_max,
    )


def run_query(
    transaction: Transaction,
    query: Query,
    wanted: PageWanted,
    *,
    schemas: Schemas,
) -> QueryPage:
    """Return a page of a query's rows.

    Args:
        transaction: The team's open transaction; it has written nothing (see :func:`make_findable`).
        query: The parsed query.
        wanted: The page to return.
        schemas: The schemas of all types; the same as for parsing the query.

    Raises:
        PrismdError: ``invalid_request`` for a cursor of another query or a malformed pattern; ``query_timeout``.
    """
    connection, team_id = transaction.connection, transaction.team_id
    query, after = _resumed(transaction, query, wanted)
    limit, offset = (wanted.limit, wanted.offset) if after is None else (after.limit, 0)
    reading = Reading(connection, transaction.settings)
    shown = _selection(query, schemas)
    # The first query by a property makes records findable by it and commits; from then on, this request only reads.
    resolved, hashes = ready_to_search(transaction, query)
    make_inverses_findable(transaction, schemas, shown)
    reading.limit_time()
    pages.check_patterns(connection, query.patterns())
    # Without a selection, all properties are shown, so records are read whole.
    keys = None if query.select is None else {query.object_type: keys_of(shown)}
    found = pages.query_page(
        connection, resolved, team_id, hashes, reading.budget, after=after, limit=limit + 1, offset=offset, wanted=keys
    )
    page = found[:limit]
    next_cursor = None
    if len(found) > limit:
        last, values = page[-1]
        next_cursor = write_query_cursor(PageEnd(limit, last.id, values), query, team_id)
    total = None
    if wanted.include_total:
        reading.limit_time()
        total = pages.query_total(connection, resolved, team_id, hashes)
    records = [record for record, _ in page]
    references = ReferenceReader(reading, team_id, schemas).read(records, shown)
    rows = [row(record, shown, references, whole=query.select is None).text for record in records]
    return QueryPage(rows, next_cursor, total)


def _resumed(transaction: Transaction, query: Query, wanted: PageWanted) -> tuple[Query, PageEnd | None]:
    if wanted.cursor is None:
        return query, None
    most = transaction.settings.page_max
    return read_query_cursor(wanted.cursor, query, transaction.team_id, limit_max=most, field=wanted.cursor_field)


def _selection(query: Query, schemas: Schemas) -> Selection:
    if query.select is None:
        return whole_selection(schemas[query.object_type], query.list_id)
    return selection(query.select)


def ready_to_search(transaction: Transaction, query: Query) -> tuple[Query, Sequence[int] | None]:
    """Return the query as the store searches by it, and the hashes to look its records up by; None for a scan.

    Args:
        transaction: The team's open transaction; it has written nothing (see :func:`make_findable`).
        query: The parsed query.
    """
    resolved = _with_contacts(transaction, query)
    return resolved, _narrowed(transaction, resolved)


def _narrowed(transaction: Transaction, query: Query) -> Sequence[int] | None:
    """Return the hashes to look a query's records up by, after making missing keys; None if no look-up is possible."""
    keys_max = transaction.settings.key_properties_max
    while True:
        try:
            return Narrowing(transaction.connection, transaction.team_id, keys_max).hashes(query)
        except NotFindableError as missing:
            make_findable(transaction, missing.object_type, missing.prop)


def _with_contacts(transaction: Transaction, query: Query) -> Query:
    """Return the query with e-mail addresses of contacts replaced by the contacts' ids."""
    addresses = {value for condition in query.conditions() for value in _addresses(condition)}
    if not addresses:
        return query
    make_findable(transaction, CONTACT, EMAIL)
    rule = KeyRule(CONTACT, EMAIL, fold_case=True)
    found = all_contacts_by_address(transaction, rule, addresses)
    return replace(query, clauses=tuple(_resolved(clause, found) for clause in query.clauses))


def _addresses(condition: Condition) -> list[str]:
    if not _is_contact(condition.path.leaf) or condition.operator is not Operator.EQUALS:
        return []
    return [value for value in condition.values if "@" in value]


def _is_contact(prop: Property) -> bool:
    return prop.kind in (Kind.REF, Kind.MULTIREF) and prop.target == CONTACT


def _resolved(clause: Clause, found: Mapping[str, list[str]]) -> Clause:
    def resolve(condition: Condition) -> Condition:
        if not _addresses(condition):
            return condition
        ids = [one for value in condition.values for one in found.get(value, [value] if "@" not in value else [])]
        return replace(condition, values=tuple(ids))

    return Clause(tuple(map(resolve, clause.conditions)))
