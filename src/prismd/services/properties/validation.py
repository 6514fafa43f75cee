"""Trying values without writing them: by the very rules by which rows are read (contract, section 13.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from prismd.core.json.text import encode
from prismd.core.properties.schema import APP_STAGE, LISTS_KEY, STATUS, ObjectSchema
from prismd.core.records.merging import merged
from prismd.core.records.new_contacts import NewContacts
from prismd.core.records.rows import Problem, RefusedRow, RowLimits, RowParser
from prismd.core.records.writes import missing_required
from prismd.core.values.property_values import ValueLimits
from prismd.services.lists import require_list
from prismd.services.records.references import resolve_references
from prismd.services.session import Transaction
from prismd.store import properties


def validate(
    transaction: Transaction,
    object_type: str,
    values: Mapping[str, object],
    *,
    list_id: str | None,
    creates: bool,
) -> Sequence[Problem]:
    """Return what stands against writing values to a record; nothing if they could be written.

    Args:
        values: As they were sent, by slug; one that a list has too means the list's.
        list_id: The list that the record is in, or would be; as the caller wrote it.
        creates: They would make a record, so what is required must be there.

    Raises:
        PrismdError: ``not_found``: there is no such list of the object type.
    """
    if list_id is not None:
        list_id = require_list(transaction, list_id, object_type, ".body.scope.list_id").id
    schema = properties.load_schema(transaction.connection, transaction.team_id, object_type)
    limits = RowLimits(
        ValueLimits(transaction.settings.text_chars_max, transaction.settings.list_values_max),
        transaction.settings.row_bytes_max,
        transaction.settings.row_errors_max,
    )
    parsed = RowParser(schema, limits).parse(encode(_row(schema, values, list_id)))
    # Nothing is written, so any id will do for a contact that an address would make.
    contacts = NewContacts(schema, lambda: "")
    [row] = resolve_references(transaction, schema, [parsed], contacts)
    if isinstance(row, RefusedRow):
        return [_as_sent(problem, values) for problem in row.problems]
    before = None if creates else {LISTS_KEY: [list_id]}
    missing = missing_required(schema, before, merged(before or {}, row.values), row.values.keys())
    return [_as_sent(problem, values) for problem in missing]


def _as_sent(problem: Problem, values: Mapping[str, object]) -> Problem:
    # The stage of a list has two names, and clients look for a problem by the one that they sent.
    is_stage = problem.list_id is not None and problem.slug == APP_STAGE
    return replace(problem, slug=STATUS) if is_stage and STATUS in values and APP_STAGE not in values else problem


def _row(schema: ObjectSchema, values: Mapping[str, object], list_id: str | None) -> dict[str, object]:
    if list_id is None:
        return {"default": values}
    own = {slug: value for slug, value in values.items() if schema.own(slug, list_id) is not None}
    return {"default": {slug: value for slug, value in values.items() if slug not in own}, "list": {list_id: own}}
