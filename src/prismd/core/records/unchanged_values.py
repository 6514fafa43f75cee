"""Values that a client read and sends back unchanged: they are no change, so even read-only properties accept them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec

from prismd.core.ids import is_uuid
from prismd.core.json.split import split_members
from prismd.core.properties.schema import Kind, ObjectSchema, Option, Property, held_references
from prismd.core.records.merging import ArrayChange, Properties
from prismd.core.records.rows import RefusedRow, Row
from prismd.core.records.writes import RecordBody
from prismd.core.values.property_values import InvalidValueError, ValueLimits, parser_for

#: Values as clients see them, by list and slug; the list None holds the record's own values.
Shown = Mapping[str | None, Mapping[str, Any]]

_TIMES: Final = ValueLimits(text_chars_max=100, list_values_max=1)


#: Codes of problems with values that no record can show.
_NEVER_SHOWN: Final = frozenset({"invalid_value", "missing_required"})


def may_be_unchanged(row: Row | RefusedRow) -> bool:
    """Return whether a refused row could be valid without its unchanged values.

    No record ever shows an invalid value, so a row whose problems are all of that kind is not read again.
    """
    if not isinstance(row, RefusedRow) or row.problems[0].slug is None:
        return False
    return any(problem.code not in _NEVER_SHOWN for problem in row.problems)


def without_unchanged(
    body: RecordBody, schema: ObjectSchema, shown: Shown, list_id: str | None, kept: Property | None = None
) -> RecordBody | None:
    """Return a body without the values that the record shows already; None if the body has no such value.

    Args:
        body: The body, exactly as the caller sent it.
        schema: The schema of the record's type.
        shown: The values that the record shows.
        list_id: The list that the request names; None if it names none.
        kept: A property whose value stays in the body even if unchanged.
    """

    def unchanged(own: str | None, slug: str, value: object) -> bool:
        is_kept = kept is not None and (slug, own) == (kept.slug, kept.list_id)
        return not is_kept and _same(own, slug, value, schema, shown)

    return _without(body, list_id, unchanged)


def with_one(body: RecordBody, list_id: str | None, prop: Property) -> RecordBody:
    """Return a body with the value of one property only.

    Args:
        body: The body, exactly as the caller sent it.
        list_id: The list that the request names; None if it names none.
        prop: The property to keep.
    """
    wanted = (prop.list_id, prop.slug)
    return _without(body, list_id, lambda own, slug, _: (own, slug) != wanted) or body


def _without(
    body: RecordBody, list_id: str | None, goes: Callable[[str | None, str, object], bool]
) -> RecordBody | None:
    """Return a body without the values that a test selects by list, slug and value; None if it selects none."""
    members = split_members(body.raw)
    left: dict[str, bytes] = {}
    for name, values in body.buckets.items():
        own = list_id if name == "list" else None
        left[name] = _bucket(name, values, bytes(members[name]), own, goes) if values else b"{}"
    if all(left[name] == bytes(members[name]) for name, values in body.buckets.items() if values):
        return None
    return replace(body, raw=_object(left))


def _bucket(
    bucket: str,
    values: Mapping[str, Any],
    sent: bytes,
    own: str | None,
    goes: Callable[[str | None, str, object], bool],
) -> bytes:
    raws = split_members(sent)
    left: dict[str, bytes] = {}
    for name, value in values.items():
        raw = bytes(raws[name])
        if bucket == "list" and is_uuid(name):
            left[name] = _bucket("", value, raw, name.lower(), goes)
        elif not goes(own, name, value):
            left[name] = raw
    # Without a removal, return the bucket byte for byte, so that the caller can compare it.
    return sent if left == {name: bytes(raw) for name, raw in raws.items()} else _object(left)


def _same(list_id: str | None, slug: str, sent: object, schema: ObjectSchema, shown: Shown) -> bool:
    there = shown.get(list_id, {}).get(slug)
    if sent == there and isinstance(sent, bool) == isinstance(there, bool):
        return True
    prop = schema.get(slug, list_id)
    # Texts of the same moment can differ.
    return prop is not None and prop.kind is Kind.DATE and _moment(prop, sent) == _moment(prop, there) is not None


def _moment(prop: Property, value: object) -> object:
    try:
        return parser_for(prop, _TIMES)(value) if isinstance(value, str) else None
    except InvalidValueError:
        return None


def _object(values: Mapping[str, bytes]) -> bytes:
    return b"{%s}" % b",".join(_member(name, raw) for name, raw in values.items())


def _member(name: str, raw: bytes) -> bytes:
    return b"%s:%s" % (msgspec.json.encode(name), raw)


def with_held_options(schema: ObjectSchema, held: Properties) -> ObjectSchema:
    """Return the schema for writing a record: archived options that the record holds are accepted.

    Args:
        schema: The schema of the record's type.
        held: The record's present properties.
    """
    kept = {
        prop.key: replace(prop, options=tuple(_going_on(option, held[prop.key]) for option in prop.options))
        for prop in schema
        if held.get(prop.key) and any(not option.enabled for option in prop.options)
    }
    return ObjectSchema(schema.object_type, {**schema.properties, **kept}) if kept else schema


def _going_on(option: Option, held: str | Sequence[str]) -> Option:
    # ``in`` also works for the id of a single option, because no id is part of another one.
    return replace(option, enabled=option.enabled or option.id in held)


def without_held(
    rows: Sequence[Row | RefusedRow], held: Sequence[Properties], schema: ObjectSchema
) -> list[Row | RefusedRow]:
    """Return rows without the references that their records hold already, as the records referred to can be gone.

    Args:
        rows: Parsed rows, with references exactly as the caller sent them.
        held: The present properties of each row's record.
        schema: The schema of the rows' type.
    """
    keys = held_references(schema).keys()
    return [
        row.with_values(
            {key: _without_ids(value, before.get(key)) if key in keys else value for key, value in row.values.items()}
        )
        if isinstance(row, Row) and not keys.isdisjoint(row.values)
        else row
        for row, before in zip(rows, held, strict=True)
    ]


def with_held(
    rows: Sequence[Row | RefusedRow],
    written: Sequence[Row | RefusedRow],
    held: Sequence[Properties],
    schema: ObjectSchema,
) -> list[Row | RefusedRow]:
    """Return rows with the references that :func:`without_held` removed, in their old positions.

    Args:
        rows: The rows after look-up: their references are ids of records.
        written: The same rows before :func:`without_held`.
        held: The present properties of each row's record.
        schema: The schema of the rows' type.
    """
    keys = held_references(schema).keys()
    return [
        row.with_values(
            {
                key: _with_ids(row.values[key], value, before.get(key)) if key in keys else row.values[key]
                for key, value in sent.values.items()
            }
        )
        if isinstance(row, Row) and isinstance(sent, Row) and not keys.isdisjoint(row.values)
        else row
        for row, sent, before in zip(rows, written, held, strict=True)
    ]


def _without_ids(sent: Any, before: Any) -> Any:  # noqa: ANN401 - values of a reference
    if isinstance(sent, ArrayChange):
        return ArrayChange(sent.operation, _without_ids(sent.values, before))
    if isinstance(sent, list):
        return [one for one in sent if one not in (before or ())]
    return None if sent == before else sent


def _with_ids(resolved: Any, sent: Any, before: Any) -> Any:  # noqa: ANN401 - values of a reference
    if isinstance(sent, ArrayChange):
        return ArrayChange(sent.operation, _with_ids(resolved.values, sent.values, before))
    if not isinstance(sent, list):
        return sent if sent == before else resolved
    if len(resolved) < sum(one not in (before or ()) for one in sent):
        # Two references lead to the same record, so the positions are lost; put the held references first.
        return list(dict.fromkeys([*(one for one in sent if one in (before or ())), *resolved]))
    others = iter(resolved)
    return list(dict.fromkeys(one if one in (before or ()) else next(others) for one in sent))
