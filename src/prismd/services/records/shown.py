"""Records as clients see them: rendered values, the values of lists, and the selected properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from prismd.core.api_keys.scopes import Scopes
from prismd.core.errors import PrismdError
from prismd.core.properties.schema import LISTS_KEY, OBJECT_TYPES, STATUS, ObjectSchema
from prismd.core.queries.paths import check_readable, resolve_path
from prismd.core.queries.rows import Selection, keys_of, selection, shown_values
from prismd.core.queries.semantics import QueriedRecord
from prismd.core.values.property_values import render
from prismd.services.queries.references import ReferenceReader, make_inverses_findable
from prismd.services.records.reading_budget import Reading
from prismd.services.session import Transaction
from prismd.store import properties
from prismd.store.records import records
from prismd.store.records.records import StoredRecord

#: Audit properties that come from columns of the record (contract, section 17).
_CREATED: Final = ("created_at",)
_UPDATED: Final = ("updated_at", "last_updated_at")


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as clients see it.

    Args:
        properties: Rendered values by slug; a property without a value is absent, unless it was selected.
        version: The record's version, counted from 1.
        lists: Rendered values by list and slug, or by slug alone if the request names a list; None if the record is not
            in that list, or in no list at all.
    """

    id: str
    properties: dict[str, Any]
    version: int
    lists: dict[str, Any] | None = None


def view_of(schema: ObjectSchema, record: StoredRecord, *, list_id: str | None = None) -> RecordView:
    """Return a record as clients see it, with all properties that have values.

    Args:
        schema: The schema of the record's type.
        list_id: The list whose values are shown by slug alone; None shows all lists, by their ids.
    """
    values: dict[str, object] = {
        key: render(schema.properties[key], value) for key, value in record.properties.items() if "/" not in key
    }
    if list_id is not None and (stage := schema.own(STATUS, list_id)) is not None and stage.slug != STATUS:
        # Within the list, the slug of the status names the stage of the list.
        values.pop(STATUS, None)
        if (value := record.properties.get(stage.key)) is not None:
            values[STATUS] = render(stage, value)
    values |= _times(record)
    return RecordView(record.id, values, record.version, _shown_lists(_lists(schema, record), list_id))


def shown_whole(schema: ObjectSchema, record: StoredRecord) -> dict[str | None, dict[str, Any]]:
    """Return all values of a record as clients see them, by list and slug; the list None holds the record's own values.

    Args:
        schema: The schema of the record's type.
    """
    whole = view_of(schema, record)
    shown: dict[str | None, dict[str, Any]] = {None: whole.properties}
    shown.update(whole.lists or {})
    return shown


class Showing:
    """The form in which a request that reads one record wants to see it.

    Args:
        transaction: The team's open transaction.
        object_type: The record's type.
        select: Paths of the properties to show; None for all properties with values.
        list_id: The list whose values are shown by slug alone; None for all lists.

    Raises:
        PrismdError: ``invalid_request``: too many paths, or an unknown path; ``missing_scope``.
    """

    def __init__(
        self,
        transaction: Transaction,
        object_type: str,
        *,
        select: Sequence[str] | None,
        list_id: str | None,
    ) -> None:
        types = [object_type] if select is None else OBJECT_TYPES
        self._schemas = properties.load_schemas(transaction.connection, transaction.team_id, types)
        self.schema = self._schemas[object_type]
        self._list_id = list_id
        self._selection = (
            None
            if select is None
            else self._selected(select, transaction.settings.query_select_max, transaction.scopes)
        )
        self._transaction = transaction
        self._reading = Reading(transaction.connection, transaction.settings)
        self._reader = ReferenceReader(self._reading, transaction.team_id, self._schemas)

    def make_findable(self) -> None:
        """Make records findable by the references that selected inverse properties show; call it before any read."""
        if self._selection is not None:
            make_inverses_findable(self._transaction, self._schemas, self._selection)

    def read(self, record_id: str) -> StoredRecord | None:
        """Read a record with the values that the request wants; None if it is deleted or does not exist.

        Args:
            record_id: Id of the record, as UUID text.
        """
        object_type, reading = self.schema.object_type, self._reading
        wanted = None if self._selection is None else {object_type: {*keys_of(self._selection), LISTS_KEY}}
        return records.get_record(
            reading.connection, self._transaction.team_id, object_type, record_id, reading.budget, wanted=wanted
        )

    def view(self, record: StoredRecord) -> RecordView:
        """Return the record in the form that the request wants."""
        whole = view_of(self.schema, record, list_id=self._list_id)
        if self._selection is None:
            return whole
        held = {**record.properties, **_times(record)}
        seen = QueriedRecord(record.id, self.schema.object_type, held)
        references = self._reader.read([seen], self._selection)
        values = shown_values(seen, self._selection, references)
        of_list = [slug for slug, one in self._selection.items() if one.prop.list_id and slug == one.prop.slug]
        own = {slug: values.pop(slug) for slug in of_list}
        is_member = self._list_id is not None and whole.lists is not None
        return RecordView(record.id, values, record.version, own if own or is_member else None)

    def _selected(self, select: Sequence[str], most: int, scopes: Scopes) -> Selection:
        field = ".query.select"
        if len(select) > most:
            raise PrismdError.invalid(field, f"expected at most {most} slugs, found {len(select)}", "maxItems")
        named = self.schema.object_type
        paths = [resolve_path(self._schemas, named, text, list_id=self._list_id, field=field) for text in select]
        check_readable(paths, scopes)
        return selection(paths)


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
