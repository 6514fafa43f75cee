"""Reading records back: by id, by the value of a property, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prismd.core.errors import PrismdError
from prismd.core.ids import is_uuid
from prismd.core.imports.rows import RefusedRow, Row, Rows
from prismd.core.keys import KeyRule
from prismd.core.query.meaning import QueriedRecord
from prismd.core.query.paths import resolve_path
from prismd.core.query.rows import Selection, selection, shown_values
from prismd.core.query.tree import Deleted, Query
from prismd.core.quoting import quoted
from prismd.core.record_writes import no_record
from prismd.core.schema import LISTS, LISTS_KEY, OBJECT_TYPES, STATUS, ObjectSchema, Property
from prismd.core.values import InvalidValueError, ValueLimits, parser_for, render
from prismd.services.lists import require_list
from prismd.services.query_references import ReferenceReader
from prismd.services.record_keys import ensure_key, find_by_key, key_property
from prismd.services.references import resolve_references
from prismd.settings import Settings
from prismd.store import properties, queries, records
from prismd.store.postgres import Connection
from prismd.store.records import StoredRecord

#: Audit properties that come from columns of the record (contract, section 17).
_CREATED: Final = ("created_at",)
_UPDATED: Final = ("updated_at", "last_updated_at")


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as clients see it.

    Args:
        properties: Rendered values by slug; properties without a value are absent, unless they were selected.
        version: Counts the record's changes from 1.
        lists: Rendered values by list and slug, or by slug alone where the request names the list; None for a record
            that is in no list, or not in that one.
    """

    id: str
    properties: dict[str, Any]
    version: int
    lists: dict[str, Any] | None = None


def get_record(
    connection: Connection,
    team_id: int,
    object_type: str,
    record_id: str,
    *,
    select: Sequence[str] | None = None,
    list_id: str | None = None,
    settings: Settings | None = None,
) -> RecordView:
    """Return a record (contract, section 11.4).

    Args:
        select: Paths of the properties wanted; None for all that records have values of.
        list_id: The list whose values are wanted besides; None for all lists.
        settings: For the limits of what is selected; None for the defaults.

    Raises:
        PrismdError: ``not_found``, also for deleted records, for ids that are none, and for an unknown list;
            ``invalid_request`` for an unknown slug.
    """
    scope = list_scope(connection, team_id, object_type, list_id)
    settings = settings or Settings()
    showing = Showing(connection, team_id, object_type, select=select, list_id=scope, settings=settings)
    record = records.get_record(connection, team_id, object_type, record_id) if is_uuid(record_id) else None
    if record is None:
        raise no_record(object_type, record_id)
    return showing.view(record)


def find_record(
    connection: Connection,
    team_id: int,
    object_type: str,
    slug: str,
    value: str,
    *,
    settings: Settings,
    select: Sequence[str] | None = None,
    list_id: str | None = None,
) -> RecordView:
    """Return the one record whose property has a value, compared as imports compare (contract, section 11.7).

    Args:
        slug: A property by which records can be told apart.
        value: As text; for references to contacts, an id or an address.
        settings: For the limits of values and of what is selected.
        select: Paths of the properties wanted; None for all that records have values of.
        list_id: The list whose own properties can be meant too.

    Raises:
        PrismdError: ``not_found``, ``multiple_matches``, or ``invalid_request`` for a slug that cannot be looked up.
    """
    scope = list_scope(connection, team_id, object_type, list_id)
    showing = Showing(connection, team_id, object_type, select=select, list_id=scope, settings=settings)
    schema = showing.schema
    prop = key_property(schema, slug, ".path.slug", scope)
    # Before that of contacts: whoever takes both locks takes them in this order.
    ensure_key(connection, team_id, object_type, prop, tells_apart=True)
    try:
        row = Row({prop.key: parsed_value(prop, value, settings)})
        wanted = sought_value(resolve_references(connection, team_id, schema, [row]), prop)
    except InvalidValueError:  # a value that no record has
        wanted = RefusedRow()
    found = [] if isinstance(wanted, RefusedRow) else records_with(connection, team_id, object_type, prop, wanted)
    if not found:
        raise PrismdError("not_found", f"no {object_type} has the {slug} {quoted(value)}")
    return showing.view(the_one(found, slug, value))


def count_records(
    connection: Connection,
    team_id: int,
    object_type: str,
    *,
    list_id: str | None = None,
    deleted: Deleted = Deleted.LEFT_OUT,
) -> int:
    """Return how many records of a type a team has (contract, section 11.9).

    Args:
        list_id: Count only those in this list.
        deleted: Which of the deleted ones to count.

    Raises:
        PrismdError: ``not_found``: there is no such list of records of the type.
    """
    scope = list_scope(connection, team_id, object_type, list_id)
    hashes = None
    if scope is not None:
        ensure_key(connection, team_id, object_type, LISTS)
        hashes = KeyRule(object_type, LISTS, fold_case=True).hashes([scope])
    query = Query(object_type=object_type, list_id=scope, deleted=deleted)
    return queries.query_total(connection, query, team_id, hashes)


def list_scope(connection: Connection, team_id: int, object_type: str, list_id: str | None) -> str | None:
    """Return the id of the list that a request names in its query, if it names one.

    Args:
        list_id: As the caller wrote it.

    Raises:
        PrismdError: ``not_found``: the team has no such list of records of the type.
    """
    return None if list_id is None else require_list(connection, team_id, list_id, object_type).id


def parsed_value(prop: Property, value: str, settings: Settings) -> object:
    """Return what is stored for a value that stands in a path.

    Raises:
        InvalidValueError: The property cannot have that value.
    """
    return parser_for(prop, ValueLimits(settings.text_chars_max, settings.list_values_max))(value)


def sought_value(resolved: Rows, prop: Property) -> object | RefusedRow:
    """Return the value by which a record is sought.

    Args:
        resolved: One row that has it, with the ids of records in place of addresses.
        prop: Whose value it is.

    Raises:
        PrismdError: ``multiple_matches``: several records have the address.
    """
    [row] = resolved
    if isinstance(row, Row):
        value: object = row.values[prop.key]
        return value
    if row.problems[0].code == "multiple_matches":
        raise PrismdError("multiple_matches", row.problems[0].message)
    return row


def records_with(
    connection: Connection, team_id: int, object_type: str, prop: Property, value: object
) -> list[StoredRecord]:
    """Return the records whose property has a value, or one in common, as keys are compared.

    Args:
        value: As stored.
    """
    ensure_key(connection, team_id, object_type, prop, tells_apart=True)
    return find_by_key(connection, team_id, KeyRule(object_type, prop, fold_case=True), object_type, value)


def the_one(found: Sequence[StoredRecord], slug: str, value: str) -> StoredRecord:
    """Return the record that a value means.

    Args:
        found: The records that have it, one at least.

    Raises:
        PrismdError: ``multiple_matches``.
    """
    if len(found) > 1:
        raise PrismdError(
            "multiple_matches", f"{len(found)} records have the {slug} {quoted(value)}; use an id instead"
        )
    return found[0]


def view_of(schema: ObjectSchema, record: StoredRecord, *, list_id: str | None = None) -> RecordView:
    """Return a record as clients see it: all that it has values of.

    Args:
        schema: Of the record.
        list_id: The list whose values are shown by slug alone; None for all lists, by their ids.
    """
    values: dict[str, object] = {
        key: render(schema.properties[key], value) for key, value in record.properties.items() if "/" not in key
    }
    if list_id is not None and (stage := schema.own(STATUS, list_id)) is not None and stage.slug != STATUS:
        # Within the list it is the other name of the stage.
        values.pop(STATUS, None)
        if (value := record.properties.get(stage.key)) is not None:
            values[STATUS] = render(stage, value)
    values |= _times(record)
    return RecordView(record.id, values, record.version, _shown_lists(_lists(schema, record), list_id))


def shown_whole(schema: ObjectSchema, record: StoredRecord) -> dict[str | None, dict[str, Any]]:
    """Return all values of a record as clients see them, by list and slug; None for those of every record.

    Args:
        schema: Of the record.
    """
    whole = view_of(schema, record)
    shown: dict[str | None, dict[str, Any]] = {None: whole.properties}
    shown.update(whole.lists or {})
    return shown


class Showing:
    """How a request that reads one record wants to see it.

    Args:
        connection: To the database.
        team_id: Whose record.
        object_type: Of the record.
        select: Paths to show; None for all that it has values of.
        list_id: The list whose values are shown by slug alone, if any.
        settings: For the limits of what is selected.

    Raises:
        PrismdError: ``invalid_request``: too many paths, or one that leads nowhere.
    """

    def __init__(
        self,
        connection: Connection,
        team_id: int,
        object_type: str,
        *,
        select: Sequence[str] | None,
        list_id: str | None,
        settings: Settings,
    ) -> None:
        types = [object_type] if select is None else OBJECT_TYPES
        self._schemas = properties.load_schemas(connection, team_id, types)
        self.schema = self._schemas[object_type]
        self._list_id = list_id
        self._selection = None if select is None else self._selected(select, settings.query_select_max)
        self._reader = ReferenceReader(connection, team_id, self._schemas, settings, commits=True)

    def view(self, record: StoredRecord) -> RecordView:
        """Return the record as it is wanted."""
        whole = view_of(self.schema, record, list_id=self._list_id)
        if self._selection is None:
            return whole
        held = {**record.properties, **_times(record)}
        seen = QueriedRecord(record.id, self.schema.object_type, held)
        references = self._reader.read([seen], self._selection)
        values = shown_values(seen, self._selection, references, bare_ids=True)
        of_list = [slug for slug, one in self._selection.items() if one.prop.list_id and slug == one.prop.slug]
        own = {slug: values.pop(slug) for slug in of_list}
        is_member = self._list_id is not None and whole.lists is not None
        return RecordView(record.id, values, record.version, own if own or is_member else None)

    def _selected(self, select: Sequence[str], most: int) -> Selection:
        field = ".query.select"
        if len(select) > most:
            raise PrismdError.invalid(field, f"expected at most {most} slugs, found {len(select)}", "maxItems")
        named = self.schema.object_type
        return selection(
            resolve_path(self._schemas, named, text, list_id=self._list_id, field=field) for text in select
        )


def _shown_lists(lists: dict[str, dict[str, object]], list_id: str | None) -> dict[str, Any] | None:
    return (lists or None) if list_id is None else lists.get(list_id)


def _lists(schema: ObjectSchema, record: StoredRecord) -> dict[str, dict[str, object]]:
    shown: dict[str, dict[str, object]] = {list_id: {} for list_id in record.properties.get(LISTS_KEY, ())}
    for key, value in record.properties.items():
        list_id, _, slug = key.rpartition("/")
        if list_id in shown and (prop := schema.properties.get(key)) is not None:
            shown[list_id][slug] = render(prop, value)
    return shown


def _times(record: StoredRecord) -> dict[str, object]:
    return {
        **dict.fromkeys(_CREATED, _timestamp(record.created_at)),
        **dict.fromkeys(_UPDATED, _timestamp(record.updated_at)),
    }


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
