"""Reading bodies for existing records: a value equal to the one that the record holds or shows is accepted as is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prismd.core.properties.schema import OBJECT_TYPES, Property
from prismd.core.queries.paths import reference_behind
from prismd.core.records.merging import Properties
from prismd.core.records.rows import RefusedRow, Row, Rows
from prismd.core.records.unchanged_values import Shown, may_be_unchanged, with_held, without_held, without_unchanged
from prismd.core.records.writes import RecordBody
from prismd.services.queries.references import ReferenceReader
from prismd.services.records.keys import ensure_key
from prismd.services.records.reading_budget import Reading
from prismd.services.records.shown import shown_whole
from prismd.services.records.writer import RecordWriter
from prismd.store import properties
from prismd.store.records.records import StoredRecord

#: Ids of the records that refer to a record, by the property that shows them and by the record's id.
_Inverses = Mapping[str, Mapping[str, list[str]]]


def read_changes(writer: RecordWriter, bodies: Sequence[RecordBody], records: Sequence[StoredRecord | None]) -> Rows:
    """Return the values of bodies as rows; the number of statements does not grow with the bodies.

    Args:
        writer: The writer for the records' type.
        bodies: The bodies.
        records: The record that each body updates, in its state before; None for a new record.
    """
    rows = _read(writer, bodies, records)
    refused = [
        (number, record)
        for number, (row, record) in enumerate(zip(rows, records, strict=True))
        if record is not None and may_be_unchanged(row)
    ]
    if not refused:
        return rows
    # Most bodies have no faulty value, so compare values with the record only if the row is refused.
    inverses = _inverses(writer, [(rows[number], record) for number, record in refused])
    shorter = {
        number: (body, record)
        for number, record in refused
        if (body := without_unchanged(bodies[number], writer.schema, _shown(writer, record, inverses), writer.list_id))
    }
    again = _read(writer, [body for body, _ in shorter.values()], [record for _, record in shorter.values()])
    for number, row in zip(shorter, again, strict=True):
        rows[number] = row
    return rows


def _read(writer: RecordWriter, bodies: Sequence[RecordBody], records: Sequence[StoredRecord | None]) -> Rows:
    held: list[Properties] = [{} if record is None else record.properties for record in records]
    written = writer.parsed(bodies, held)
    resolved = writer.resolved(without_held(written, held, writer.schema))
    return with_held(resolved, written, held, writer.schema)


def _shown(writer: RecordWriter, record: StoredRecord, inverses: _Inverses) -> Shown:
    shown = shown_whole(writer.schema, record)
    shown[None] |= {slug: found.get(record.id, []) for slug, found in inverses.items()}
    return shown


def _inverses(writer: RecordWriter, refused: Sequence[tuple[Row | RefusedRow, StoredRecord]]) -> _Inverses:
    """Return the referring records that refused rows sent back as values of inverse properties."""
    named = {
        slug: prop
        for row, _ in refused
        if isinstance(row, RefusedRow)
        for slug in (problem.slug for problem in row.problems)
        if slug and (prop := writer.schema.get(slug)) is not None and prop.inverse_of
    }
    if not named:
        return {}
    return _referring(writer, named, [record.id for _, record in refused])


def _referring(writer: RecordWriter, named: Mapping[str, Property], ids: Sequence[str]) -> _Inverses:
    schemas = properties.load_schemas(writer.transaction.connection, writer.transaction.team_id, OBJECT_TYPES)
    for prop in named.values():
        ensure_key(writer.transaction, *reference_behind(schemas, prop))
    reader = ReferenceReader(
        Reading(writer.transaction.connection, writer.transaction.settings), writer.transaction.team_id, schemas
    )
    return {slug: reader.referring(prop, ids) for slug, prop in named.items()}
