"""Trying values without writing them, by the same rules that read rows (contract, section 13.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True)
class TriedValues:
    """Values that nobody writes yet.

    Args:
        values: The values by slug, exactly as the caller sent them; the list's own properties take precedence.
        list_id: The list that contains the record, exactly as the caller sent it; None for no list.
        creates: Whether the values are for a new record, which needs all required values.
    """

    values: Mapping[str, object]
    list_id: str | None
    creates: bool


def validate(
    transaction: Transaction,
    object_type: str,
    tried: TriedValues,
) -> Sequence[Problem]:
    """Return the problems that would prevent writing values to a record; none if they could be written.

    Args:
        transaction: The team's open transaction.
        object_type: The type of the record.
        tried: The values.

    Raises:
        PrismdError: ``not_found``: the team has no such list for this type.
    """
    values, list_id = tried.values, tried.list_id
    if list_id is not None:
        list_id = require_list(transaction, list_id, object_type, ".body.scope.list_id").id
    schema = properties.load_schema(transaction.connection, transaction.team_id, object_type)
    limits = RowLimits(
        ValueLimits(transaction.settings.text_chars_max, transaction.settings.list_values_max),
        transaction.settings.row_bytes_max,
        transaction.settings.row_errors_max,
    )
    parsed = RowParser(schema, limits).parse(encode(_row(schema, values, list_id)))
    # Nothing is written, so a contact that an address would create needs no id of its own.
    contacts = NewContacts(schema, lambda: "")
    [row] = resolve_references(transaction, schema, [parsed], contacts)
    if isinstance(row, RefusedRow):
        return [_as_sent(problem, values) for problem in row.problems]
    before = None if tried.creates else {LISTS_KEY: [list_id]}
    missing = missing_required(schema, before, merged(before or {}, row.values), row.values.keys())
    return [_as_sent(problem, values) for problem in missing]


def _as_sent(problem: Problem, values: Mapping[str, object]) -> Problem:
    # The stage of a list has two slugs; name the one that the caller sent.
    is_stage = problem.list_id is not None and problem.slug == APP_STAGE
    return replace(problem, slug=STATUS) if is_stage and STATUS in values and APP_STAGE not in values else problem


def _row(schema: ObjectSchema, values: Mapping[str, object], list_id: str | None) -> dict[str, object]:
    if list_id is None:
        return {"default": values}
    own = {slug: value for slug, value in values.items() if schema.own(slug, list_id) is not None}
    return {"default": {slug: value for slug, value in values.items() if slug not in own}, "list": {list_id: own}}
