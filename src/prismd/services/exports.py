"""Exporting a team's records: what an export shows, and one page of it after the other, each as it is read.

No snapshot is held: a page is one short transaction. An export has each record once that is there all the time, as it
was when its page was read, and none that is made after the export began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from prismd.core.audit import Action, Deed
from prismd.core.exports.body import ExportBody
from prismd.core.exports.columns import Column, columns_of
from prismd.core.exports.rows import Behind, RowWriter
from prismd.core.exports.selection import Exported, exported
from prismd.core.properties.schema import LISTS_KEY
from prismd.core.queries.cursors import PageEnd, read_query_cursor, write_query_cursor
from prismd.core.queries.parsing import read_ids
from prismd.core.queries.paths import IDENTIFIER, Path, Schemas, check_readable
from prismd.core.queries.rows import Target
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.queries.tree import Deleted, Query, SortKey
from prismd.services.audit import note
from prismd.services.lists import list_of_field
from prismd.services.queries.pages import query_reader, ready_to_search
from prismd.services.records.reading_budget import Reading
from prismd.services.session import Transaction
from prismd.store.queries import pages

_FIELD: Final = ".body.query"
_NEWEST: Final = SortKey(Path(IDENTIFIER.slug, (), IDENTIFIER), descending=True)
#: Records that keys find all at once before each page; of more, the records of the type are read in their order.
_LOOKED_UP_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Export:
    """An export that has begun.

    Args:
        query: The query, as the store searches by it.
        hashes: Key hashes to look its records up by; None to read all records of the type.
        wanted: What is shown of each record.
        columns: The columns, as a table.
        start: Id of the last record of the page before; None for the first page.
        end: Id of the newest record that was there at the start; None if there was none.
        identity: The query as the caller sent it, for cursors.
        total: Number of records, if they were counted.
    """

    query: Query
    hashes: Sequence[int] | None
    wanted: Exported
    columns: list[Column]
    start: str | None
    end: str | None
    identity: Query
    total: int | None = None


@dataclass(frozen=True, slots=True)
class ExportedPage:
    """A page of an export.

    Args:
        rows: The rows.
        last: Id of the last record; None where no further page can follow.
        cursor: The cursor after the page; None where no further page can follow.
        limit: Number of records that it could hold.
    """

    rows: list[dict[str, Any]]
    last: str | None
    cursor: str | None
    limit: int


def begin_export(transaction: Transaction, object_type: str, asked: ExportBody) -> Export:
    """Return an export after checking all that it asks for, and note it in the audit log.

    Args:
        transaction: The team's open transaction.
        object_type: The type of the records.
        asked: The export as the caller sent it.

    Raises:
        PrismdError: ``invalid_request``, with the path of the wrong part; ``missing_scope``; ``query_timeout``.
    """
    query, schemas = _read(transaction, object_type, asked)
    # A cell of CSV holds no object, so a reference that an import takes from it is an id.
    keys = asked.keys and not (asked.importable and asked.format == "csv")
    wanted = exported(query, schemas, transaction.scopes, importable=asked.importable, keys=keys)
    start = _start(transaction, query, asked)
    resolved, hashes = ready_to_search(transaction, query)
    reading = Reading(transaction.connection, transaction.settings)
    reading.limit_time()
    pages.check_patterns(transaction.connection, query.patterns())
    end = _newest(transaction, reading, object_type)
    details = {
        "format": asked.format,
        "filters": len(query.clauses),
        "list_id": query.list_id,
        "ids": None if query.ids is None else len(query.ids),
        "deleted": query.deleted.value,
        "continued": start is not None,
    }
    told = {name: value for name, value in details.items() if value not in (None, False, 0)}
    note(transaction, Deed(Action.RECORD_EXPORTED, object_type=object_type, details=told))
    columns = columns_of(wanted, deleted=query.deleted is not Deleted.LEFT_OUT)
    return Export(resolved, _short(transaction, hashes), wanted, columns, start, end, query)


def count_exported(transaction: Transaction, export: Export) -> int:
    """Return the number of records of an export from its first page on.

    Raises:
        PrismdError: ``query_timeout``.
    """
    pages.limit_time(transaction.connection, transaction.settings.query_timeout_s)
    return pages.query_total(transaction.connection, export.query, transaction.team_id, export.hashes)


def page_of_export(transaction: Transaction, export: Export, writer: RowWriter, limit: int) -> ExportedPage:
    """Return the next page of an export.

    Args:
        transaction: The team's open transaction.
        export: The export; its start is the end of the page before.
        writer: Makes the rows.
        limit: Maximum number of records.

    Raises:
        PrismdError: ``invalid_request``: the records of the page take more than one request may read, so that a caller
            asks for a shorter one; ``query_timeout``.
    """
    if export.end is None:
        return ExportedPage([], None, None, limit)
    reading = Reading(transaction.connection, transaction.settings)
    reading.limit_time()
    after = None if export.start is None else PageEnd(limit, export.start, ())
    found = pages.query_page(
        transaction.connection, export.query, transaction.team_id, export.hashes, reading.budget,
        after=after, limit=limit + 1, wanted=_keys(export),
    )  # fmt: skip
    records = [record for record, _ in found[:limit] if record.id <= export.end]
    behind = _behind(transaction, reading, export.wanted, records)
    rows = [writer.row(record, behind) for record in records]
    last = found[limit - 1][0].id if len(found) > limit and len(records) == limit else None
    cursor = last and write_query_cursor(PageEnd(limit, last, ()), export.identity, transaction.team_id)
    return ExportedPage(rows, last, cursor, limit)


def _keys(export: Export) -> dict[str, set[str]] | None:
    if export.identity.select is None:
        return None
    return {export.query.object_type: {*export.wanted.own, *export.wanted.of_lists, LISTS_KEY}}


def _behind(transaction: Transaction, reading: Reading, wanted: Exported, records: Sequence[QueriedRecord]) -> Behind:
    targets: set[Target] = set()
    keys: dict[str, set[str]] = {}
    for key, one in wanted.own.items():
        if one.is_followed:
            target = one.prop.target or ""
            keys.setdefault(target, set()).update(within.prop.key for within in one.inner.values())
            for record in records:
                value = record.properties.get(key)
                targets.update((target, item) for item in (value if isinstance(value, list) else [value]) if item)
    if not targets:
        return {}
    reading.limit_time()
    return pages.records_by_ids(transaction.connection, transaction.team_id, targets, reading.budget, keys)


def _read(transaction: Transaction, object_type: str, asked: ExportBody) -> tuple[Query, Schemas]:
    list_id = None if asked.query is None else asked.query.list_id or None
    if list_id is not None:
        list_id = list_of_field(transaction, list_id, object_type, f"{_FIELD}.list_id").id
    reader = query_reader(transaction, object_type, list_id=list_id, field=_FIELD)
    ids = read_ids(asked.id, ".body.id", transaction.settings.query_ids_max)
    parts = {} if asked.query is None else asked.query.parts
    query = reader.read(parts, ids=ids, deleted=Deleted(asked.deleted or False))
    check_readable(query.paths(), transaction.scopes)
    return query, reader.schemas


def _start(transaction: Transaction, query: Query, asked: ExportBody) -> str | None:
    if not asked.cursor:
        return None
    most = max(transaction.settings.export_page_rows_max, transaction.settings.page_max)
    return read_query_cursor(asked.cursor, query, transaction.team_id, limit_max=most, field=".body.cursor").end.after


def _newest(transaction: Transaction, reading: Reading, object_type: str) -> str | None:
    newest = Query(object_type=object_type, sort=(_NEWEST,), deleted=Deleted.TOO)
    nothing: dict[str, set[str]] = {object_type: set()}
    found = pages.query_page(
        transaction.connection, newest, transaction.team_id, None, reading.budget, after=None, limit=1, wanted=nothing
    )
    return found[0][0].id if found else None


def _short(transaction: Transaction, hashes: Sequence[int] | None) -> Sequence[int] | None:
    """Return hashes by which the records of each page are found at the cost of that page; None where they are not.

    The records of one key come in their order. Those of several keys are found anew for every page, so that many of
    them would be read as often as there are pages.
    """
    if hashes is None or len(hashes) <= 1:
        return hashes
    most = _LOOKED_UP_MAX + 1
    found = pages.records_with_keys(transaction.connection, transaction.team_id, hashes, most=most)
    return hashes if len(found) < most else None


def resumed(export: Export, page: ExportedPage) -> Export:
    """Return an export that goes on after a page."""
    return replace(export, start=page.last)
